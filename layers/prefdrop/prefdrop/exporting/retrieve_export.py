"""RetrieveExport: bring page after page into objects of the bucket.

A stretch of pages makes one object. It is settled in the ledger once the object and its roll are
there, and the next stretch begins at the record after it; so whatever dies is done again from the
last settled stretch. While one is settled the next one is read, and is settled after it. Each
worker names what it writes by a word that only it and the ledger know, so one that was thought dead
replaces nothing.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec

from prefdrop.errors import PrefdropError
from prefdrop.exporting import rolls
from prefdrop.exporting.attempts import begin_again
from prefdrop.exporting.part_files import PartFile, PartFormat, sha256_of
from prefdrop.exporting.patience import AWAY, wait_for_vendor
from prefdrop.exporting.pinned import pinned_definition, spool_folder
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, is_late, next_of
from prefdrop.importing.step import Answer
from prefdrop.ledger.exports import UNKNOWN, ExportObject, ExportRun, Stretch, Tally
from prefdrop.mypreferences import ExportPage, TokenRefused
from prefdrop.services import Deadline
from prefdrop.telemetry import logger

MARGIN_SECONDS = 240
"""Time kept for one page, which the client may ask for four times, and for the last writes."""


LONGEST_STRETCH = 500_000
"""Records after which a stretch ends though its object is small: its roll is in memory, and that of
the one before it."""

Fetch = Callable[[int], ExportPage]
"""From the 1-based number of a record to the page that begins with it."""

CONNECTIONS = 2
"""While one page is on its way and is taken apart, the vendor can work on the next."""

AHEAD = 4
"""Pages that are asked for and not yet given to the caller, at most: they lie in memory."""


def run(services: ExportServices, event: dict[str, Any], deadline: Deadline) -> Answer:
    """Answer `retrieve` while there is more, then `finish`; `begin` when the token died, `wait`."""
    request = msgspec.convert(event, ExportInput)
    logger.append_keys(export=request.export, run=request.run)
    run = services.exports.get(request.export, request.run)
    if run.status != "Retrieving" or is_late(request, run):
        return next_of(run)
    try:
        return next_of(_Retrieval(services, run, deadline).go_on())
    except TokenRefused:
        return begin_again(services, run, "the vendor's access token died while it was retrieved")
    except AWAY as error:
        return wait_for_vendor(services, request, error)
    except _Drifted as drifted:
        return begin_again(services, run, str(drifted))


class _Drifted(Exception):
    """The pages are not of one and the same selection: records may have moved between them."""


class _Read(NamedTuple):
    """A stretch that was read and is to be settled."""

    file: PartFile
    entries: list[bytes]
    offset: int
    """The vendor's number of the record after it."""
    total: int
    duplicates: int
    tally: Tally
    last: bool


