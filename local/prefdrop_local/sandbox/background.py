"""A thread that does what is due, step by step, until it is told to end.

What is due follows from the sandbox's clock; readers may have it done before they look.
"""

from __future__ import annotations

import threading
import time


class Background:
    """Subclasses say what a step is, and how long to wait when nothing is due."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the background work after the batch at hand."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        """Something may be due now."""
        self._wake.set()

    def catch_up(self, patience: float | None) -> None:
        """Do what is due, for up to `patience` seconds; None: until all of it is done."""
        until = None if patience is None else time.monotonic() + patience
        while self._step():
            if until is not None and time.monotonic() >= until:
                return

    def _work(self) -> None:
        while not self._ended.is_set():
            if not self._step() and not self._idle_step():
                self._wake.wait(self._pause())
                self._wake.clear()

    def _step(self) -> bool:
        """Do one batch or one change of state; False when nothing is due."""
        raise NotImplementedError

    def _idle_step(self) -> bool:
        """Do a bit of what may wait; False when there is nothing of that kind."""
        return False

    def _pause(self) -> float | None:
        """Seconds to wait for a nudge; None for as long as it takes."""
        raise NotImplementedError
