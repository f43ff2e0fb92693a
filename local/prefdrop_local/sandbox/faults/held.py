"""Requests whose connection is gone and which are applied late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefdrop_local.sandbox.books import Entry
from prefdrop_local.sandbox.faults.rules import Late


@dataclass(slots=True)
class _Held:
    nth: int
    entry: Entry
    apply: Callable[[], object]
    timer: threading.Timer | None = None
    before: str | None = None
    calls_left: int = 0

    def described(self) -> dict[str, Any]:
        return {
            "nth": self.nth,
            "request": self.entry.n,
            "route": self.entry.route,
            "token": self.entry.token,
        }


class HeldRequests:
    """Keeps late requests until their time, each under its number since the last reset."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}
        self._last = 0
        self._lock = threading.Lock()
        self._applying = threading.RLock()
        """So that a reset waits for what is being applied, and order is the order of release."""

    def __len__(self) -> int:
        return len(self._held)

    def described(self) -> list[dict[str, Any]]:
        """What is held, in order of arrival."""
        with self._lock:
            return [item.described() for item in self._held.values()]

    def hold(self, entry: Entry, rule: Late, apply: Callable[[], object]) -> None:
        """Keep a request; `apply` does what it asks."""
        with self._lock:
            self._last += 1
            item = _Held(self._last, entry, apply, before=rule.before, calls_left=rule.before_nth)
            self._held[item.nth] = item
            if rule.seconds is not None:
                item.timer = threading.Timer(rule.seconds, self.release, (item.nth,))
                item.timer.daemon = True
                item.timer.start()

    def release(self, nth: int) -> dict[str, Any] | None:
        """Apply one of them now; None when it is not held any more."""
        with self._applying:
            with self._lock:
                item = self._held.get(nth)
            if item is None:
                return None
            if item.timer:
                item.timer.cancel()
            try:
                item.apply()
            finally:
                # Only now: who sees that nothing is held may rely on all of it being applied.
                with self._lock:
                    del self._held[nth]
            return {
                **item.described(),
                "status": item.entry.status,
                "applied": item.entry.applied,
            }

    def release_all(self) -> list[dict[str, Any]]:
        """Apply all of them now, in order of arrival."""
        return [done for item in self.described() if (done := self.release(item["nth"]))]

    def release_before(self, route: str) -> None:
        """Apply those that were waiting for this call of a route."""
        with self._lock:
            waiting = [item for item in self._held.values() if item.before == route]
            for item in waiting:
                item.calls_left -= 1
            due = [item.nth for item in waiting if not item.calls_left]
        for nth in due:
            self.release(nth)

    def drop(self) -> None:
        """Forget all of them, after what is being applied just now."""
        with self._applying, self._lock:
            for item in self._held.values():
                if item.timer:
                    item.timer.cancel()
            self._held.clear()
            self._last = 0