class _Retrieval:
    """One invocation's share of a run's pages."""

    def __init__(self, services: ExportServices, run: ExportRun, deadline: Deadline) -> None:
        self._services = services
        self._run = run
        self._deadline = deadline
        self._export = pinned_definition(services, run)
        self._format = PartFormat(self._export)
        self._seen = rolls.RollIndex(services.files, _tail(services, run)) if run.tail else None
        self._offset, self._total, self._more = run.offset, run.total, True
        self._away: PrefdropError | None = None

    def go_on(self) -> ExportRun:
        """Settle stretch after stretch, each while the next one is read; the run as it is then.

        Raises what ended the last stretch before its time, once that is settled.
        """
        run, limit = self._run, self._export.output.page_records
        settled = _done(run)
        with (
            Pages(self._fetch, run.offset, limit, run.total) as pages,
            ThreadPoolExecutor(1, "settle") as thread,
        ):
            coming = iter(pages)
            try:
                while self._goes_on() and self._deadline.remaining() > MARGIN_SECONDS:
                    read = self._read(coming)
                    before, settled = settled, thread.submit(self._settle, settled, read)
                    before.result()  # two stretches lie on the disk, no more
            finally:
                # Whatever went wrong in reading on, what was read before it is settled first.
                run = settled.result()
        if self._away:
            raise self._away
        return run

    def _goes_on(self) -> bool:
        return self._more and self._away is None

    def _fetch(self, offset: int) -> ExportPage:
        return self._services.export_vendor.page(
            self._run.token,
            self._export.family,
            offset=offset,
            limit=self._export.output.page_records,
        )

    def _read(self, pages: Iterator[ExportPage]) -> _Read:
        """Read one stretch into a file, which the caller has to discard.

        It ends with the pages that came, where the vendor is away for the one after them: who asks
        for patience is not asked for the same pages again and again.
        """
        file, entries, duplicates = self._format.new(), list[bytes](), 0
        try:
            for page in pages:
                duplicates += self._take(page, file, entries)
                if not self._more or self._is_full(file, entries):
                    break
        except BaseException as error:
            if not entries or not isinstance(error, AWAY):
                file.discard()
                raise
            self._away = error
        tally = self._format.take_tally()
        return _Read(file, entries, self._offset, self._total, duplicates, tally, not self._more)

    def _take(self, page: ExportPage, file: PartFile, entries: list[bytes]) -> int:
        """Add a page to the stretch; how many of its records the run before had already."""
        its_entries = rolls.entries_of(page.records)
        entries += its_entries
        fresh = self._fresh(page, its_entries)
        file.write(fresh)
        self._offset = page.offset + page.count
        self._total = _same_total(page, self._total)
        self._more = page.has_more and page.count > 0
        return len(page.records) - len(fresh)

    def _settle(self, before: Future[ExportRun], read: _Read) -> ExportRun:
        """Store one stretch, and write it into the ledger after the one before it."""
        try:
            run = before.result()
            number, entries = run.stretches + 1, rolls.roll_of(read.entries)
            read.entries.clear()  # they take five times the memory, and those of the next one grow
            made = self._store(run, read.file) if read.file.records else None
        finally:
            read.file.discard()
        key = f"{spool_folder(run)}/roll-{number:05d}-{_word()}"
        roll = rolls.store(self._services.files, key, [entries])
        stretch = Stretch(
            number, read.offset, read.total, read.duplicates, read.tally, roll, made, read.last
        )
        return self._services.exports.add_stretch(run, stretch)

    def _fresh(self, page: ExportPage, entries: list[bytes]) -> list[msgspec.Raw]:
        """The page's records without those that the run before had in the same state."""
        if self._seen is None:
            return page.records
        seen, both = self._seen, zip(page.records, entries, strict=True)
        return [record for record, entry in both if entry not in seen]

    def _is_full(self, file: PartFile, entries: list[bytes]) -> bool:
        """Whether the stretch ends here: by size, or because no more pages fit into the time."""
        return (
            file.written >= self._export.output.object_bytes
            or len(entries) >= LONGEST_STRETCH
            or self._deadline.remaining() < MARGIN_SECONDS
        )

    def _store(self, run: ExportRun, file: PartFile) -> ExportObject:
        key = f"{run.folder}/part-{run.objects + 1:05d}-{_word()}.{self._format.extension}"
        finished = file.finish()
        sha256, size = sha256_of(finished)
        version = self._services.files.write_file(
            key, finished, content_type=self._format.content_type
        )
        logger.info("object written", extra={"key": key, "records": file.records, "bytes": size})
        return ExportObject(key, version, sha256, size, file.records)


def _same_total(page: ExportPage, total: int) -> int:
    """The vendor's count of the whole export, which every page must repeat; raises _Drifted.

    The first page may correct the count of the status, of which it is not said what it counts.
    """
    if page.total is None:
        return total
    if total not in (UNKNOWN, page.total) and page.offset > 1:
        raise _Drifted(f"the vendor counted {total} records, and then {page.total}")
    return page.total


def _tail(services: ExportServices, run: ExportRun) -> str:
    """The roll that the overlap is compared with; without it records come twice, but none is lost.

    Its key is empty when somebody has taken it away.
    """
    if services.files.version_of(run.tail):
        return run.tail
    logger.warning("the roll of the last run is gone", extra={"key": run.tail})
    return ""


def _done(run: ExportRun) -> Future[ExportRun]:
    """What the first stretch follows."""
    done = Future[ExportRun]()
    done.set_result(run)
    return done


def _word() -> str:
    return secrets.token_hex(4)


class Pages:
    """Iterates over pages of `limit` records from `offset` on, of `total` (-1: not known yet).

    Leaving the context waits for the pages that are under way.

    Where a page begins is known for sure only once the page before it is there. But pages are as
    long as was asked for, as a rule, so the next ones are asked for on that assumption. One that
    turns out to begin elsewhere is thrown away and asked for again.
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

    def __exit__(self, *_: object) -> None:
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
