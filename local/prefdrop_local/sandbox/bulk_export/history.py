"""Profiles as they were at the moment of a snapshot, for as long as an export needs them.

Taking a snapshot costs nothing. From then on, the first write to each profile keeps the version
that it replaces (see `schema`), so reading as of a snapshot is to prefer kept versions.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Sequence

import msgspec

from prefdrop_local.sandbox.bulk_export.moments import milliseconds
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.store import Store, take_number

_AS_OF = """
    SELECT ids.value, coalesce(kept.changed_at, changes.changed_at),
        CASE WHEN kept.snapshot IS NULL THEN profiles.document ELSE kept.document END
    FROM json_each(?) AS ids
    LEFT JOIN profiles ON profiles.profile_id = ids.value
    LEFT JOIN profile_changes AS changes ON changes.profile_id = ids.value
    LEFT JOIN kept_versions AS kept ON kept.profile_id = ids.value AND kept.snapshot = (
        SELECT min(snapshot) FROM kept_versions WHERE profile_id = ids.value AND snapshot >= ?)
"""
# Without a version kept since the snapshot, which is the rule, nothing has to be preferred.
_AS_IS = """
    SELECT ids.value, changed_at, document FROM json_each(?) AS ids
    CROSS JOIN profiles ON profiles.profile_id = ids.value
    CROSS JOIN profile_changes ON profile_changes.profile_id = ids.value
"""
_PRUNE = """
    DELETE FROM kept_versions WHERE rowid IN (
        SELECT rowid FROM kept_versions
        WHERE snapshot < (SELECT coalesce(min(id), ~(1 << 63)) FROM snapshots) LIMIT ?)
"""


def watch(store: Store, clock: Clock) -> None:
    """Give the store the clock that its notes of changes are dated by."""
    store.define("now_ms", lambda: milliseconds(clock.now()))


def take_snapshot(database: sqlite3.Connection) -> int:
    """Hold on to the profiles as they are now; the snapshot's number."""
    number = take_number(database, "snapshot")
    database.execute("INSERT INTO snapshots VALUES (?)", (number,))
    return number


def release_snapshot(database: sqlite3.Connection, number: int | None) -> None:
    """Let go of a snapshot; `prune` then deletes what only it needed."""
    database.execute("DELETE FROM snapshots WHERE id = ?", (number,))


def prune(database: sqlite3.Connection, most: int) -> bool:
    """Delete up to `most` versions that no snapshot needs; whether there were any."""
    return database.execute(_PRUNE, (most,)).rowcount > 0


def changed_since(
    database: sqlite3.Connection, snapshot: int, since: int, among: Sequence[int] | None
) -> array[int]:
    """Ids of all profiles that may, as of the snapshot, have changed at `since` or later, in order.

    `since` is in milliseconds; `among` limits the search to some profiles.
    """
    sql = (
        "SELECT profile_id FROM profile_changes WHERE changed_at >= ? "
        "UNION SELECT profile_id FROM kept_versions WHERE snapshot >= ? ORDER BY profile_id"
    )
    if since <= 0 and not _is_kept_from(database, snapshot):
        found = database.execute("SELECT profile_id FROM profile_changes ORDER BY profile_id")
    else:
        found = database.execute(sql, (since, snapshot))
    if among is None:
        return array("q", (number for (number,) in found))
    wanted = set(among)
    return array("q", (number for (number,) in found if number in wanted))


def kept_ids(database: sqlite3.Connection, snapshot: int) -> list[int]:
    """Ids of the profiles that were written since the snapshot."""
    sql = "SELECT DISTINCT profile_id FROM kept_versions WHERE snapshot >= ?"
    return [number for (number,) in database.execute(sql, (snapshot,))]


def as_of(
    database: sqlite3.Connection, snapshot: int, ids: Iterable[int]
) -> list[tuple[int, int, bytes]]:
    """(id, moment of the last change, document) of those that existed then, in the order of ids."""
    wanted = msgspec.json.encode(list(ids))
    if not _is_kept_from(database, snapshot):
        return database.execute(_AS_IS, (wanted,)).fetchall()
    rows = database.execute(_AS_OF, (wanted, snapshot))
    return [row for row in rows if row[2] is not None]


def _is_kept_from(database: sqlite3.Connection, snapshot: int) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM kept_versions WHERE snapshot >= ?)"
    return bool(database.execute(sql, (snapshot,)).fetchone()[0])
