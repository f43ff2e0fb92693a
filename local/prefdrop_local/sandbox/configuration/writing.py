"""Creates and updates items of one kind, as calls ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from prefdrop_local.sandbox.configuration.catalog import Catalog, by_key
from prefdrop_local.sandbox.configuration.items import Item, key_of
from prefdrop_local.sandbox.problem import ProblemError, bad_request, not_found
from prefdrop_local.sandbox.reading import folded_members, read_object, spelled

MOST = 100
"""Items of one request."""
_Some = TypeVar("_Some", bound=Item)


class Writer(Generic[_Some]):
    """Writes items of one kind; `finish` sets what callers may not."""

    def __init__(
        self, catalog: Catalog, kind: str, item_type: type[_Some], root: str,
        finish: Callable[[_Some, _Some | None], None] = lambda _item, _old: None,
        needs_active: bool = False,
    ) -> None:  # fmt: skip
        self._catalog = catalog
        self._kind = kind
        self._type = item_type
        self._root = root
        self._finish = finish
        self._needs_active = needs_active

    def create(self, body: bytes) -> list[_Some]:
        """New items. Raises 409 where the name of any is taken."""
        sent = self._sent(body)

        def work(stored: list[_Some]) -> Sequence[_Some]:
            known = by_key(stored)
            for item in sent:
                if key_of(item) in known:
                    raise ProblemError(409, f"One of the {self._root} exists already.")
                known[key_of(item)] = item
                item.id = 0
                self._finish(item, None)
            return sent

        self._catalog.change(self._kind, work)
        return sent

    def update(self, body: bytes) -> list[_Some]:
        """Items written over; each is found by its id, or without one by its name.

        A name stays what it is, since profiles refer to it. Raises 404 for an unknown item, 409
        where the last active one of a kind would go that profiles cannot be without.
        """
        sent = self._sent(body)

        def work(stored: list[_Some]) -> Sequence[_Some]:
            for item in sent:
                old = self._found(stored, item)
                item.id = old.id
                self._finish(item, old)
            if self._needs_active:
                self._keep_one_active(stored, sent)
            return sent

        self._catalog.change(self._kind, work)
        return sent

    def _found(self, stored: list[_Some], item: _Some) -> _Some:
        for old in stored:
            if item.id == old.id or (not item.id and key_of(item) == key_of(old)):
                if key_of(item) != key_of(old):
                    raise bad_request(f"The name of one of the {self._root} cannot be changed.")
                return old
        raise not_found(f"One of the {self._root} does not exist.")

    def _keep_one_active(self, stored: list[Any], sent: Iterable[Any]) -> None:
        after = {item.id: item.is_active for item in stored}
        after |= {item.id: item.is_active for item in sent}
        if not any(after.values()):
            raise ProblemError(409, f"One of the {self._root} must stay active.")

    def _sent(self, body: bytes) -> list[_Some]:
        items: list[_Some] = read_items(body, self._root, self._type)
        if len(by_key(items)) != len(items):
            raise bad_request(f"{self._root} names an item twice.")
        return items


def read_items(body: bytes, root: str, item_type: type[_Some]) -> list[_Some]:
    """The items of a request's body, whose member names may be written in any case.

    Raises 400 where it is not an object with one array of 1 to `MOST` such items.
    """
    members = folded_members(read_object(body))
    items = members.get(root.lower())
    if not isinstance(items, list) or not 1 <= len(items) <= MOST:
        raise bad_request(f"{root} must be an array of 1 to {MOST} items.")
    try:
        return [msgspec.convert(spelled(item, item_type), item_type) for item in items]
    except msgspec.ValidationError as error:
        raise bad_request(f"One of {root} is not as it must be: {error}.") from None
