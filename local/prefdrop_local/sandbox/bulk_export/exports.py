"""One export and its row in the database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from typing import Any, cast

import msgspec

from prefdrop_local.sandbox.bulk_export.catalogue import Family
from prefdrop_local.sandbox.bulk_export.history import release_snapshot
from prefdrop_local.sandbox.bulk_export.spec import ExportSpec
from prefdrop_local.sandbox.store import Store, take_number

PROCESSING = "Processing"
COMPLETE = "Complete"
RETRIEVED = "Retrieved"
EXPIRED = "Expired"
ERROR = "Error"
FAILED = "Failed"
GENERATED = (COMPLETE, RETRIEVED, EXPIRED)
"""States in which the export's size is known."""

_ROW_BITS = 32
"""Row ids of records: the export's number in the high bits, the record's in the low ones."""


@dataclass(slots=True)
class Export:
    """An export's state. Times are seconds since 1970 on the sandbox's clock."""

    number: int
    token: int
    user_id: str
    family: Family
    name: str
    """The segment or segment group, as it was asked for."""
    spec: ExportSpec
    state: str
    initiated_at: float
    dies_at: float
    """When the token dies of age."""
    snapshot: int | None = None
    snapshot_at: float | None = None
    """The moment as of which the profiles are exported."""
    built: int = 0
    """Whether all of its records are chosen."""
    rows: int = 0
    bytes: int = 0
    finished_at: float | None = None
    kept_alive: int = 0
    """Whether a page was read with `keepAlive`."""
    files_kept: int = 0
    """Whether the commit asked so. Nothing in the API can read the files again."""
    ended_at: float | None = None
    """When it was retrieved whole, was committed, or expired."""
    swept: int = 0
    """Whether its rows are deleted."""

    def row_id(self, number: int) -> int:
        """The database id of this export's record of that 1-based number."""
        return self.number << _ROW_BITS | number

    def is_dead(self, now: float) -> bool:
        """Whether the token cannot be used any more."""
        return self.ended_at is not None or now >= self.dies_at


_COLUMNS = [column.name for column in fields(Export)]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM exports"
_SAVED = [name for name in _COLUMNS if name not in ("number", "token", "user_id", "family", "spec")]
_UPDATE = f"UPDATE exports SET {', '.join(f'{name} = ?' for name in _SAVED)} WHERE number = ?"
_INSERT = f"INSERT INTO exports ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"


def create_export(
    database: sqlite3.Connection, user_id: str, family: Family, name: str, spec: ExportSpec,
    now: float, lives: float,
) -> Export:  # fmt: skip
    """Write a new export whose token lives for `lives` seconds."""
    [(last,)] = database.execute("SELECT coalesce(max(number), 0) FROM exports").fetchall()
    token = take_number(database, "token")
    created = Export(last + 1, token, user_id, family, name, spec, PROCESSING, now, now + lives)
    values = [getattr(created, name) for name in _COLUMNS]
    values[_COLUMNS.index("spec")] = msgspec.json.encode(spec)
    database.execute(_INSERT, values)
    return created


def save_export(database: sqlite3.Connection, item: Export) -> None:
    """Write an export's state and counts."""
    database.execute(_UPDATE, [*(getattr(item, name) for name in _SAVED), item.number])


def end_export(database: sqlite3.Connection, item: Export, state: str, now: float) -> None:
    """Let the token die in that state; nothing can be read after it."""
    release_snapshot(database, item.snapshot)
    item.state, item.ended_at = state, now
    save_export(database, item)


def export_of_token(store: Store, token: str) -> Export | None:
    """The export a token stands for; tokens are opaque texts to callers, numbers to us."""
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        return None
    found = _found(store, "WHERE token = ?", (int(token),))
    return found[0] if found else None


def exports_in_state(store: Store, *states: str) -> list[Export]:
    """Exports in any of the states, in order of initiation."""
    marks = ", ".join("?" for _ in states)
    return _found(store, f"WHERE state IN ({marks}) ORDER BY number", states)


def unswept_exports(store: Store) -> list[Export]:
    """Exports that are over and whose rows are still there."""
    states = (RETRIEVED, EXPIRED, ERROR, FAILED)
    marks = ", ".join("?" for _ in states)
    return _found(store, f"WHERE NOT swept AND state IN ({marks}) ORDER BY number", states)


def all_exports(store: Store) -> list[Export]:
    """Every export in order of initiation."""
    return _found(store, "ORDER BY number", ())


def _found(store: Store, where: str, values: tuple[Any, ...]) -> list[Export]:
    return [_export(row) for row in store.rows(f"{_SELECT} {where}", values)]


def _export(row: tuple[Any, ...]) -> Export:
    members = dict(zip(_COLUMNS, row, strict=True))
    members["spec"] = msgspec.json.decode(cast(bytes, members["spec"]), type=ExportSpec)
    return Export(**members)
