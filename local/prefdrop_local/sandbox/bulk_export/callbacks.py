"""Tells a caller that its export has ended, if it gave an address for that.

A callback is a POST of the status object. One that is not answered with success is sent again
after a while that doubles each time; the vendor says nothing of retries or authentication (O-18).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import requests

from prefdrop_local.sandbox.bulk_export.exports import Export, all_exports
from prefdrop_local.sandbox.bulk_export.status import status_object
from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_TIMEOUT = 10.0
_LONGEST_SLEEP = 0.25


def call_back(database: sqlite3.Connection, item: Export, now: float, settings: Settings) -> None:
    """Have the export's callback sent, if it has one."""
    if item.spec.callback_url and settings.callback_attempts:
        sql = "INSERT INTO export_callbacks (number, due_at, attempts) VALUES (?, ?, ?)"
        database.executemany(sql, [(item.number, now, b"[]")] * settings.callback_copies)


def attempts_of(store: Store, item: Export) -> list[Any]:
    """Each attempt at calling back: when, and the status it was answered with, if it was."""
    sql = "SELECT attempts FROM export_callbacks WHERE number = ? ORDER BY id"
    rows = store.rows(sql, (item.number,))
    return [attempt for (attempts,) in rows for attempt in msgspec.json.decode(attempts)]


class Callbacks:
    """Sends what is due, in a thread of its own: a slow receiver holds nothing else up."""

    def __init__(self, store: Store, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="export-callbacks", daemon=True)
        self._session = requests.Session()
        # The machine's proxies are not for receivers on it.
        self._session.trust_env = False

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the background work; a receiver that is being called is not waited for."""
        self._ended.set()
        self._wake.set()

    def nudge(self) -> None:
        """Something may be due now."""
        self._wake.set()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                worked = self._step()
            except sqlite3.ProgrammingError:
                return  # The database was closed meanwhile.
            if not worked:
                self._wake.wait(self._pause())
                self._wake.clear()

    def _pause(self) -> float | None:
        """Until the next attempt, as far as the clock can be relied on, or until a nudge."""
        [(due,)] = self._store.rows("SELECT min(due_at) FROM export_callbacks")
        return None if due is None else min(max(due - self._clock.now(), 0.0), _LONGEST_SLEEP)

    def _step(self) -> bool:
        """Make one attempt; False when none is due."""
        rows = self._store.rows(
            "SELECT id, number, attempts FROM export_callbacks WHERE due_at <= ? ORDER BY due_at",
            (self._clock.now(),),
        )
        if not rows:
            return False
        row_id, number, attempts = rows[0]
        items = [item for item in all_exports(self._store) if item.number == number]
        status = self._post(items[0]) if items else None
        self._note(row_id, msgspec.json.decode(attempts), status)
        return True

    def _post(self, item: Export) -> int | None:
        """The answer's status; None when there was no answer."""
        body = msgspec.json.encode(status_object(item, self._settings()))
        try:
            return self._session.post(
                str(item.spec.callback_url), body, timeout=_TIMEOUT, allow_redirects=False,
                headers={"Content-Type": "application/json; charset=utf-8"},
            ).status_code  # fmt: skip
        except requests.RequestException:
            return None

    def _note(self, row_id: int, attempts: list[Any], status: int | None) -> None:
        settings, now = self._settings(), self._clock.now()
        attempts.append({"at": iso(now), "status": status})
        over = status is not None and 200 <= status < 300
        over = over or len(attempts) >= settings.callback_attempts
        wait = settings.callback_retry_seconds * 2 ** (len(attempts) - 1)
        with self._store.transaction() as database:
            database.execute(
                "UPDATE export_callbacks SET attempts = ?, due_at = ? WHERE id = ?",
                (msgspec.json.encode(attempts), None if over else now + wait, row_id),
            )
