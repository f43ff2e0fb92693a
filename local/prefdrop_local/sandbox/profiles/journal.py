"""The journal of changes to profiles: what each was before and after, who did it and when.

Every write of a profile is noted in the transaction that writes it; the account's events are made
from these notes alone. A profile after a change is what it was before its next one, or is still, so
a note holds that only where a write in between was not noted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Literal

from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.settings import Settings

How = Literal["created", "updated", "replaced", "deactivated", "reactivated", "deleted"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (
    n INTEGER PRIMARY KEY, profile_id INTEGER NOT NULL, at REAL NOT NULL,
    how TEXT NOT NULL, user_id TEXT NOT NULL, source TEXT NOT NULL, before BLOB, after BLOB);
CREATE INDEX IF NOT EXISTS changes_of_profile ON changes (profile_id);
CREATE INDEX IF NOT EXISTS changes_by_moment ON changes (at);
"""
TABLES = ("changes",)

_INSERT = """
INSERT INTO changes (profile_id, at, how, user_id, source, before) VALUES (?, ?, ?, ?, ?, ?)
"""
_KEEP_LATEST = """
UPDATE changes SET after = ?2
WHERE n = (SELECT max(n) FROM changes WHERE profile_id = ?1) AND after IS NULL
"""


class Journal:
    """Notes what one user changes in one transaction."""

    def __init__(
        self, user_id: str, source: str, at: float, noted: Callable[[], None], *, kept: bool = True
    ) -> None:
        """`at` is the moment of all changes, in seconds since 1970 on the sandbox's clock.

        `noted` is called with the first change, before it is committed. With `kept` false,
        nothing is noted.
        """
        self._common = (user_id, source)
        self._at = at
        self._noted = noted
        self.kept = kept
        self._empty: bool | None = True if kept else None
        """Whether this journal, or all of them where nothing is noted, is empty so far."""

    def note(
        self, database: sqlite3.Connection, profile_id: int, how: How, before: bytes | None
    ) -> None:
        """Keep a change; `before` is the document as it was stored, None if there was none."""
        if not self.kept:
            self._pass_over(database, profile_id, before)
            return
        database.execute(_INSERT, (profile_id, self._at, how, *self._common, before))
        if self._empty:
            self._empty = False
            self._noted()

    def _pass_over(
        self, database: sqlite3.Connection, profile_id: int, before: bytes | None
    ) -> None:
        """Let the profile's last note hold what its change led to, as this write changes that."""
        if self._empty is None:
            self._empty = not database.execute("SELECT 1 FROM changes LIMIT 1").fetchall()
        if before is not None and not self._empty:
            database.execute(_KEEP_LATEST, (profile_id, before))


class Journals:
    """Opens a journal for each transaction that may change profiles."""

    def __init__(self, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._clock = clock
        self._settings = settings
        self.noted: Callable[[], None] = lambda: None
        """Called when something was noted."""

    def of_user(self, user_id: str, source: str) -> Journal:
        """For a user who changes profiles one by one."""
        return Journal(user_id, source, self._moment(), self.noted)

    def of_import(self, user_id: str, source: str) -> Journal:
        """For a user whose import changes them; notes nothing if imports make no events (O-17)."""
        kept = self._settings().import_events
        return Journal(user_id, source, self._moment(), self.noted, kept=kept)

    def _moment(self) -> float:
        # In milliseconds, as events show it: readers ask for events from a moment that they saw.
        return round(self._clock.now(), 3)
