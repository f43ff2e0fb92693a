"""The part that a worker is staging: what the ledger says of it, and every write to it.

Each write is fenced by the part's epoch, so a worker that was taken over learns it at once.
"""

from __future__ import annotations

import msgspec

from prefdrop.feeds import Chunk, ChunkLimits, LocalReject
from prefdrop.feeds.faults import NEWER_DECISION
from prefdrop.importing.spool import ELSEWHERE
from prefdrop.importing.step import Answer, answer, stop_if_cancelled
from prefdrop.importing.totals import show_progress
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Fenced, Part, StagedChunk
from prefdrop.ledger.turns import Turn
from prefdrop.mypreferences import ImportStatus, TokenRefused
from prefdrop.reached import reached
from prefdrop.services import Services
from prefdrop.telemetry import logger

REJECTS_IN_MEMORY = 10_000
"""Local rejects after which a chunk is closed, however few records it holds."""


class Interrupted(Exception):
    """Staging cannot go on in this invocation; `answer` says what comes next."""

    def __init__(self, said: Answer) -> None:
        super().__init__(said["next"])
        self.answer = said


class StagingPart:
    """A part whose lease we hold. `part` is always what the ledger holds."""

    def __init__(self, services: Services, record: Import, part: Part, turn: Turn) -> None:
        self.services = services
        self.settings = services.settings
        self.record = record
        self.part = part
        self._id = record.import_id
        self._turn = turn

    # What it says about the next chunks

    def limits(self) -> ChunkLimits:
        """How large the next chunks may be."""
        most = (self.part.suspects + 1) // 2 or self.settings.part_records
        return ChunkLimits(
            bytes=self.record.chunk_bytes or self.settings.chunk_bytes,
            records=min(most, self.room()),
            rejects=REJECTS_IN_MEMORY,
        )

    def room(self) -> int:
        """Records that the part may still take."""
        return self.settings.part_records - self.part.staged

    def kept_out(self) -> dict[int, LocalReject]:
        """Rows of the source being read that no further request may hold."""
        refused = {
            int(row): LocalReject(
                row=int(row),
                code="RefusedByVendor",
                reason=f"The vendor refuses every request that holds this record (HTTP {status}).",
            )
            for row, status in self.part.refused.items()
        }
        if row := self.part.probed_row:
            refused[row] = LocalReject(row=row, code=ELSEWHERE, reason="")
        return refused

    def entry(self, chunk: Chunk) -> StagedChunk:
        """The chunk as the ledger is to hold it, if it comes next."""
        elsewhere = sum(reject.code == ELSEWHERE for reject in chunk.rejects)
        return StagedChunk(
            number=self.part.chunks + 1,
            state="posting",
            source=self.part.source,
            start=msgspec.to_builtins(chunk.start),
            end=msgspec.to_builtins(chunk.end),
            first_sequence=self.part.staged + 1,
            records=chunk.records,
            rows=chunk.rows - elsewhere,
            rejected_local=len(chunk.rejects) - elsewhere,
            newer=sum(reject.code == NEWER_DECISION for reject in chunk.rejects),
            rejects=bool(chunk.rejects),
            bytes=len(chunk.body),
            sha256=chunk.sha256,
            received_before=self.part.staged,
            posted_at=now_ms(),
            last=chunk.last,
        )

    # Fenced writes

    def write_ahead(self, entry: StagedChunk, *, again: bool) -> StagedChunk:
        """Write down what is about to be sent; `again` makes a ghost of the request before."""
        if again:
            entry = msgspec.structs.replace(entry, attempts=entry.attempts + 1)
            self.part = msgspec.structs.replace(
                self.part, ghosts=self.part.ghosts + 1, ghost_until=now_ms() + self.ghost_ms
            )
        lease_ms = int(self.settings.lease_seconds * 1000)
        self.part = self.services.parts.write_ahead(
            self._id, self.part, entry, self._turn, lease_ms
        )
        return entry

    def time_to_send(self) -> float:
        """Seconds that a request may take so that it surely ends within the lease.

        Raises Fenced when the lease is as good as over, as after a freeze.
        """
        left = (self.part.lease_until - now_ms()) / 1000
        if left < self.settings.request_seconds:
            reached("a lease that ran out before a request")
            raise Fenced("The lease ran out before the request could begin.")
        return self.settings.request_seconds

    def settle(self, entry: StagedChunk, status: ImportStatus | None = None) -> None:
        """Write down that a chunk has landed, or that it holds no record to send."""
        before = self.part
        rows = {"restaged" if entry.source else "rows": entry.rows}
        after = msgspec.structs.replace(
            before,
            **{name: getattr(before, name) + count for name, count in rows.items()},
            rejected_local=before.rejected_local + entry.rejected_local,
            newer=before.newer + entry.newer,
            staged=before.staged + entry.records,
            chunks=before.chunks + 1,
            stage_requests=before.stage_requests + (1 if entry.records else 0),
            suspects=max(0, before.suspects - entry.records),
            **self._place_after(entry),
        )
        if status is not None:
            after.validation_ok = after.pending = status.validation_successful
            after.rejected_validation = status.validation_failed
        self.services.parts.settle(self._id, before, entry, after)
        self.part = after
        self.record = show_progress(self.services, self.record, "Staging", after) or self.record
        stop_if_cancelled(self.record)

    def _place_after(self, entry: StagedChunk) -> dict[str, object]:
        """Where to read on: in the same source, in the next one, or nowhere."""
        if entry.probe:
            return {"probed_row": entry.probe}
        if not entry.last:
            return {"end": entry.end}
        if entry.source < len(self.record.corrections):
            start = {"offset": 0, "row": 0}
            return {"source": entry.source + 1, "end": start, "refused": {}, "probed_row": 0}
        return {"end": entry.end, "source_read": True}

    def free(self, entry: StagedChunk, **changes: object) -> None:
        """Write down that a chunk did not land: its number may be used again."""
        after = msgspec.structs.replace(self.part, **changes)
        self.services.parts.refuse(self._id, self.part, entry, after)
        self.part = after

    def change(self, **changes: object) -> None:
        """Change members of the part."""
        self.part = self.services.parts.change(self._id, self.part, **changes)

    # Ends

    def finish(self) -> Answer:
        """The part takes no more chunks; say what comes next."""
        self.change(state="staged" if self.part.staged else "local", lease_until=0)
        show_progress(self.services, self.record, "Staging", self.part)
        return answer("collect" if self.part.rejected_validation else "gates")

    def tear(self, why: str) -> Interrupted:
        """Give the part up: what the vendor holds is not surely what we sent."""
        logger.warning("the part is torn", extra={"part": self.part.number, "why": why})
        self.change(state="torn", lease_until=0, given_up=why)
        return Interrupted(answer("initiate"))

    def bury(self, why: str, *, exhausted: bool = False) -> Interrupted:
        """Give the part up: its token is of no more use, and nothing of it was executed."""
        logger.warning("the part's token is dead", extra={"part": self.part.number, "why": why})
        self.change(state="dead", lease_until=0, exhausted=exhausted, given_up=why)
        return Interrupted(answer("initiate"))

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        if self.part.lease_until:
            try:
                self.change(lease_until=0)
            except Fenced:
                reached("a lease taken over")
                logger.warning("the lease was taken over", extra={"part": self.part.number})

    # The vendor's view

    def vendor_status(self) -> ImportStatus:
        """What the vendor says of the part; a token that died ends it."""
        try:
            return self.services.vendor.status(self.part.token)
        except TokenRefused:
            raise self.bury("the vendor no longer knows the part's token") from None

    def see_that_nothing_landed(self) -> None:
        """A request that was refused must have changed no count."""
        if self.vendor_status().total_records_received != self.part.staged:
            raise self.tear("the vendor counts records of a request that it refused")

    @property
    def ghost_ms(self) -> int:
        """How long a request without an answer may still land."""
        return int(self.settings.ghost_seconds * 1000)


def only_row(chunk: Chunk) -> int:
    """The row of a chunk's only record."""
    rejected = {reject.row for reject in chunk.rejects}
    rows = range(chunk.start.row + 1, chunk.end.row + 1)
    return next(row for row in rows if row not in rejected)
