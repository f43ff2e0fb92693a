"""CollectExceptions: read every record that the vendor refused, before the part's token dies.

The vendor lists refusals of validation and of execution together. So those of validation are read
once while nothing is executed; what a later reading adds to them, execution refused.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from prefdrop.errors import PrefdropError
from prefdrop.feeds import identifiers_of
from prefdrop.importing import spool
from prefdrop.importing.check_status import TokenDied, VendorFailed
from prefdrop.importing.merging import vendor_rejects
from prefdrop.importing.spool import Pass, VendorReject
from prefdrop.importing.step import Answer, StepInput, answer, import_of, stop_if_cancelled
from prefdrop.importing.totals import show_progress
from prefdrop.importing.waiting import passes, patient, wait_for_vendor
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part, PartState
from prefdrop.ledger.turns import Turn
from prefdrop.mypreferences import ExceptionRecord, TokenRefused
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services

STATE: dict[Pass, PartState] = {"validation": "staged", "execution": "executing"}
"""The state of a part whose exceptions are read in each pass."""

ROUNDS = 3
"""Readings after which it is the vendor's count that we no longer wait for: its pages may change
while they are read."""

STRETCH = 20_000
"""Exceptions in one object of the spool: they are sorted in memory."""

MARGIN_SECONDS = 180
"""Time kept for one page, which the client may ask for four times, and for the last writes."""


@patient()
def run(services: Services, event: dict[str, Any], deadline: Deadline) -> Answer:
    """Answer `collect` while there is more to read, `wait` while the vendor does not answer, then
    what comes next; raises TokenDied."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    during = cast(Pass, request.pass_name)
    if during == "validation":
        stop_if_cancelled(record)
    turn = services.turns.require(request.execution)
    part = services.parts.current(record.import_id, STATE[during])
    if part is None:
        return answer("initiate")
    services.imports.update_open(record, status="Collecting")
    reading = _Reading(services, record, part, during, Place(**request.cursor))
    try:
        finished = reading.go_on(deadline)
    except TokenRefused:
        return _token_died(services, record, part, turn, during)
    except PrefdropError as error:
        if not passes(error):
            raise
        if part.expires <= now_ms():
            reached("a token that ended unseen while reading")
            return _token_died(services, record, part, turn, during)
        cursor = {"cursor": msgspec.to_builtins(reading.place)}
        return wait_for_vendor(services, {**event, "step": {**request.step, **cursor}}, error)
    if not finished:
        return answer("collect", cursor=msgspec.to_builtins(reading.place))
    if during == "validation":
        part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
        part = services.parts.change(record.import_id, part, refusals_collected=True)
        show_progress(services, record, "Collecting", part)
        return answer("gates")
    return _finish(services, record, part, turn)


class Place(msgspec.Struct, frozen=True):
    """Where reading goes on: the vendor's 1-based offset, the next stretch, the reading's round."""

    offset: int = 1
    stretch: int = 1
    round: int = 1


class _Reading:
    """Reads a part's exceptions, once or, when fewer came than the vendor counts, again."""

    def __init__(
        self, services: Services, record: Import, part: Part, during: Pass, place: Place
    ) -> None:
        self._services = services
        self._record = record
        self._part = part
        self._during = during
        self.place = place
        counts = {"validation": part.rejected_validation, "execution": part.rejected_execution}
        self._expected = counts[during]

    def go_on(self, deadline: Deadline) -> bool:
        """Spool stretch after stretch; False when the time is up before the end."""
        while self._expected:
            if not self._spool_stretch(deadline):
                if self.place.round >= ROUNDS or self._found() >= self._expected:
                    return True
                self.place = Place(stretch=self.place.stretch, round=self.place.round + 1)
                reached("exceptions read again")
            if deadline.remaining() < MARGIN_SECONDS:
                return False
        return True

    def _spool_stretch(self, deadline: Deadline) -> bool:
        """Read one stretch of pages, and keep what was read of it; False after the last page."""
        offset, more, stretch = self.place.offset, True, list[VendorReject]()
        before: list[VendorReject] = []
        try:
            while more and len(stretch) < STRETCH and deadline.remaining() > MARGIN_SECONDS:
                page = self._services.vendor.exceptions(self._part.token, offset=offset)
                found = [_reject(one) for one in page.records]
                offset += page.count
                more = page.has_more and page.count > 0 and self._can_be_more(offset)
                if found == before:  # the vendor ignores the offset
                    reached("an offset ignored")
                    more = False
                else:
                    stretch += found
                before = found
        finally:
            self._keep(stretch, offset)
        return more

    def _can_be_more(self, offset: int) -> bool:
        """Return whether the vendor's counts allow more exceptions than were read in this round.

        It may list one record more than once (O-10), so twice its count is still believed.
        """
        counted = self._part.rejected_validation + self._part.rejected_execution
        return offset <= 2 * counted + STRETCH

    def _keep(self, stretch: list[VendorReject], offset: int) -> None:
        spool.write_vendor(
            self._services.objects,
            self._record.import_id,
            self._part.number,
            self._during,
            self.place.stretch,
            stretch,
        )
        self.place = Place(offset, self.place.stretch + 1, self.place.round)

    def _found(self) -> int:
        """How many exceptions of this pass are in the spool that can be of a staged record."""
        told = vendor_rejects(self._services.objects, self._record.import_id, self._part.number)
        return sum(
            stage == self._during and 0 < reject.sequence <= self._part.staged
            for stage, reject in told
        )


def _reject(exception: ExceptionRecord) -> VendorReject:
    reasons = exception.reasons
    return VendorReject(
        sequence=exception.sequence or 0,
        code=reasons[0].code if reasons else "",
        reason="; ".join(f"{r.path}: {r.message}" if r.path else r.message for r in reasons),
        identifiers=tuple(sorted(identifiers_of(exception.record))),
    )


def _token_died(services: Services, record: Import, part: Part, turn: Turn, during: Pass) -> Answer:
    """Begin again what was not executed; of what was, the refused rows cannot be named any more."""
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    if during == "validation":
        why = "its token died while exceptions were read, before it was executed"
        services.parts.change(record.import_id, part, state="dead", given_up=why)
        return answer("initiate")
    services.parts.change(record.import_id, part, finished_at=iso_now())
    reached("exceptions lost with the token")
    raise TokenDied(
        f"The vendor's token of part {part.number} died before its exceptions were read.",
        hint="The counts in the report are right, but the refused rows cannot be named.",
    ) from None


def _finish(services: Services, record: Import, part: Part, turn: Turn) -> Answer:
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    if part.failed_partly:
        raise VendorFailed(
            f"The vendor reports that part {part.number} failed, and counts {part.processed} "
            "records of it as processed.",
            hint="Ask the vendor's support what became of the token in the report. Only `prefdrop "
            "imports retry --force` imports the part again.",
        )
    part = services.parts.change(record.import_id, part, state="finished", finished_at=iso_now())
    show_progress(services, record, "Collecting", part)
    if not part.source_read:
        services.imports.update(record, executing=None)
    return answer("finish" if part.source_read else "initiate")
