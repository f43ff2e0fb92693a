"""Chooses the records of an export, batch by batch, from the profiles as of its snapshot."""

from __future__ import annotations

import sqlite3
from array import array
from dataclasses import dataclass

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_export.catalogue import Catalogue
from prefdrop_local.sandbox.bulk_export.conditions import Test
from prefdrop_local.sandbox.bulk_export.exports import Export, save_export
from prefdrop_local.sandbox.bulk_export.history import as_of, changed_since
from prefdrop_local.sandbox.bulk_export.records import shown_to
from prefdrop_local.sandbox.bulk_export.restriction import candidates, restriction_test
from prefdrop_local.sandbox.bulk_export.visible import View
from prefdrop_local.sandbox.settings import Settings

_BATCH = 2_000
"""Profiles per transaction; other requests get their turn in between."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Plan:
    """What is left to look at for one export."""

    ids: array[int]
    since: int
    tests: list[Test]
    view: View | None
    place: int = 0

    def size(self, changed_at: int, document: bytes) -> int | None:
        """Bytes of the profile as its reader sees it; None when it is not part of the export."""
        if changed_at < self.since:
            return None
        if not self.tests and self.view is None:
            return len(document)
        profile = _decode(document)
        if not all(test(profile) for test in self.tests):
            return None
        return len(document) if self.view is None else len(_encode(self.view(profile)))


class Builder:
    """Builds exports. To be used by one thread at a time."""

    def __init__(self, catalogue: Catalogue, account: Account) -> None:
        self._catalogue = catalogue
        self._account = account
        self._plans: dict[int, _Plan] = {}

    def forget(self) -> None:
        """Drop what is under way; it begins anew when it is asked for again."""
        self._plans.clear()

    def step(self, database: sqlite3.Connection, item: Export, settings: Settings) -> None:
        """Look at some more profiles, and mark the export as built after the last of them.

        Raises UnknownSegmentError when its segment, or one of its group, does not exist any more.
        """
        plan = self._plans.get(item.number) or self._begin(database, item, settings)
        assert item.snapshot is not None
        batch = plan.ids[plan.place : plan.place + _BATCH]
        chosen: list[tuple[int, int]] = []
        for profile_id, changed_at, document in as_of(database, item.snapshot, batch):
            size = plan.size(changed_at, document)
            if size is not None:
                chosen.append((item.row_id(item.rows + len(chosen) + 1), profile_id))
                item.bytes += size
        database.executemany("INSERT INTO export_rows VALUES (?, ?)", chosen)
        item.rows += len(chosen)
        plan.place += len(batch)
        if plan.place >= len(plan.ids):
            item.built = 1
            del self._plans[item.number]
        save_export(database, item)

    def _begin(self, database: sqlite3.Connection, item: Export, settings: Settings) -> _Plan:
        assert item.snapshot is not None
        tests = [self._catalogue.test(item.family, item.name), restriction_test(item.spec)]
        since = item.spec.since or 0
        if item.spec.since is not None and settings.export_since == "exclusive":
            since += 1
        among = candidates(database, item.spec, item.snapshot)
        user = self._account.users[item.user_id]
        plan = _Plan(
            changed_since(database, item.snapshot, since, among), since,
            [test for test in tests if test],
            shown_to(user, self._account, settings, item.snapshot_at or 0),
        )  # fmt: skip
        # A sandbox that was ended in the middle of it left rows behind.
        last = item.row_id(item.rows)
        database.execute("DELETE FROM export_rows WHERE id BETWEEN ? AND ?", (item.row_id(1), last))
        item.rows = item.bytes = 0
        self._plans[item.number] = plan
        return plan
