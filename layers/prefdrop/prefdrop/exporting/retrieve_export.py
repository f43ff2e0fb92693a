"""RetrieveExport: bring page after page into objects of the bucket.

A stretch of pages makes one object. It is settled in the ledger once the object and its roll are
there, and the next stretch begins at the record after it; so whatever dies is done again from the
last settled stretch. Each worker names what it writes by a word that only it and the ledger know,
so one that was thought dead replaces nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import msgspec

from prefdrop.exporting import rolls
from prefdrop.exporting.attempts import begin_again
from prefdrop.exporting.pages import Pages
from prefdrop.exporting.part_files import PartFile, PartFormat, sha256_of
from prefdrop.exporting.patience import AWAY, wait_for_vendor
from prefdrop.exporting.pinned import pinned_definition, spool_folder
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, next_of
from prefdrop.importing.services import Deadline
from prefdrop.importing.step import Answer
from prefdrop.ledger.exports import UNKNOWN, ExportObject, ExportRun, Stretch
from prefdrop.mypreferences import ExportPage, TokenRefused
from prefdrop.telemetry import logger

MARGIN_SECONDS = 240
"""Time kept for one page, which the client may ask for four times, and for the last writes."""


LONGEST_STRETCH = 500_000
"""Records after which a stretch ends though its object is small: their roll is in memory."""


def run(services: ExportServices, event: dict[str, Any], deadline: Deadline) -> Answer:
    """Answer `retrieve` while there is more, then `finish`; `begin` when the token died, `wait`."""
    request = msgspec.convert(event, ExportInput)
    logger.append_keys(export=request.export, run=request.run)
    run = services.exports.get(request.export, request.run)
    if run.status != "Retrieving":
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


class _Retrieval:
    """One invocation's share of a run's pages."""

    def __init__(self, services: ExportServices, run: ExportRun, deadline: Deadline) -> None:
        self._services = services
        self._run = run
        self._deadline = deadline
        self._export = pinned_definition(services, run)
        self._format = PartFormat(self._export)
        self._seen = rolls.RollIndex(services.files, _tail(services, run)) if run.tail else None
        self._more = True

    def go_on(self) -> ExportRun:
        """Settle stretch after stretch; returns the run as it is then."""
        limit = self._export.output.page_records
        with Pages(self._fetch, _entries_of, self._run.offset, limit, self._run.total) as pages:
            coming = iter(pages)
            while self._more and self._deadline.remaining() > MARGIN_SECONDS:
                self._run = self._settle(coming)
        return self._run

    def _fetch(self, offset: int) -> ExportPage:
        return self._services.export_vendor.page(
            self._run.token,
            self._export.family,
            offset=offset,
            limit=self._export.output.page_records,
        )

    def _settle(self, pages: Iterator[tuple[ExportPage, list[bytes]]]) -> ExportRun:
        """Read one stretch, store it, and write it into the ledger."""
        run, file = self._run, self._format.new()
        number = run.stretches + 1
        offset, total, entries, duplicates = run.offset, run.total, list[bytes](), 0
        try:
            for page, its_entries in pages:
                entries += its_entries
                fresh = self._fresh(page, its_entries)
                duplicates += len(page.records) - len(fresh)
                file.write(fresh)
                offset = page.offset + page.count
                total = _same_total(page, total)
                self._more = page.has_more and page.count > 0
                if not self._more or self._is_full(file, entries):
                    break
            made = self._store(file) if file.records else None
        finally:
            file.discard()
        key = f"{spool_folder(run)}/roll-{number:05d}-{_word()}"
        roll = rolls.store(self._services.files, key, [b"".join(sorted(set(entries)))])
        tally = self._format.take_tally()
        return self._services.exports.add_stretch(
            run, Stretch(number, offset, total, duplicates, tally, roll, made, not self._more)
        )

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

    def _store(self, file: PartFile) -> ExportObject:
        run = self._run
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


def _entries_of(page: ExportPage) -> list[bytes]:
    return [rolls.entry_of(record) for record in page.records]


def _word() -> str:
    return secrets.token_hex(4)
