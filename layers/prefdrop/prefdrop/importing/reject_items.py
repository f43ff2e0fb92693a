"""Rejects on their way into the Exceptions table, beside the pass over the source.

A thousand are written at a time by a thread of their own, while the pass goes on; the next thousand
wait for those before them, so that memory does not grow where the table is slower than the pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from prefdrop.ledger.exceptions import ExceptionStore, RejectItem

TOGETHER = 1000
"""Items that are handed over at a time."""


class ItemWriter:
    """Writes one import's rejects as items."""

    def __init__(self, store: ExceptionStore, import_id: str) -> None:
        self._store = store
        self._id = import_id
        self._waiting: list[RejectItem] = []
        self._under_way: Future[None] | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write within this block what is added in it; raises TableBusy. All of it is in the table
        when the block has ended without an error."""
        with ThreadPoolExecutor(max_workers=1) as self._thread:
            yield
            self.settle()

    def settle(self) -> None:
        """Wait until all of it so far is in the table."""
        self._hand_over()
        self._wait()

    def add(self, item: RejectItem) -> None:
        """Write one more, within `writing`."""
        self._waiting.append(item)
        if len(self._waiting) >= TOGETHER:
            self._hand_over()

    def _hand_over(self) -> None:
        self._wait()
        if self._waiting:
            self._under_way = self._thread.submit(self._store.write, self._id, self._waiting)
            self._waiting = []

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()
            self._under_way = None
