"""The sandbox's SQLite database: one connection, one writer at a time."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from prefdrop_local.sandbox.bulk_export import schema as bulk_export
from prefdrop_local.sandbox.configuration import tables as configuration
from prefdrop_local.sandbox.events import schema as events
from prefdrop_local.sandbox.profiles import history, journal
from prefdrop_local.sandbox.users import tables as users

FIRST_PROFILE_ID = 9_100_001
FIRST_TOKEN = 704_418
FIRST_SUBSCRIPTION = 41
EVENT_SALT = "event_salt"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS imports (
    number INTEGER PRIMARY KEY, token INTEGER NOT NULL UNIQUE, user_id TEXT NOT NULL,
    spec BLOB NOT NULL, state TEXT NOT NULL, dies_at REAL NOT NULL, expires_at REAL NOT NULL,
    initiated_at REAL NOT NULL, first_staged_at REAL, executed_at REAL, started_at REAL,
    finished_at REAL, execution INTEGER,
    received INTEGER NOT NULL DEFAULT 0, ok INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0, processed INTEGER NOT NULL DEFAULT 0,
    exceptions INTEGER NOT NULL DEFAULT 0, not_honored INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS staged (
    id INTEGER PRIMARY KEY, valid INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS exceptions (id INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS profiles (profile_id INTEGER PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS alternate_ids (
    type TEXT NOT NULL, value TEXT NOT NULL, profile_id INTEGER NOT NULL,
    PRIMARY KEY (type, value)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deletions (
    profile_id INTEGER PRIMARY KEY, token INTEGER, reason_code TEXT, user_id TEXT NOT NULL,
    deleted_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS daily_marks (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, unit TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (n INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_TABLES = (
    *bulk_export.TABLES, "imports", "staged", "exceptions", "profiles", "alternate_ids",
    "deletions", "daily_marks",
    "requests", "counters", *journal.TABLES, *events.TABLES, *history.TABLES,
    *configuration.TABLES, *users.TABLES,
)  # fmt: skip


class Store:
    """Hands out transactions and reads; SQL lives with the subjects that own the tables."""

    def __init__(self, path: str = ":memory:") -> None:
        """Open or create the database at `path`. Raises sqlite3.Error when that fails."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript(
            # What a killed process wrote survives; only a crashed machine could lose it.
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;"
            # Pages of exports are read a million records long; the system caches the file anyway.
            "PRAGMA mmap_size = 2000000000;"
            + _SCHEMA
            + journal.SCHEMA
            + events.SCHEMA
            + bulk_export.SCHEMA
            + history.SCHEMA
            + configuration.SCHEMA
            + users.SCHEMA
        )
        self._fill_counters()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; other threads wait. Not to be nested."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a read."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def define(self, name: str, function: Callable[[], int]) -> None:
        """Let SQL call a function without arguments."""
        self._connection.create_function(name, 0, function)

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction() as database:
            for table in _TABLES:
                database.execute(f"DELETE FROM {table}")
        self._fill_counters()

    def close(self) -> None:
        """Close the database file."""
        with self._lock:
            self._connection.close()

    def _fill_counters(self) -> None:
        first = [
            ("profile_id", FIRST_PROFILE_ID),
            ("token", FIRST_TOKEN),
            ("request", 1),
            ("execution", 1),
            ("snapshot", 1),
            ("subscription", FIRST_SUBSCRIPTION),
            # Not a count: what makes event ids others after each reset.
            (EVENT_SALT, secrets.randbits(62)),
        ]
        with self.transaction() as database:
            database.executemany("INSERT OR IGNORE INTO counters VALUES (?, ?)", first)


def take_number(database: sqlite3.Connection, counter: str) -> int:
    """The counter's next number; numbers are never given twice, not even after a delete."""
    sql = "UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value - 1"
    [(number,)] = database.execute(sql, (counter,)).fetchall()
    return int(number)
