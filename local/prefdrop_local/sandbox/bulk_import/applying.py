"""Applies the staged records of one import to the profiles, in batches.

A batch is one transaction with the import's counters in it. Each record in it is applied whole or
not at all: it is checked and merged in memory before anything is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.bulk_import.faults import Faults, Item
from prefdrop_local.sandbox.bulk_import.imports import Import, save_import
from prefdrop_local.sandbox.bulk_import.record_shapes import RecordShapes
from prefdrop_local.sandbox.bulk_import.staging import append_exceptions, decode_record
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.model import alternate_ids
from prefdrop_local.sandbox.profiles.history import keep_former
from prefdrop_local.sandbox.profiles.journal import How, Journals
from prefdrop_local.sandbox.profiles.merge import Merger, Writing
from prefdrop_local.sandbox.profiles.repository import Profiles, alternate_keys
from prefdrop_local.sandbox.profiles.rules import Rules
from prefdrop_local.sandbox.settings import Settings

PROCESSED = "processed"
EXCEPTION = "exceptions"
NOT_HONORED = "not_honored"


def apply_batch(
    database: sqlite3.Connection, item: Import, account: Account, settings: Settings, most: int,
    journals: Journals,
) -> None:  # fmt: skip
    """Process up to `most` more valid records of the import and move its counters."""
    journal = journals.of_import(item.user_id, account.users[item.user_id].source)
    applier = Applier(Profiles(database, journal), item, account, settings)
    rows = database.execute(
        "SELECT id, record FROM staged WHERE id > ? AND id <= ? AND valid ORDER BY id LIMIT ?",
        (item.row_id(item.position), item.row_id(item.received), most),
    ).fetchall()
    failed: list[tuple[int, Item]] = []
    place = item.failed + item.exceptions + 1
    for row_id, raw in rows:
        record: Item = decode_record(raw)
        outcome = applier.apply(record)
        setattr(item, outcome, getattr(item, outcome) + 1)
        item.position = item.row_number(row_id)
        if outcome == EXCEPTION:
            failed.append((item.position, record))
    append_exceptions(database, item, place, failed)
    applier.finish(database)
    save_import(database, item)


class Applier:
    """Gives each record its outcome."""

    def __init__(
        self, profiles: Profiles, item: Import, account: Account, settings: Settings
    ) -> None:
        user: User = account.users[item.user_id]
        moment = iso(item.started_at or 0)
        archive = settings.refresh_contacts == "archive"
        self._writing = Writing(moment, item.user_id, user.source, item.spec.flags, archive)
        self._item = item
        self._profiles = profiles
        self._merger = Merger(account, self._writing)
        self._rules = Rules(account, self._merger, "AllowPriorConsents" in item.spec.flags)
        self._shapes = RecordShapes(account)
        self._next_id = profiles.next_id()
        self._deleted: list[tuple[int, str | None]] = []
        deleting = item.spec.action == "Delete"
        self._act: Callable[[Item, Item | None], str] = self._delete if deleting else self._add

    def apply(self, record: Item) -> str:
        """Apply one record; the outcome is the name of the counter it belongs to."""
        self._shapes.bind_all(record)
        return self._act(record, self._matched(record))

    def finish(self, database: sqlite3.Connection) -> None:
        """Write what the batch gathered."""
        self._profiles.keep_next_id(self._next_id)
        keep_former(database, self._merger.former)
        database.executemany(
            "INSERT OR REPLACE INTO deletions VALUES (?, ?, ?, ?, ?)",
            [
                (profile_id, self._item.token, reason, self._item.user_id, self._writing.moment)
                for profile_id, reason in self._deleted
            ],
        )

    def _matched(self, record: Item) -> Item | None:
        match_type = self._item.spec.match_type
        profile_id: int | None = record.get("ProfileId")
        if match_type:
            [value] = alternate_ids(record, match_type)
            profile_id = self._profiles.holder((match_type.lower(), value.lower()))
        return self._profiles.load(profile_id) if profile_id is not None else None

    def _add(self, record: Item, stored: Item | None) -> str:
        profile = stored or self._merger.new_profile(self._next_id)
        before = alternate_keys(profile) if stored else set()
        faults = Faults()
        new_keys = alternate_keys(record) - before
        self._rules.check(profile, record, new_keys, self._profiles.holder, faults)
        if faults:
            return EXCEPTION
        if stored and self._rules.superseded(profile, record):
            return NOT_HONORED
        self._merger.merge(profile, record)
        if stored is None:
            self._next_id += 1
        how: How = "created" if stored is None else "updated"
        self._profiles.save(profile, before, alternate_keys(profile), how)
        return PROCESSED

    def _delete(self, record: Item, stored: Item | None) -> str:
        if stored is None:
            Faults().add(record, "ProfileNotFound", "No profile matches this record.")
            return EXCEPTION
        self._profiles.delete(stored)
        reason = record.get("ReasonCode") or self._item.spec.reason_code
        self._deleted.append((stored["ProfileId"], reason))
        return PROCESSED
