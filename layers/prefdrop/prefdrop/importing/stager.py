"""Staging one part: cut chunks from its source, send each once, and weigh the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from prefdrop.errors import Terminal
from prefdrop.feeds import Chunk, Cursor, Source
from prefdrop.importing import refusals, spool
from prefdrop.importing.staging_part import Interrupted, StagingPart, only_row
from prefdrop.importing.step import Answer, answer, wait_until
from prefdrop.importing.vendor_errors import CredentialsRefused, VendorAway
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.parts import StagedChunk
from prefdrop.mypreferences import (
    BadRequest,
    ImportStatus,
    NotSent,
    TokenRefused,
    TooLarge,
    TooManyRequests,
    Unclear,
)
from prefdrop.reached import reached
from prefdrop.services import Deadline
from prefdrop.telemetry import logger

MARGIN_SECONDS = 10
"""Time that one invocation keeps for its last ledger writes."""


class Stager:
    """Stages the rest of one part; `open_source` opens the drop (0) or a correction (1, 2, …)."""

    def __init__(
        self,
        staging: StagingPart,
        open_source: Callable[[int], Source],
        check_time: datetime,
        deadline: Deadline,
    ) -> None:
        self._staging = staging
        self._open_source = open_source
        self._check_time = check_time
        self._deadline = deadline
        self._doubtful: StagedChunk | None = None
        """The chunk that surely did not land, so far, and is to be sent again."""

    def run(self) -> Answer:
        """Stage until the part is done or this invocation must end; raises Interrupted."""
        staging = self._staging
        self._settle_doubt()
        while not staging.part.source_read and staging.room():
            self._stage_while_limits_hold(staging.part.source)
        return staging.finish()

    def _stage_while_limits_hold(self, source: int) -> None:
        """Stage chunks cut by the limits as they are now, until those change or the file ends."""
        staging = self._staging
        coming = self._open_source(source).chunks(
            msgspec.convert(staging.part.end, Cursor),
            staging.limits(),
            now=self._check_time,
            refused=staging.kept_out(),
        )
        for chunk in _one_ahead(coming):
            narrowed = staging.part.suspects
            if chunk.records > staging.room() or not self._stage(chunk) or narrowed:
                return

    def _stage(self, chunk: Chunk) -> bool:
        """Settle a chunk: at once when it holds no record, else through the vendor.

        False when the vendor refused it and it has to be cut again.
        """
        staging = self._staging
        spool.write_local(staging.services.objects, staging.record.import_id, staging.part, chunk)
        entry = staging.entry(chunk)
        again = self._is_the_doubtful(entry)
        if chunk.records == 0:
            staging.settle(entry)
            return True
        if not staging.part.token:
            raise Interrupted(answer("initiate"))
        self._make_sure_there_is_time()
        refusals.make_sure_of_quota(staging)
        entry = staging.write_ahead(entry, again=again)
        status = self._send(chunk, entry)
        if status is None:
            return False
        self._compare(status, entry)
        staging.settle(entry, status)
        return True

    def _send(self, chunk: Chunk, entry: StagedChunk) -> ImportStatus | None:
        """Send one request once. None: the vendor surely refused it, and it is to be cut again."""
        staging = self._staging
        vendor, token = staging.services.vendor, staging.part.token
        try:
            return vendor.stage(token, chunk.body, timeout=staging.time_to_send())
        except Unclear as doubt:
            reached("a stage request in doubt")
            logger.warning("a stage request has no clear answer", extra={"code": doubt.code})
            if staging.part.ghosts:
                reached("a second request in doubt")
                raise staging.tear("a second request has no clear answer") from None
            raise Interrupted(wait_until(entry.posted_at + staging.ghost_ms)) from None
        except BadRequest as refused:
            refusals.narrow_down(staging, chunk, entry, str(refused.status), self._probe)
        except TooLarge:
            refusals.shrink(staging, entry)
        except TooManyRequests as refused:
            raise refusals.wait_for_quota(staging, entry, refused) from None
        except TokenRefused:
            reached("a token dead while staging")
            raise staging.bury("the vendor no longer knows the part's token") from None
        except (NotSent, CredentialsRefused, VendorAway, Terminal):  # nothing was applied
            reached("a stage request surely not applied")
            staging.free(entry)
            raise
        return None

    # Doubt

    def _compare(self, status: ImportStatus, entry: StagedChunk) -> None:
        if status.total_records_received != entry.received_before + entry.records:
            reached("a count that is not the ledger's")
            raise self._staging.tear("the vendor's count of received records is not the ledger's")

    def _settle_doubt(self) -> None:
        """Find out whether a chunk without a clear answer landed."""
        staging = self._staging
        entry = staging.services.parts.last_chunk(staging.record.import_id, staging.part.number)
        if entry is None or entry.state != "posting":
            return
        possible_until = entry.posted_at + staging.ghost_ms
        if possible_until > now_ms():
            raise Interrupted(wait_until(possible_until))
        if staging.part.ghosts:
            raise staging.tear("a second request has no clear answer")
        status = staging.vendor_status()
        if status.total_records_received == entry.received_before:
            reached("a doubtful request that did not land")
            self._doubtful = entry
            return
        self._compare(status, entry)
        staging.settle(entry, status)

    def _is_the_doubtful(self, entry: StagedChunk) -> bool:
        """Whether this chunk is one sent before; then it must be the very same."""
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is not None and doubtful.sha256 != entry.sha256:
            raise self._staging.tear("a chunk came out different when it was built again")
        return doubtful is not None

    # Looking elsewhere in a refused chunk

    def _probe(self, start: Cursor) -> None:
        """Send the one record that follows `start` by itself, ahead of its place.

        If the vendor takes it, single records are to blame and the part goes on, leaving that
        record out where its turn comes. Raises BadRequest if it refuses this one too.
        """
        staging = self._staging
        limits = msgspec.structs.replace(staging.limits(), records=1)
        source = self._open_source(staging.part.source)
        chunk = next(source.chunks(start, limits, now=self._check_time))
        if chunk.records == 0:
            return
        row = only_row(chunk)
        reached("a record probed")
        elsewhere = [msgspec.structs.replace(r, code=spool.ELSEWHERE) for r in chunk.rejects]
        chunk = msgspec.structs.replace(chunk, rejects=elsewhere)
        refusals.make_sure_of_quota(staging)
        spool.write_local(staging.services.objects, staging.record.import_id, staging.part, chunk)
        entry = msgspec.structs.replace(staging.entry(chunk), probe=row, last=False)
        entry = staging.write_ahead(entry, again=False)
        try:
            status = staging.services.vendor.stage(
                staging.part.token, chunk.body, timeout=staging.time_to_send()
            )
        except Unclear:
            reached("a probe in doubt")
            raise staging.tear("a probing request has no clear answer") from None
        except BadRequest:
            staging.free(entry)
            raise
        self._compare(status, entry)
        staging.settle(entry, status)

    def _make_sure_there_is_time(self) -> None:
        """End the invocation, or the part, before a request that could outlive it."""
        staging = self._staging
        if now_ms() + staging.settings.request_seconds * 1000 > staging.part.stage_until:
            reached("a token too old to stage")
            if staging.part.staged:
                raise Interrupted(staging.finish())
            raise staging.bury("the token's life is too short to stage anything")
        if self._deadline.remaining() < staging.settings.request_seconds + MARGIN_SECONDS:
            raise Interrupted(answer("stage"))


def _one_ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Build the next chunk while the one before it is on its way."""
    with ThreadPoolExecutor(max_workers=1) as builder:
        coming = builder.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = builder.submit(next, chunks, None)
            yield chunk
