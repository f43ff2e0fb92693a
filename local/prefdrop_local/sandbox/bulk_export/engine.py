"""Moves exports on: Processing, then Complete, Error or Failed; and from Complete to Expired.

What should have happened by now follows from the sandbox's clock alone; a worker thread makes it
so, and so does every reader before it looks.

An export shows the profiles as they were at one moment: when its initiate request was applied, or,
with the setting `export_snapshot`, when `export_seconds` are over.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.background import Background
from prefdrop_local.sandbox.bulk_export.building import Builder
from prefdrop_local.sandbox.bulk_export.callbacks import call_back
from prefdrop_local.sandbox.bulk_export.catalogue import UnknownSegmentError
from prefdrop_local.sandbox.bulk_export.exports import (
    COMPLETE,
    ERROR,
    EXPIRED,
    FAILED,
    PROCESSING,
    Export,
    end_export,
    exports_in_state,
    save_export,
    unswept_exports,
)
from prefdrop_local.sandbox.bulk_export.history import prune, release_snapshot, take_snapshot
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_LONGEST_SLEEP = 0.25
_COURTESY = 0.0005
_SWEPT_AT_ONCE = 20_000
_SWEEP = """
    DELETE FROM export_rows WHERE id IN (
        SELECT id FROM export_rows WHERE id BETWEEN ? AND ? LIMIT ?)
"""


class ExportEngine(Background):
    """The vendor's export queue."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, settings: Callable[[], Settings],
        builder: Builder,
    ) -> None:  # fmt: skip
        super().__init__("export-engine")
        self._store = store
        self._account = account
        self._clock = clock
        self._settings = settings
        self._builder = builder
        self.finished: Callable[[], None] = lambda: None
        """Called when an export has left Processing."""

    def while_idle(self, work: Callable[[], None]) -> None:
        """Do some work while no export is being moved on; what is under way begins anew."""
        with self._lock:
            self._builder.forget()
            work()

    def _pause(self) -> float | None:
        """Wait for a nudge while no export is open, else look again soon."""
        return _LONGEST_SLEEP if exports_in_state(self._store, PROCESSING, COMPLETE) else None

    def _step(self) -> bool:
        """Do one batch or one change of state; False when nothing is due."""
        with self._lock:
            with self._store.transaction() as database:
                items = exports_in_state(self._store, PROCESSING, COMPLETE)
                item = next((item for item in items if self._move(database, item)), None)
            if item is None:
                return False
            if item.state != PROCESSING:
                self.finished()
        # Locks are not handed out in turn: without a pause, waiting requests could starve.
        time.sleep(_COURTESY)
        return True

    def _move(self, database: sqlite3.Connection, item: Export) -> bool:
        """Move an export one step on, if one is due."""
        now, settings = self._clock.now(), self._settings()
        if item.state == COMPLETE:
            if now < item.dies_at:
                return False
            end_export(database, item, EXPIRED, item.dies_at)
            return True
        due = item.initiated_at + settings.export_seconds
        if item.snapshot is None:
            if now < due:
                return False
            item.snapshot, item.snapshot_at = take_snapshot(database), now
            save_export(database, item)
            return True
        outcome = self._outcome(item, settings)
        if outcome == COMPLETE and not item.built:
            return self._build(database, item, settings)
        if now < due:
            return False
        self._finish(database, item, outcome, max(due, item.snapshot_at or 0))
        return True

    def _outcome(self, item: Export, settings: Settings) -> str:
        user = self._account.active_user(item.user_id)
        if user is None or not user.export:
            return FAILED
        return ERROR if settings.fail_exports else COMPLETE

    def _build(self, database: sqlite3.Connection, item: Export, settings: Settings) -> bool:
        try:
            self._builder.step(database, item, settings)
        except UnknownSegmentError:
            self._finish(database, item, ERROR, self._clock.now())
        return True

    def _finish(self, database: sqlite3.Connection, item: Export, state: str, now: float) -> None:
        item.state, item.finished_at = state, now
        if state != COMPLETE:
            release_snapshot(database, item.snapshot)
        save_export(database, item)
        call_back(database, item, now, self._settings())

    def _idle_step(self) -> bool:
        """Delete some of what nobody can read any more; False when there is nothing."""
        with self._lock, self._store.transaction() as database:
            items = unswept_exports(self._store)
            if not items:
                return False
            item = items[0]
            span = (item.row_id(1), item.row_id(item.rows), _SWEPT_AT_ONCE)
            if database.execute(_SWEEP, span).rowcount < _SWEPT_AT_ONCE:
                item.swept = int(not prune(database, _SWEPT_AT_ONCE))
                save_export(database, item)
        time.sleep(_COURTESY)
        return True
