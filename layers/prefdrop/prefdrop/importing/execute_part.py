"""ExecutePart: wait out every doubt, compare totals a last time, tell the vendor to execute."""

from __future__ import annotations

from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import PrefdropError
from prefdrop.importing.check_status import died
from prefdrop.importing.later_drops import is_outdated
from prefdrop.importing.step import (
    Answer,
    StepInput,
    answer,
    import_of,
    stop_if_cancelled,
    wait_until,
)
from prefdrop.importing.totals import show_progress
from prefdrop.importing.waiting import patient, slot_after_refusal
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Fenced, Part, PartState
from prefdrop.ledger.table import ConditionFailed
from prefdrop.mypreferences import (
    BadRequest,
    ImportStatus,
    TokenRefused,
    TooManyRequests,
    Unclear,
)
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import logger

NOT_EXECUTED = frozenset({"Initiated", "Staging"})
"""The vendor's states of an import that it has not been told to execute."""

EXECUTE_SECONDS = 30
"""Time for an Execute, which the vendor only queues."""


@patient()
def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `poll` once the vendor executes, `wait` while a request may still land, or
    `initiate` when the part must be begun again; a request without an answer is looked into."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    turn = services.turns.require(request.execution)
    part = services.parts.current(record.import_id, "staged", "executing")
    if part is None:
        return answer("initiate")
    if part.state == "executing":
        reached("an executing part executed again")
        return _poll(services)
    if (busy_until := max(part.ghost_until, part.lease_until)) > now_ms():
        reached("an Execute that waits out a doubt")
        return wait_until(busy_until)
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    try:
        return _execute(services, record, part)
    except TokenRefused:
        told = services.parts.current(record.import_id, "staged")
        if told is None or told.execute_until:
            reached("a dead token after an Execute in doubt")
            raise died(part) from None
        return _give_up(services, record, part, "dead", "the vendor no longer knows its token")
    except TooManyRequests as refused:
        reached("an Execute over the limit")
        slot = slot_after_refusal(services, record, refused)
        if slot < part.expires:
            return wait_until(slot)
        why = "the vendor's limit frees no slot within its token's life"
        return _give_up(services, record, part, "dead", why)


def _give_up(services: Services, record: Import, part: Part, state: PartState, why: str) -> Answer:
    """Begin the part again: it was surely not executed."""
    services.parts.change(record.import_id, part, state=state, given_up=why)
    services.imports.update(record, executing=None)
    return answer("initiate")


def _claim(services: Services, record: Import, part: Part) -> None:
    """Write down that the vendor is about to be told; an operator's cancel excludes it.

    Raises Cancelled when the operator was first.
    """
    uncancelled = Attr("cancelled").not_exists()
    try:
        services.imports.update(record, executing=part.number, when=uncancelled)
    except ConditionFailed:
        reached("a cancel just before Execute")
        stop_if_cancelled(services.imports.get(record.import_id))
        raise


def _execute(services: Services, record: Import, part: Part) -> Answer:
    status = services.vendor.status(part.token)
    if status.status in NOT_EXECUTED:
        if status.total_records_received != part.staged:
            reached("a part torn before Execute")
            logger.warning("the vendor's count is not the ledger's", extra={"part": part.number})
            why = "the vendor's count before Execute was not the ledger's"
            return _give_up(services, record, part, "torn", why)
        services.drops.check(record)
        if is_outdated(services, record, part):
            why = "a later drop of the feed was executed after it was staged"
            part = services.parts.change(record.import_id, part, set_aside=True)
            return _give_up(services, record, part, "dead", why)
        if services.settings.quota_unit == "request":
            services.quota.mark()
        status = _send(services, record, part)
    part = services.parts.change(
        record.import_id,
        part,
        *services.drops.executed(record),
        state="executing",
        executed_at=iso_now(),
        suspect_chunk=services.parts.suspect(record.import_id, part, status.total_records_received),
    )
    show_progress(services, record, "Executing", part)
    return _poll(services)


def _send(services: Services, record: Import, part: Part) -> ImportStatus:
    """Send Execute, written down before, so that nobody takes it for not sent after a crash."""
    vendor, limits = services.vendor, services.settings
    seconds = min(EXECUTE_SECONDS, limits.request_seconds)
    earlier, until = part.execute_until, now_ms() + int(limits.lease_seconds * 1000)
    _claim(services, record, part)
    part = services.parts.change(record.import_id, part, execute_until=until)
    if (until - now_ms()) / 1000 < seconds:
        reached("a worker too slow to send Execute")
        raise Fenced("The worker stood still before its request could begin.")
    try:
        return vendor.execute(part.token, timeout=seconds)
    except (Unclear, BadRequest) as error:  # or an Execute before this one landed late
        status = vendor.status(part.token)
        if status.status not in NOT_EXECUTED:
            return status
        if isinstance(error, BadRequest):
            reached("an Execute refused")
            _was_not_sent(services, record, part, earlier)
        raise
    except PrefdropError:
        _was_not_sent(services, record, part, earlier)
        raise


def _was_not_sent(services: Services, record: Import, part: Part, earlier: int) -> None:
    """Write down that the vendor surely was not told just now; it may have been `earlier`."""
    services.parts.change(record.import_id, part, execute_until=earlier)
    if not earlier:
        services.imports.update(record, executing=None)


def _poll(services: Services) -> Answer:
    return answer("poll", seconds=services.settings.poll_first_seconds, cursor={"polls": 0})
