"""What a snapshot of the account's configuration is, and what it tells of feeds and rows.

A snapshot spares vendor requests, it is no judge: a part that could not be read, is empty or names
nothing that can be understood is not known, and what is not known is not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop.feeds.account import AccountSnapshot, fold

FORMAT_VERSION = 1
"""Of the file. A snapshot of another one is not read; the next refresh replaces it."""

Items = tuple[dict[str, Any], ...]
"""Configuration items, under the vendor's names."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An account's configuration at `taken_at`, as `configuration/snapshot.json` holds it.

    `parts` has the items of each part by its name in the client (`filters`, `consent_types`, ...),
    with the texts of all locales that came along. `localized` has them once more by locale, where
    the vendor answers something else when asked for that one. `locales` are those that anything
    has a text in. `unread` says which parts the vendor did not answer, and with which error.
    """

    version: int = FORMAT_VERSION
    client_id: str
    taken_at: datetime
    locales: tuple[str, ...] = ()
    parts: dict[str, Items] = {}
    localized: dict[str, dict[str, Items]] = {}
    unread: dict[str, str] = {}

    def says_the_same(self, other: Snapshot) -> bool:
        """Whether nothing but the time differs."""
        return msgspec.structs.replace(other, taken_at=self.taken_at) == self

    def account(self) -> AccountSnapshot:
        """What rows can be held to."""
        return _Reading(self).account()


def decode(body: bytes) -> Snapshot:
    """A snapshot from its file; raises msgspec.ValidationError or msgspec.DecodeError."""
    found = msgspec.json.decode(body, type=Snapshot)
    if found.version != FORMAT_VERSION:
        raise msgspec.ValidationError(f"a snapshot of format {found.version}")
    if found.taken_at.tzinfo is None:
        raise msgspec.ValidationError("`taken_at` names no time zone")
    return found


def locales_of(items: Any) -> Iterator[str]:
    """Every locale that something among `items` has a text in."""
    localized, locale = _wire("configuration.localized"), "locale"
    waiting = [items]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            texts = _objects(_member(value, localized))
            yield from filter(None, (_text(text, locale) for text in texts))
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value


class _Reading:
    """Takes from a snapshot's items the names that values of a record must be among."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def account(self) -> AccountSnapshot:
        type_name = _wire("configuration.type_name")
        return AccountSnapshot(
            taken_at=self._snapshot.taken_at,
            alternate_id_types=self._names("alternate_id_types", type_name),
            customer_types=self._names("customer_types", type_name),
            email_types=self._names("email_types", type_name),
            phone_types=self._names("phone_types", type_name),
            address_types=self._names("address_types", type_name),
            filter_ids=self._filter_ids(),
            consents=self._consents(),
            groups=self._groups(),
            custom_fields=self._custom_fields(),
            email_pattern=self._email_pattern(),
        )

    def _items(self, part: str) -> Sequence[dict[str, Any]]:
        """The part's items, and those that only the answer for some locale has."""
        localized = (texts.get(part, ()) for texts in self._snapshot.localized.values())
        return (*self._snapshot.parts.get(part, ()), *chain.from_iterable(localized))

    def _lacks(self, part: str) -> bool:
        """Whether the part, or one of the requests that it takes, was not answered."""
        unread = self._snapshot.unread
        return part in unread or any(name.startswith(f"{part}.") for name in unread)

    def _names(self, part: str, member: str) -> frozenset[str] | None:
        if self._lacks(part):
            return None
        return _known([_text(item, member) for item in self._items(part)])

    def _filter_ids(self) -> frozenset[str] | None:
        """The filters of their own list. Those inside programs are no whole list, but what only
        they have is a filter all the same."""
        member = _wire("filter.id")
        listed = self._names("filters", member)
        nested = (
            _text(item, member)
            for program in self._items("programs")
            for item in _objects(_member(program, _wire("filters.items")))
        )
        return None if listed is None else listed.union(filter(None, nested))

    def _consents(self) -> dict[str, frozenset[str]] | None:
        if self._lacks("consent_types"):
            return None
        found: dict[str, frozenset[str]] = {}
        for item in self._items("consent_types"):
            # The vendor's own page has these names, unlike those of the other types.
            name, versions = _text(item, "typename"), _objects(_member(item, "versions"))
            known = _known([_text(version, "consentversion") for version in versions])
            if not name or known is None:
                return None
            found[name] = found.get(name, frozenset()) | known
        return found or None

    def _groups(self) -> dict[str, frozenset[str]] | None:
        if self._lacks("group_names"):
            return None
        found: dict[str, set[str]] = {}
        for item in self._items("group_names"):
            kind, name = _text(item, _wire("group.type")), _text(item, _wire("group.name"))
            if not kind or not name:
                return None
            found.setdefault(kind, set()).add(name)
        return {kind: frozenset(names) for kind, names in found.items()} or None

    def _custom_fields(self) -> dict[str, str] | None:
        """Kinds by name. A name that is listed with several kinds is of none: the vendor may have
        answered the same list whatever kind was asked for."""
        if self._lacks("custom_fields"):
            return None
        found: dict[str, str] = {}
        kinds: dict[str, set[str]] = {}
        for item in self._items("custom_fields"):
            name = _text(item, _wire("configuration.name"))
            if not name:
                return None
            found[name] = _text(item, _wire("custom_field.kind")).lower()
            kinds.setdefault(fold(name), set()).add(found[name])
        several = {name for name, each in kinds.items() if len(each) > 1}
        return {n: "" if fold(n) in several else kind for n, kind in found.items()} or None

    def _email_pattern(self) -> str | None:
        """The pattern that all e-mail types share; records do not say which type they are held
        to where they differ."""
        member = _wire("email_type.pattern")
        patterns = {_text(item, member) for item in self._items("email_types")}
        return next(iter(patterns)) or None if len(patterns) == 1 else None


def _known(names: Sequence[str]) -> frozenset[str] | None:
    """The names, unless one is missing: then their member is not the one that we take it for."""
    return frozenset(names) if names and all(names) else None


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none of anything else."""
    listed = value if isinstance(value, list | tuple) else ()
    return [each for each in listed if isinstance(each, dict)]


def _text(item: dict[str, Any], member: str) -> str:
    value = _member(item, member)
    return value if isinstance(value, str) else ""


def _member(item: dict[str, Any], member: str) -> Any:
    wanted = member.lower()
    return next((value for name, value in item.items() if name.lower() == wanted), None)


def _wire(key: str) -> str:
    return NAMES[key].value
