"""ExecutePart: wait out every doubt, compare totals a last time, tell the vendor to execute."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.errors import PrefdropError
from prefdrop.importing.check_status import died
from prefdrop.importing.initiate_part import after_refusal
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.step import Answer, StepInput, answer, wait_until
from prefdrop.importing.totals import count_requests, show_progress
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Fenced, Part
from prefdrop.mypreferences import (
    BadRequest,
    ImportStatus,
    TokenRefused,
    TooManyRequests,
    Unclear,
)
from prefdrop.telemetry import logger

NOT_EXECUTED = frozenset({"Initiated", "Staging"})
"""The vendor's states of an import that it has not been told to execute."""

EXECUTE_SECONDS = 30
"""Time for an Execute, which the vendor only queues."""


def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `poll` once the vendor executes, `wait` while a request may still land, or
    `initiate` when the part must be begun again; a request without an answer is looked into."""
    request = msgspec.convert(event, StepInput)
    turn = services.turns.require(request.execution)
    record = services.imports.get(request.import_id)
    part = services.parts.current(record.import_id, "staged", "executing")
    if part is None:
        return answer("initiate")
    if part.state == "executing":
        return _poll(services)
    if (busy_until := max(part.ghost_until, part.lease_until)) > now_ms():
        return wait_until(busy_until)
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    try:
        return _execute(services, record, part)
    except TokenRefused:
        told = services.parts.current(record.import_id, "staged")
        if told is None or told.execute_until:
            raise died(part) from None
        why = "the vendor no longer knows its token"
        services.parts.change(record.import_id, part, state="dead", given_up=why)
        return answer("initiate")
    except TooManyRequests as refused:
        slot = after_refusal(services, refused)
        if slot < part.expires:
            return wait_until(slot)
        why = "the vendor's limit frees no slot within its token's life"
        services.parts.change(record.import_id, part, state="dead", given_up=why)
        return answer("initiate")
    finally:
        count_requests(services, record.import_id)


def _execute(services: Services, record: Import, part: Part) -> Answer:
    status = services.vendor.status(part.token)
    if status.status in NOT_EXECUTED:
        if status.total_records_received != part.staged:
            logger.warning("the vendor's count is not the ledger's", extra={"part": part.number})
            why = "the vendor's count before Execute was not the ledger's"
            services.parts.change(record.import_id, part, state="torn", given_up=why)
            return answer("initiate")
        services.drops.executing(record)
        if services.settings.quota_unit == "request":
            services.quota.mark()
        status = _send(services, record, part)
    part = services.parts.change(
        record.import_id,
        part,
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
    part = services.parts.change(record.import_id, part, execute_until=until)
    if (until - now_ms()) / 1000 < seconds:
        raise Fenced("The worker stood still before its request could begin.")
    try:
        return vendor.execute(part.token, timeout=seconds)
    except (Unclear, BadRequest) as error:  # or an Execute before this one landed late
        status = vendor.status(part.token)
        if status.status not in NOT_EXECUTED:
            return status
        if isinstance(error, BadRequest):
            services.parts.change(record.import_id, part, execute_until=earlier)
        raise
    except PrefdropError:
        services.parts.change(record.import_id, part, execute_until=earlier)
        raise


def _poll(services: Services) -> Answer:
    return answer("poll", seconds=services.settings.poll_first_seconds, cursor={"polls": 0})
