"""The pages of an export, the next ones fetched while the caller works on others.

Where a page begins is known for sure only once the page before it is there. But pages are as long
as was asked for, as a rule, so the next ones are asked for on that assumption. One that turns out
to begin elsewhere is thrown away and asked for again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from prefdrop.mypreferences import ExportPage

Fetch = Callable[[int], ExportPage]
"""From the 1-based number of a record to the page that begins with it."""

CONNECTIONS = 2
"""While one page is on its way and is taken apart, the vendor can work on the next."""

AHEAD = 4
"""Pages that are asked for and not yet given to the caller, at most: they lie in memory."""


class Pages:
    """Iterates over pages of `limit` records from `offset` on, of `total` (-1: not known yet).

    Leaving the context waits for the pages that are under way.
    """

    def __init__(self, fetch: Fetch, offset: int, limit: int, total: int = -1) -> None:
        self._fetch = fetch
        self._limit = limit
        self._total = total
        self._threads = ThreadPoolExecutor(CONNECTIONS, "pages")
        self._coming: deque[tuple[int, Future[ExportPage]]] = deque()
        self._ask(offset)

    def __enter__(self) -> Pages:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[ExportPage]:
        while self._coming:
            _, future = self._coming.popleft()
            page = future.result()
            self._total = self._total if page.total is None else page.total
            if page.has_more and page.count:
                self._look_ahead(page.offset + page.count)
            else:
                self._forget()
            yield page

    def _look_ahead(self, following: int) -> None:
        """See that the page that follows is asked for, and some after it that are surely there."""
        if self._coming and self._coming[0][0] != following:
            self._forget()
        if not self._coming:
            self._ask(following)
        while len(self._coming) < AHEAD:
            next_offset = self._coming[-1][0] + self._limit
            if next_offset > self._total:
                return
            self._ask(next_offset)

    def _ask(self, offset: int) -> None:
        self._coming.append((offset, self._threads.submit(self._fetch, offset)))

    def _forget(self) -> None:
        """What was asked for in vain may still come; nobody looks at it."""
        for _, future in self._coming:
            future.cancel()
        self._coming.clear()
