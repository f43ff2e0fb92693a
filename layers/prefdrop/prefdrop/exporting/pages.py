"""The pages of an export, the next one fetched while the caller works on the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from prefdrop.mypreferences import ExportPage

Fetch = Callable[[int], ExportPage]
"""From the 1-based number of a record to the page that begins with it."""


class Pages:
    """Iterates over pages from `offset` on. Leaving the context waits for a page under way."""

    def __init__(self, fetch: Fetch, offset: int) -> None:
        self._fetch = fetch
        self._thread = ThreadPoolExecutor(1)
        self._coming: Future[ExportPage] | None = self._thread.submit(fetch, offset)

    def __enter__(self) -> Pages:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[ExportPage]:
        while self._coming is not None:
            page = self._coming.result()
            self._coming = None
            if page.has_more and page.count:
                self._coming = self._thread.submit(self._fetch, page.offset + page.count)
            yield page
