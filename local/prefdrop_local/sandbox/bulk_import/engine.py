"""Moves executed imports on: Queued, Processing, then Completed or Failed.

What should have happened by now follows from the sandbox's clock alone; a worker thread makes it
so, and so does every reader before it looks. Imports are processed one after the other in order of
their execute requests, and the order of records is the order of staging, so outcomes repeat.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.background import Background
from prefdrop_local.sandbox.bulk_import.applying import apply_batch
from prefdrop_local.sandbox.bulk_import.imports import (
    COMPLETED,
    FAILED,
    PROCESSING,
    QUEUED,
    RUNNING,
    Import,
    imports_in_state,
    save_import,
)
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.profiles.journal import Journals
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_BATCH = 500
"""Records per transaction; other requests get their turn in between."""
_LONGEST_SLEEP = 0.25
_COURTESY = 0.0005
_ROUNDING = 1e-3
"""So that ten steps of 0.1 s are one second."""


class Engine(Background):
    """The vendor's import queue."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, settings: Callable[[], Settings],
        journals: Journals,
    ) -> None:  # fmt: skip
        super().__init__("import-engine")
        self._store = store
        self._account = account
        self._clock = clock
        self._settings = settings
        self._journals = journals

    def while_idle(self, work: Callable[[], None]) -> None:
        """Do some work while no import is being moved on."""
        with self._lock:
            work()

    def _pause(self) -> float | None:
        """Wait for a nudge while no import runs, else look again soon."""
        return _LONGEST_SLEEP if imports_in_state(self._store, *RUNNING) else None

    def _step(self) -> bool:
        """Do one batch or one change of state; False when nothing is due."""
        with self._lock:
            running = imports_in_state(self._store, *RUNNING)
            if not running:
                return False
            item = running[0]
            if item.state == QUEUED:
                return self._begin(item)
            return self._process(item)

    def _begin(self, item: Import) -> bool:
        settings = self._settings()
        start = max((item.executed_at or 0) + settings.queued_seconds, self._free_at())
        if self._clock.now() < start:
            return False
        item.started_at = start
        item.state = FAILED if settings.fail_execution else PROCESSING
        item.finished_at = start if settings.fail_execution else None
        with self._store.transaction() as database:
            save_import(database, item)
        return True

    def _free_at(self) -> float:
        """When the import processed last made room for the next."""
        [(moment,)] = self._store.rows("SELECT max(finished_at) FROM imports")
        return moment or 0.0

    def _process(self, item: Import) -> bool:
        target = self._target(item)
        due = min(target - item.handled, _BATCH)
        if due <= 0 and item.pending:
            return False
        with self._store.transaction() as database:
            apply_batch(database, item, self._account, self._settings(), due, self._journals)
            if not item.pending:
                item.state = COMPLETED
                item.finished_at = self._finish_time(item)
                save_import(database, item)
        # Locks are not handed out in turn: without a pause, waiting requests could starve.
        time.sleep(_COURTESY)
        return True

    def _target(self, item: Import) -> int:
        """How many records should have been handled by now."""
        speed = self._settings().records_per_second
        if not speed:
            return item.ok
        seconds = self._clock.now() - (item.started_at or 0)
        return min(item.ok, int(seconds * speed + _ROUNDING))

    def _finish_time(self, item: Import) -> float:
        """The planned end, so that it does not depend on how fast this machine is."""
        speed = self._settings().records_per_second
        return (item.started_at or 0) + (item.handled / speed if speed else 0)
