"""A few threads that do jobs one after the other, and note what came of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], None]


class Crew:
    """Daemon threads, made as they are needed: whoever waits for an answer holds no end up."""

    def __init__(self, name: str, done: Job) -> None:
        """`done` is called after each job, when it is no longer counted as busy."""
        self._name = name
        self._done = done
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._dismissed = False
        self.busy = 0
        """Jobs that were given and are not done."""
        self.noting = threading.Lock()
        """Held while the result of a job is noted."""

    def do(self, job: Job) -> None:
        """Have a job done by a thread that is free, or by a new one."""
        with self._lock:
            self.busy += 1
            if self.busy > self._threads:
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._jobs.put(job)

    def note(self, work: Job) -> None:
        """Note the result of a job, unless the crew was dismissed while it was done."""
        with self.noting:
            if not self._dismissed:
                work()

    def dismiss(self) -> None:
        """Let the threads end after what they are at; nothing is noted any more on return."""
        with self.noting:
            self._dismissed = True
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            finally:
                with self._lock:
                    self.busy -= 1
                self._done()
