"""One import and its row in the database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from prefdrop_local.sandbox.bulk_import.spec import ImportSpec
from prefdrop_local.sandbox.store import Store, take_number

INITIATED = "Initiated"
STAGING = "Staging"
QUEUED = "Queued"
PROCESSING = "Processing"
COMPLETED = "Completed"
FAILED = "Failed"
OPEN = (INITIATED, STAGING)
RUNNING = (QUEUED, PROCESSING)

_ROW_BITS = 32
"""Row ids of records: the import's number in the high bits, the record's in the low ones."""


@dataclass(slots=True)
class Import:
    """An import's state. Times are seconds since 1970 on the sandbox's clock."""

    number: int
    token: int
    user_id: str
    spec: ImportSpec
    state: str
    dies_at: float
    expires_at: float
    """What `Expires` says; `dies_at` is when the token really dies."""
    initiated_at: float
    first_staged_at: float | None = None
    executed_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    execution: int | None = None
    """Its place in the order of execute requests."""
    received: int = 0
    ok: int = 0
    failed: int = 0
    processed: int = 0
    exceptions: int = 0
    not_honored: int = 0
    position: int = 0
    """Sequence number of the last record that was processed."""

    @property
    def pending(self) -> int:
        """Valid records that were not processed yet."""
        return self.ok - self.handled

    @property
    def handled(self) -> int:
        """Valid records with an outcome."""
        return self.processed + self.exceptions + self.not_honored

    def row_id(self, number: int) -> int:
        """The database id of this import's record or exception of that 1-based number."""
        return self.number << _ROW_BITS | number

    def row_number(self, row_id: int) -> int:
        """The 1-based number behind a database id."""
        return row_id - (self.number << _ROW_BITS)


_COLUMNS = [column.name for column in fields(Import)]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM imports"
_SAVED = [name for name in _COLUMNS if name not in ("number", "token", "user_id", "spec")]
_UPDATE = f"UPDATE imports SET {', '.join(f'{name} = ?' for name in _SAVED)} WHERE number = ?"
_INSERT = f"INSERT INTO imports ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"


def create_import(
    database: sqlite3.Connection, user_id: str, spec: ImportSpec, now: float, lives: float,
    says: float,
) -> Import:  # fmt: skip
    """Write a new import; its token lives for `lives` seconds and says it does for `says`."""
    [(last,)] = database.execute("SELECT coalesce(max(number), 0) FROM imports").fetchall()
    token = take_number(database, "token")
    created = Import(last + 1, token, user_id, spec, INITIATED, now + lives, now + says, now)
    values = [getattr(created, name) for name in _COLUMNS]
    values[_COLUMNS.index("spec")] = msgspec.json.encode(spec)
    database.execute(_INSERT, values)
    return created


def save_import(database: sqlite3.Connection, item: Import) -> None:
    """Write an import's state and counters."""
    database.execute(_UPDATE, [*(getattr(item, name) for name in _SAVED), item.number])


def end_token(store: Store, token: str, now: float) -> None:
    """Let a living token die, whatever `Expires` says."""
    item = import_of_token(store, token)
    if item is None or item.dies_at <= now:
        return
    with store.transaction() as database:
        database.execute("UPDATE imports SET dies_at = ? WHERE number = ?", (now, item.number))


def import_of_token(store: Store, token: str) -> Import | None:
    """The import a token stands for; tokens are opaque texts to callers, numbers to us."""
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        return None
    found = _found(store, "WHERE token = ?", (int(token),))
    return found[0] if found else None


def imports_in_state(store: Store, *states: str) -> list[Import]:
    """Imports in any of the states, in order of execution, else of initiation."""
    marks = ", ".join("?" for _ in states)
    return _found(store, f"WHERE state IN ({marks}) ORDER BY execution, number", states)


def all_imports(store: Store) -> list[Import]:
    """Every import in order of initiation."""
    return _found(store, "ORDER BY number", ())


def _found(store: Store, where: str, values: tuple[Any, ...]) -> list[Import]:
    return [_import(row) for row in store.rows(f"{_SELECT} {where}", values)]


def _import(row: tuple[Any, ...]) -> Import:
    members = dict(zip(_COLUMNS, row, strict=True))
    members["spec"] = msgspec.json.decode(members["spec"], type=ImportSpec)
    return Import(**members)
