"""Profiles in the database: one JSON document each, and an index of their alternate ids."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from prefdrop_local.sandbox.model import ALTERNATE_ID, ALTERNATE_ID_TYPE, Item
from prefdrop_local.sandbox.profiles.history import forget_former
from prefdrop_local.sandbox.profiles.journal import How, Journal
from prefdrop_local.sandbox.store import Store

Key = tuple[str, str]
"""Alternate id type and value, folded: both are compared without case."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def alternate_keys(document: Item) -> set[Key]:
    """The keys of the active alternate ids of a profile or record."""
    return {
        (item[ALTERNATE_ID_TYPE].lower(), item[ALTERNATE_ID].lower())
        for item in document.get("AlternateIds") or ()
        if item.get("IsActive", True)
    }


class Profiles:
    """Reads and writes profiles inside one transaction; what it writes goes into the journal.

    Without a journal, it only reads.
    """

    def __init__(self, database: sqlite3.Connection, journal: Journal | None = None) -> None:
        self._database = database
        self._execute = database.execute
        self._journal = journal
        self._stored: dict[int, bytes] = {}
        """Documents as they are in the database, of the profiles seen in this transaction."""

    def holder(self, key: Key) -> int | None:
        """The profile that holds this alternate id."""
        sql = "SELECT profile_id FROM alternate_ids WHERE type = ? AND value = ?"
        found = self._execute(sql, key).fetchone()
        return found[0] if found else None

    def load(self, profile_id: int) -> Item | None:
        """The profile's document, the caller's own to change."""
        raw = self._read(profile_id)
        return _decode(raw) if raw is not None else None

    def next_id(self) -> int:
        """A profile id that was never used."""
        sql = "SELECT value FROM counters WHERE name = 'profile_id'"
        [(number,)] = self._execute(sql).fetchall()
        return int(number)

    def keep_next_id(self, number: int) -> None:
        """Remember the next unused id."""
        self._execute("UPDATE counters SET value = ? WHERE name = 'profile_id'", (number,))

    def save(self, document: Item, before: set[Key], after: set[Key], how: How) -> None:
        """Write a profile and the changes of its alternate ids."""
        profile_id = document["ProfileId"]
        stored = None if how == "created" else self._read(profile_id)
        encoded = _encode(document)
        self._execute("INSERT OR REPLACE INTO profiles VALUES (?, ?)", (profile_id, encoded))
        for key in before - after:
            self._execute("DELETE FROM alternate_ids WHERE type = ? AND value = ?", key)
        for key in after - before:
            self._execute("INSERT INTO alternate_ids VALUES (?, ?, ?)", (*key, profile_id))
        self._note(profile_id, how, stored, encoded)

    def delete(self, document: Item) -> None:
        """Remove a profile completely."""
        profile_id = document["ProfileId"]
        stored = self._read(profile_id)
        for key in alternate_keys(document):
            self._execute("DELETE FROM alternate_ids WHERE type = ? AND value = ?", key)
        self._execute("DELETE FROM profiles WHERE profile_id = ?", (profile_id,))
        forget_former(self._database, profile_id)
        self._note(profile_id, "deleted", stored, None)

    def _read(self, profile_id: int) -> bytes | None:
        if (known := self._stored.get(profile_id)) is not None:
            return known
        sql = "SELECT document FROM profiles WHERE profile_id = ?"
        found = self._execute(sql, (profile_id,)).fetchone()
        if found is None:
            return None
        raw: bytes = found[0]
        self._stored[profile_id] = raw
        return raw

    def _note(self, profile_id: int, how: How, before: bytes | None, after: bytes | None) -> None:
        assert self._journal is not None, "profiles are written with a journal"
        if after is None:
            self._stored.pop(profile_id, None)
        else:
            self._stored[profile_id] = after
        self._journal.note(self._database, profile_id, how, before)


def profiles_page(store: Store, offset: int, limit: int) -> list[Any]:
    """Profiles in order of their ids, as raw JSON."""
    sql = "SELECT document FROM profiles ORDER BY profile_id LIMIT ? OFFSET ?"
    return [msgspec.Raw(document) for (document,) in store.rows(sql, (limit, offset))]


def profile_count(store: Store) -> int:
    """How many profiles there are."""
    [(count,)] = store.rows("SELECT count(*) FROM profiles")
    return int(count)
