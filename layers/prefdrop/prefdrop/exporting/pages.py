"""The pages of an export, the next ones fetched while the caller works on the one before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from prefdrop.mypreferences import ExportPage

Fetch = Callable[[int], ExportPage]
"""From the 1-based number of a record to the page that begins with it."""

AHEAD = 1
"""Pages that wait for the caller, besides the one that is being fetched: the vendor is then asked
for a page as soon as it has answered the one before, however busy the caller is."""


class Pages:
    """Iterates over pages from `offset` on. Leaving the context waits for a page under way."""

    def __init__(self, fetch: Fetch, offset: int) -> None:
        self._fetch = fetch
        self._ready: queue.Queue[ExportPage | BaseException] = queue.Queue(AHEAD)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(offset,), name="pages")
        self._thread.start()

    def __enter__(self) -> Pages:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()
        while self._thread.is_alive():
            # Makes room, should the thread be about to hand a page over.
            try:
                self._ready.get(timeout=0.05)
            except queue.Empty:
                continue

    def __iter__(self) -> Iterator[ExportPage]:
        more = True
        while more:
            page = self._ready.get()
            if isinstance(page, BaseException):
                raise page
            more = _continues(page)
            yield page

    def _read(self, offset: int) -> None:
        """Fetch page after page; whatever goes wrong is for the caller to meet."""
        more = True
        while more and not self._left.is_set():
            try:
                page = self._fetch(offset)
            except BaseException as error:
                self._ready.put(error)
                return
            self._ready.put(page)
            more, offset = _continues(page), page.offset + page.count


def _continues(page: ExportPage) -> bool:
    return page.has_more and page.count > 0
