"""Reads the journal of changes: by event, by profile and by time, within the account's 15 days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.events.event import Change, Event, EventIds, events_of_change
from prefdrop_local.sandbox.store import EVENT_SALT, Store

HISTORY_SECONDS = 15 * 24 * 3600
"""`MaxEventHistoryDays` (vendor documentation)."""
_PAGE = 500
_AFTER = """
coalesce(after, CASE how WHEN 'deleted' THEN NULL ELSE coalesce(
    (SELECT next.before FROM changes AS next
     WHERE next.profile_id = changes.profile_id AND next.n > changes.n ORDER BY next.n LIMIT 1),
    (SELECT document FROM profiles WHERE profiles.profile_id = changes.profile_id)) END) AS after
"""
"""What the next change found, or what is there now; see `profiles.journal`."""
_COLUMNS = ", ".join((*Change._fields[:-1], _AFTER))
_TIDY_SECONDS = 3600


class History:
    """The events of the last 15 days. Safe to be called from many threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tidied_at = 0.0

    def ids(self) -> EventIds:
        """The ids of this database's events; a reset begins new ones."""
        [(salt,)] = self._store.rows("SELECT value FROM counters WHERE name = ?", (EVENT_SALT,))
        return EventIds(salt)

    def horizon(self) -> float:
        """The earliest moment that is still remembered."""
        return self._clock.now() - HISTORY_SECONDS

    def last(self) -> int:
        """The number of the last change; 0 before the first."""
        [(number,)] = self._store.rows("SELECT coalesce(max(n), 0) FROM changes")
        return int(number)

    def event(self, event_id: str) -> Event | None:
        """The event of that id, unless unknown or too old."""
        place = self.ids().place(event_id)
        return self.at(*place) if place else None

    def at(self, n: int, ordinal: int) -> Event | None:
        """An event by its place."""
        found = self._changes("n = ? AND +at >= ?", (n, self.horizon()), 1)
        events = events_of_change(found[0]) if found else []
        return events[ordinal] if ordinal < len(events) else None

    def after(self, n: int, most: int, last: int) -> list[Change]:
        """The changes after one number up to another, those that are too old left out."""
        return self._changes("n > ? AND n <= ? AND +at >= ?", (n, last, self.horizon()), most)

    def between(self, start: float, end: float, profile_id: int | None = None) -> Iterator[Change]:
        """The changes of all profiles or of one, from `start` to `end`, both included."""
        # Numbers rise with time, so the first one bounds a walk along the primary key.
        first = self._store.rows(
            "SELECT n FROM changes WHERE at >= ? ORDER BY at, n LIMIT 1",
            (max(start, self.horizon()),),
        )
        where, values = "n >= ? AND +at <= ?", [end]
        if profile_id is not None:
            where, values = f"{where} AND profile_id = ?", [end, profile_id]
        n = first[0][0] if first else None
        while n is not None:
            found = self._changes(where, (n, *values), _PAGE)
            yield from found
            n = found[-1].n + 1 if len(found) == _PAGE else None

    def has_profile(self, profile_id: int) -> bool:
        """Whether a profile of that id is there, or was in the last 15 days."""
        sql = (
            "SELECT 1 FROM profiles WHERE profile_id = ?1"
            " UNION ALL SELECT 1 FROM changes WHERE profile_id = ?1 LIMIT 1"
        )
        return bool(self._store.rows(sql, (profile_id,)))

    def tidy(self) -> None:
        """Forget what is too old, once an hour of the sandbox's clock.

        The last change stays, so that no number is given twice.
        """
        now = self._clock.now()
        if abs(now - self._tidied_at) < _TIDY_SECONDS:
            return
        self._tidied_at = now
        with self._store.transaction() as database:
            sql = "DELETE FROM changes WHERE at < ? AND n < (SELECT max(n) FROM changes)"
            database.execute(sql, (self.horizon(),))
            database.execute("DELETE FROM deliveries WHERE change < (SELECT min(n) FROM changes)")

    def _changes(self, where: str, values: tuple[Any, ...], most: int) -> list[Change]:
        sql = f"SELECT {_COLUMNS} FROM changes WHERE {where} ORDER BY n LIMIT ?"
        return [Change(*row) for row in self._store.rows(sql, (*values, most))]
