"""CollectExceptions: read every record that the vendor refused, before the part's token dies.

The vendor lists refusals of validation and of execution together. So those of validation are read
once while nothing is executed; what a later reading adds to them, execution refused.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from prefdrop.feeds import identifiers_of
from prefdrop.importing import spool
from prefdrop.importing.check_status import TokenDied
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.spool import Pass, VendorReject
from prefdrop.importing.step import Answer, StepInput, answer
from prefdrop.importing.totals import count_requests, show_progress
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part
from prefdrop.ledger.turns import Turn
from prefdrop.mypreferences import ExceptionRecord, TokenRefused

STRETCH = 20_000
"""Exceptions in one object of the spool: they are sorted in memory."""

MARGIN_SECONDS = 60
"""Time kept for the requests and writes that are under way when an invocation ends."""


def run(services: Services, event: dict[str, Any], deadline: Deadline) -> Answer:
    """Answer `collect` while there is more to read, then what comes next."""
    request = msgspec.convert(event, StepInput)
    turn = services.turns.require(request.execution)
    record = services.imports.get(request.import_id)
    part = services.parts.live(record.import_id)[-1]
    during = cast(Pass, request.pass_name)
    services.imports.update(record.import_id, status="Collecting")
    expected = part.rejected_validation if during == "validation" else part.rejected_execution
    try:
        if expected:
            cursor = _collect(services, record, part, during, request.cursor, deadline)
            if cursor is not None:
                return answer("collect", cursor=cursor)
    except TokenRefused:
        raise TokenDied(
            f"The vendor's token of part {part.number} died before its exceptions were read.",
            hint="The counts in the report are right, but the refused rows cannot be named.",
        ) from None
    finally:
        count_requests(services, record.import_id)
    if during == "validation":
        return answer("gates")
    return _finish(services, record, part, turn)


def _collect(
    services: Services,
    record: Import,
    part: Part,
    during: Pass,
    cursor: dict[str, Any],
    deadline: Deadline,
) -> dict[str, Any] | None:
    """Spool stretch after stretch; returns where to go on, or None at the end."""
    offset, number = int(cursor.get("offset", 1)), int(cursor.get("number", 1))
    while True:
        stretch: list[VendorReject] = []
        more = True
        while more and len(stretch) < STRETCH:
            page = services.vendor.imports.exceptions(part.token, offset=offset)
            stretch += [_reject(one) for one in page.records]
            offset += page.count
            more = page.has_more and page.count > 0
        spool.write_vendor(services.objects, record.import_id, part.number, during, number, stretch)
        if not more:
            return None
        number += 1
        if deadline.remaining() < MARGIN_SECONDS:
            return {"offset": offset, "number": number}


def _reject(exception: ExceptionRecord) -> VendorReject:
    reasons = exception.reasons
    return VendorReject(
        sequence=exception.sequence or 0,
        code=reasons[0].code if reasons else "",
        reason="; ".join(f"{r.path}: {r.message}" if r.path else r.message for r in reasons),
        identifiers=tuple(sorted(identifiers_of(exception.record))),
    )


def _finish(services: Services, record: Import, part: Part, turn: Turn) -> Answer:
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    part = services.parts.change(record.import_id, part, state="finished", finished_at=iso_now())
    show_progress(services, record, "Collecting", part)
    return answer("finish" if part.source_read else "initiate")
