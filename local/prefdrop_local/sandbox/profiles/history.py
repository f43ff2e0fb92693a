"""Former states of preferences and consents: what the historical reads show.

A state is kept when it is written over. What was archived or superseded is still in its profile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

SCHEMA = """
CREATE TABLE IF NOT EXISTS former_states (
    n INTEGER PRIMARY KEY, profile_id INTEGER NOT NULL, collection TEXT NOT NULL,
    contact TEXT NOT NULL, state BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS former_states_of_profile ON former_states (profile_id);
"""
TABLES = ("former_states",)


class Former(NamedTuple):
    """One preference or consent as it was."""

    profile_id: int
    collection: str
    """The collection it stood in, for example `EmailPreferences`."""
    contact: str
    """The contact that had it, see `contact_name`; empty: the profile itself."""
    state: dict[str, Any]


def keep_former(database: sqlite3.Connection, states: Iterable[Former]) -> None:
    """Write states down, oldest first."""
    database.executemany(
        "INSERT INTO former_states (profile_id, collection, contact, state) VALUES (?, ?, ?, ?)",
        [(one.profile_id, one.collection, one.contact, msgspec.json.encode(one.state))
         for one in states],
    )  # fmt: skip


def former_states(database: sqlite3.Connection, profile_id: int) -> list[Former]:
    """A profile's former states, oldest first."""
    sql = """SELECT profile_id, collection, contact, state FROM former_states
             WHERE profile_id = ? ORDER BY n"""
    rows = database.execute(sql, (profile_id,)).fetchall()
    return [
        Former(profile, collection, contact, msgspec.json.decode(state))
        for profile, collection, contact, state in rows
    ]


def forget_former(database: sqlite3.Connection, profile_id: int) -> None:
    """Drop what is kept of a profile that was deleted."""
    database.execute("DELETE FROM former_states WHERE profile_id = ?", (profile_id,))
