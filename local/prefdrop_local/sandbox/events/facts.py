"""Compares lists of a profile's items: what of them counts as a fact, and which items are the same.

Items that are not active count as absent. `LastModifiedDate` and its like are about the writing,
not about the person, so they make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from prefdrop_local.sandbox.model import CONSENTS, CONTACT_KINDS, PROFILE_PREFERENCES, Item

_ABOUT_THE_WRITING = frozenset(
    ("LastModifiedDate", "CreateDate", "UserId", "SourceId", "Edited", "IsActive")
)
_HANGING = frozenset((CONSENTS, PROFILE_PREFERENCES, *(kind.preferences for kind in CONTACT_KINDS)))
_NO_FACTS = _ABOUT_THE_WRITING | _HANGING

Key = Callable[[Item], Hashable]
K = TypeVar("K", bound=Hashable)
Pair = tuple[Item | None, Item | None]


class Made(NamedTuple):
    """One event without its envelope."""

    kind: str
    data: Item
    previous: Item | None = None
    selector: str = ""
    """What a subscription's selector is compared with: a filter id, a type, a field, folded."""


def is_active(item: Item) -> bool:
    """Whether an item counts as there."""
    return item.get("IsActive") is not False


def facts(item: Item) -> Item:
    """What an item says, without what hangs on it."""
    return {name: value for name, value in item.items() if name not in _NO_FACTS}


def differ(old: Item, new: Item) -> bool:
    """Whether two items say different things."""
    return old is not new and old != new and facts(old) != facts(new)


def by_key(items: Iterable[Item] | None, key: Callable[[Item], K]) -> dict[K, Item]:
    """Active items by what tells them apart."""
    return {key(item): item for item in items or () if is_active(item)}


def pairs(old: Iterable[Item] | None, new: Iterable[Item] | None, key: Key) -> Iterator[Pair]:
    """The same item before and after; None stands where it was, or is, absent."""
    return _paired(by_key(old, key), by_key(new, key))


def stored_pairs(
    old: Iterable[Item] | None, new: Iterable[Item] | None, key: Key
) -> Iterator[Pair]:
    """The same of all items that are stored, active or not."""
    return _paired({key(item): item for item in old or ()}, {key(item): item for item in new or ()})


def _paired(old: dict[Hashable, Item], new: dict[Hashable, Item]) -> Iterator[Pair]:
    for name, item in new.items():
        yield old.pop(name, None), item
    for item in old.values():
        yield item, None


def folded(*names: str) -> Key:
    """The key that these members make up, compared without case."""

    def key(item: Item) -> Hashable:
        return tuple(str(item.get(name, "")).lower() for name in names)

    return key


def listed(
    noun: str, old: Iterable[Item] | None, new: Iterable[Item] | None, key: Key, name: str,
    *, previous: bool,
) -> Iterator[Made]:  # fmt: skip
    """Events of a plain list; `name` is the member that selectors look at.

    `previous` says whether an update tells what was before.
    """
    for was, now in pairs(old, new, key):
        item: Item = now or was or {}
        selector = str(item.get(name, "")).lower()
        if was is None:
            yield Made(f"{noun}.added", facts(item), None, selector)
        elif now is None:
            yield Made(f"{noun}.deleted", facts(item), None, selector)
        elif differ(was, now):
            yield Made(f"{noun}.updated", facts(now), facts(was) if previous else None, selector)
