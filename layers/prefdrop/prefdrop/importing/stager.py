"""One worker staging one part: the write-ahead, the request, and what its answer means."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from prefdrop.errors import Terminal
from prefdrop.feeds import Chunk, ChunkLimits, Cursor, LocalReject, Source
from prefdrop.importing import spool
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.step import Answer, answer, wait_until
from prefdrop.importing.totals import show_progress
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Fenced, Part, StagedChunk
from prefdrop.ledger.turns import Turn
from prefdrop.mypreferences import (
    BadRequest,
    ImportStatus,
    NotSent,
    TokenRefused,
    TooLarge,
    TooManyRequests,
    Unclear,
)
from prefdrop.telemetry import logger

MARGIN_SECONDS = 10
"""Time that one invocation keeps for its last ledger writes."""

REJECTS_IN_MEMORY = 10_000
"""Local rejects after which a chunk is closed, however few records it holds."""

SMALLEST_LIMIT = 10_000
"""Bytes below which a 413 is no longer about size: shrinking further would never end."""


class StageRefused(Terminal):
    """The vendor refuses our requests, and not because of single records."""


class Interrupted(Exception):  # it carries the step's answer, not a fault
    """Staging cannot go on in this invocation; `answer` says what comes next."""

    def __init__(self, said: Answer) -> None:
        super().__init__(said["next"])
        self.answer = said


class Stager:
    """Stages the rest of one part, holding its lease; every ledger write is fenced."""

    def __init__(
        self,
        services: Services,
        record: Import,
        part: Part,
        turn: Turn,
        source: Source,
        check_time: datetime,
        deadline: Deadline,
    ) -> None:
        self._services = services
        self._settings = services.settings
        self._record = record
        self._id = record.import_id
        self._part = part
        self._turn = turn
        self._source = source
        self._check_time = check_time
        self._deadline = deadline
        self._doubtful: StagedChunk | None = None
        """The chunk that surely did not land, so far, and is to be sent again."""

    def run(self) -> Answer:
        """Stage until the part is done or this invocation must end; raises Interrupted."""
        self._settle_doubt()
        while not self._part.source_read and self._room():
            limits = self._limits()
            for chunk in _one_ahead(
                self._source.chunks(
                    msgspec.convert(self._part.end, Cursor),
                    limits,
                    now=self._check_time,
                    refused=self._refused_rows(),
                )
            ):
                narrowed = self._part.suspects
                if chunk.records > self._room() or not self._stage(chunk) or narrowed:
                    break
        return self._finish()

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        if self._part.lease_until:
            try:
                self._change(lease_until=0)
            except Fenced:
                logger.warning("the lease was taken over", extra={"part": self._part.number})

    # What the part's state says about the next chunks

    def _limits(self) -> ChunkLimits:
        most = (self._part.suspects + 1) // 2 or self._settings.part_records
        return ChunkLimits(
            bytes=self._record.chunk_bytes or self._settings.chunk_bytes,
            records=min(most, self._room()),
            rejects=REJECTS_IN_MEMORY,
        )

    def _room(self) -> int:
        """Records that the part may still take."""
        return self._settings.part_records - self._part.staged

    def _refused_rows(self) -> dict[int, LocalReject]:
        return {
            int(row): LocalReject(
                row=int(row),
                code="RefusedByVendor",
                reason=f"The vendor refuses every request that holds this record (HTTP {status}).",
            )
            for row, status in self._part.refused.items()
        }

    # One chunk

    def _stage(self, chunk: Chunk) -> bool:
        """Settle a chunk: at once when it holds no record, else through the vendor.

        False when the vendor refused it and it has to be cut again.
        """
        spool.write_local(self._services.objects, self._id, self._part, chunk)
        entry = self._entry(chunk)
        if chunk.records == 0:
            self._settle(entry)
            return True
        if not self._part.token:
            raise Interrupted(answer("initiate"))
        self._make_sure_there_is_time()
        entry = self._write_ahead(entry)
        status = self._send(chunk, entry)
        if status is None:
            return False
        self._compare(status, entry)
        self._settle(entry, status)
        return True

    def _entry(self, chunk: Chunk) -> StagedChunk:
        return StagedChunk(
            number=self._part.chunks + 1,
            state="posting",
            start=msgspec.to_builtins(chunk.start),
            end=msgspec.to_builtins(chunk.end),
            first_sequence=self._part.staged + 1,
            records=chunk.records,
            rows=chunk.rows,
            rejected_local=len(chunk.rejects),
            bytes=len(chunk.body),
            sha256=chunk.sha256,
            received_before=self._part.staged,
            posted_at=now_ms(),
            last=chunk.last,
        )

    def _write_ahead(self, entry: StagedChunk) -> StagedChunk:
        """Write down what is about to be sent; a chunk in doubt must be the very same again."""
        ghost = self._doubtful
        if ghost is not None:
            if ghost.sha256 != entry.sha256:
                raise self._tear("a chunk came out different when it was built again")
            entry = msgspec.structs.replace(entry, attempts=ghost.attempts + 1)
            self._part = msgspec.structs.replace(
                self._part,
                ghosts=self._part.ghosts + 1,
                ghost_until=now_ms() + self._ghost_ms(),
            )
            self._doubtful = None
        lease_ms = int(self._settings.lease_seconds * 1000)
        self._part = self._services.parts.write_ahead(
            self._id, self._part, entry, self._turn, lease_ms
        )
        return entry

    def _send(self, chunk: Chunk, entry: StagedChunk) -> ImportStatus | None:
        """Send one request once. None: the vendor surely refused it, and it is to be cut again."""
        imports, token = self._services.vendor.imports, self._part.token
        try:
            return imports.stage(token, chunk.body, timeout=self._settings.request_seconds)
        except Unclear as doubt:
            logger.warning("a stage request has no clear answer", extra={"code": doubt.code})
            raise Interrupted(wait_until(entry.posted_at + self._ghost_ms())) from None
        except BadRequest as refused:
            self._narrow_down(chunk, entry, str(refused.status))
        except TooLarge:
            self._shrink(entry)
        except TooManyRequests as refused:
            raise self._wait_for_quota(entry, refused) from None
        except TokenRefused:
            raise self._bury("the vendor no longer knows the part's token") from None
        except (NotSent, Terminal):
            self._free(entry)
            raise
        return None

    # After a clear answer

    def _compare(self, status: ImportStatus, entry: StagedChunk) -> None:
        if status.total_records_received != entry.received_before + entry.records:
            raise self._tear("the vendor's count of received records is not the ledger's")

    def _settle(self, entry: StagedChunk, status: ImportStatus | None = None) -> None:
        before = self._part
        after = msgspec.structs.replace(
            before,
            end=entry.end,
            rows=before.rows + entry.rows,
            rejected_local=before.rejected_local + entry.rejected_local,
            staged=before.staged + entry.records,
            chunks=before.chunks + 1,
            stage_requests=before.stage_requests + (1 if entry.records else 0),
            source_read=entry.last,
            suspects=max(0, before.suspects - entry.records),
        )
        if status is not None:
            after.validation_ok = after.pending = status.validation_successful
            after.rejected_validation = status.validation_failed
        self._services.parts.settle(self._id, before, entry, after)
        self._part = after
        show_progress(self._services, self._record, "Staging", after)

    def _settle_doubt(self) -> None:
        """Find out whether a chunk without a clear answer landed."""
        entry = self._services.parts.last_chunk(self._id, self._part.number)
        if entry is None or entry.state != "posting":
            return
        possible_until = entry.posted_at + self._ghost_ms()
        if possible_until > now_ms():
            raise Interrupted(wait_until(possible_until))
        if self._part.ghosts:
            raise self._tear("a second request has no clear answer while the first may still land")
        status = self._status()
        if status.total_records_received == entry.received_before:
            self._doubtful = entry
            return
        self._compare(status, entry)
        self._settle(entry, status)

    def _status(self) -> ImportStatus:
        try:
            return self._services.vendor.imports.status(self._part.token)
        except TokenRefused:
            raise self._bury("the vendor no longer knows the part's token") from None

    # After a refusal

    def _narrow_down(self, chunk: Chunk, entry: StagedChunk, status: str) -> None:
        """Halve a refused chunk, down to the record that the vendor takes in no request."""
        self._see_that_nothing_landed()
        if chunk.records > 1:
            self._free(entry, suspects=chunk.records)
            return
        refused = {**self._part.refused, str(_only_row(chunk)): status}
        if len(refused) > self._settings.max_poison_records:
            raise StageRefused(
                f"The vendor refuses more than {self._settings.max_poison_records} single records "
                f"of this part with HTTP {status}, so the request itself must be wrong.",
                hint="No row was rejected for it and nothing was executed. Compare the stage route "
                "and the root property with the vendor's (O-3, O-5 in docs/vendor-assumptions.md).",
            )
        self._free(entry, suspects=0, refused=refused)

    def _shrink(self, entry: StagedChunk) -> None:
        """Halve this import's byte limit after a 413."""
        self._see_that_nothing_landed()
        limit = entry.bytes // 2
        if limit < SMALLEST_LIMIT:
            raise StageRefused(
                f"The vendor finds even {entry.bytes} bytes too large for one request.",
                hint="Nothing was executed. Ask the vendor for the body limit (O-8).",
            )
        self._record = self._services.imports.update(self._id, chunk_bytes=limit)
        self._free(entry)

    def _wait_for_quota(self, entry: StagedChunk, refused: TooManyRequests) -> Interrupted:
        """Wait for the vendor's limit if the token lives long enough, else begin again later."""
        self._see_that_nothing_landed()
        self._free(entry)
        slot = self._services.quota.use().next_slot or now_ms() + self._ghost_ms()
        if refused.retry_after is not None:
            slot = now_ms() + int(refused.retry_after * 1000)
        if slot < self._part.stage_until:
            return Interrupted(wait_until(slot))
        return self._bury("the vendor's limit frees no slot within the token's life")

    def _see_that_nothing_landed(self) -> None:
        if self._status().total_records_received != self._part.staged:
            raise self._tear("the vendor counts records of a request that it refused")

    def _free(self, entry: StagedChunk, **changes: object) -> None:
        """Write down that the chunk did not land: its number may be used again."""
        after = msgspec.structs.replace(self._part, **changes)
        self._services.parts.refuse(self._id, self._part, entry, after)
        self._part = after

    # Ends

    def _finish(self) -> Answer:
        self._change(state="staged" if self._part.staged else "local", lease_until=0)
        show_progress(self._services, self._record, "Staging", self._part)
        return answer("collect" if self._part.rejected_validation else "gates")

    def _make_sure_there_is_time(self) -> None:
        """End the invocation, or the part, before a request that could outlive it."""
        if now_ms() + self._settings.request_seconds * 1000 > self._part.stage_until:
            if self._part.staged:
                raise Interrupted(self._finish())
            raise self._bury("the token's life is too short to stage anything")
        if self._deadline.remaining() < self._settings.request_seconds + MARGIN_SECONDS:
            raise Interrupted(answer("stage"))

    def _ghost_ms(self) -> int:
        return int(self._settings.ghost_seconds * 1000)

    def _tear(self, why: str) -> Interrupted:
        """Give the part up: what the vendor holds is not surely what we sent."""
        logger.warning("the part is torn", extra={"part": self._part.number, "why": why})
        self._change(state="torn", lease_until=0)
        return Interrupted(answer("initiate"))

    def _bury(self, why: str) -> Interrupted:
        """Give the part up: its token is of no more use, and nothing of it was executed."""
        logger.warning("the part's token is dead", extra={"part": self._part.number, "why": why})
        self._change(state="dead", lease_until=0)
        return Interrupted(answer("initiate"))

    def _change(self, **changes: object) -> None:
        self._part = self._services.parts.change(self._id, self._part, **changes)


def _only_row(chunk: Chunk) -> int:
    """The row of a chunk's only record."""
    rejected = {reject.row for reject in chunk.rejects}
    rows = range(chunk.start.row + 1, chunk.end.row + 1)
    return next(row for row in rows if row not in rejected)


def _one_ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Build the next chunk while the one before it is on its way."""
    with ThreadPoolExecutor(max_workers=1) as builder:
        coming = builder.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = builder.submit(next, chunks, None)
            yield chunk
