"""The segments and segment groups that exist: the account's own, and those defined at run time."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_export.conditions import Test
from prefdrop_local.sandbox.bulk_export.segments import (
    ALL_PROFILES,
    Segment,
    SegmentGroup,
    group_test,
    segment_test,
)
from prefdrop_local.sandbox.problem import bad_request, not_found
from prefdrop_local.sandbox.store import Store

Family = Literal["segment", "segment_group"]

_TYPES: dict[Family, Any] = {"segment": Segment, "segment_group": SegmentGroup}
_LONGEST_NAME = 256


class UnknownSegmentError(LookupError):
    """No such segment, or one that a group names, exists (any more)."""


class Catalogue:
    """Finds segments by name, which is compared without case. Run-time ones come first."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = account

    def has(self, family: Family, name: str) -> bool:
        """Whether there is one of that name; what a group names is not looked at."""
        return name.lower() in self._names(family)

    def test(self, family: Family, name: str) -> Test | None:
        """Whether a profile is in it; None where every profile is.

        Raises UnknownSegmentError when it, or a segment of the group, does not exist.
        """
        if family == "segment":
            return segment_test(self._segment(name))
        return group_test(self._find("segment_group", name), self._segment)

    def listed(self, family: Family) -> dict[str, Any]:
        """All definitions by name."""
        return dict(sorted(self._names(family).values()))

    def define(self, family: Family, name: str, definition: bytes) -> None:
        """Add or replace one. Raises a 400 `ProblemError` saying what is wrong with it."""
        if not name or len(name) > _LONGEST_NAME or name.lower() == ALL_PROFILES.lower():
            raise bad_request(f"Take another name of 1 to {_LONGEST_NAME} characters.")
        try:
            decoded = msgspec.json.decode(definition, type=_TYPES[family])
        except (ValueError, RecursionError) as error:
            raise bad_request(str(error)) from None
        for part in decoded.names if isinstance(decoded, SegmentGroup) else ():
            if not self.has("segment", part):
                raise bad_request(f"There is no segment {part}.")
        with self._store.transaction() as database:
            row = (family, name, msgspec.json.encode(decoded))
            database.execute("INSERT OR REPLACE INTO segments VALUES (?, ?, ?)", row)

    def forget(self, family: Family, name: str) -> None:
        """Remove a run-time one. Raises a 404 `ProblemError` when there is none."""
        sql = "DELETE FROM segments WHERE family = ? AND name = ?"
        with self._store.transaction() as database:
            if not database.execute(sql, (family, name)).rowcount:
                raise not_found(f"No {family} of this name was defined at run time.")

    def _segment(self, name: str) -> Segment:
        found = self._find("segment", name)
        assert isinstance(found, Segment)
        return found

    def _find(self, family: Family, name: str) -> Any:
        try:
            return self._names(family)[name.lower()][1]
        except KeyError:
            raise UnknownSegmentError(name) from None

    def _names(self, family: Family) -> dict[str, tuple[str, Any]]:
        """Folded name → name and definition."""
        known: dict[str, Any] = {}
        if family == "segment":
            known |= {ALL_PROFILES: Segment(), **self._account.segments}
        else:
            known |= self._account.segment_groups
        sql = "SELECT name, definition FROM segments WHERE family = ?"
        for name, definition in self._store.rows(sql, (family,)):
            known[name] = msgspec.json.decode(definition, type=_TYPES[family])
        return {name.lower(): (name, definition) for name, definition in known.items()}
