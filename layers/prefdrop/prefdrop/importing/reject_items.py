"""Rejects on their way into the Exceptions table, beside the pass over the source.

They are handed over by the hundred to a few threads, while the pass goes on. Where the table is
slower than the pass, the pass waits for it, so that memory does not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from prefdrop.ledger.exceptions import ExceptionStore, RejectItem

TOGETHER = 250
"""Items that are handed over at a time: ten requests."""
SIDE_BY_SIDE = 4
"""Hand-overs that are under way at most."""


class ItemWriter:
    """Writes one import's rejects as items."""

    def __init__(self, store: ExceptionStore, import_id: str) -> None:
        self._store = store
        self._id = import_id
        self._waiting: list[RejectItem] = []
        self._under_way: deque[Future[None]] = deque()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write within this block what is added in it; raises TableBusy. All of it is in the table
        when the block has ended without an error."""
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as self._threads:
            yield
            self.settle()

    def settle(self) -> None:
        """Wait until all of it so far is in the table."""
        self._hand_over()
        self._wait(0)

    def add(self, item: RejectItem) -> None:
        """Write one more, within `writing`."""
        self._waiting.append(item)
        if len(self._waiting) >= TOGETHER:
            self._hand_over()

    def _hand_over(self) -> None:
        self._wait(SIDE_BY_SIDE - 1)
        if self._waiting:
            write = self._threads.submit(self._store.write, self._id, self._waiting)
            self._under_way.append(write)
            self._waiting = []

    def _wait(self, most: int) -> None:
        """Until `most` hand-overs are under way."""
        while len(self._under_way) > most:
            self._under_way.popleft().result()
