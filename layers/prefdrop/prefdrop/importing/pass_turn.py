"""PassTurn: hand the turn to the next import, once the vendor is surely done with this one.

It runs as a step, and again from a rule on executions that were aborted, timed out or failed.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import PrefdropError
from prefdrop.importing.execute_part import NOT_EXECUTED
from prefdrop.importing.record_failure import RETRY_HINT, import_of
from prefdrop.importing.step import Answer, StepInput, answer
from prefdrop.importing.turn import hand_over
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop.ledger.imports import FINISHED, Failure, Status
from prefdrop.ledger.parts import Part
from prefdrop.ledger.table import ConditionFailed
from prefdrop.mypreferences import TokenRefused
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import logger

ENDED = {
    "ABORTED": "ExecutionAborted",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
}
"""Error codes of executions that ended without writing down why."""

WORDS = {
    "ABORTED": "Its execution was stopped from outside (ABORTED).",
    "FAILED": "Its execution failed without writing down why (FAILED).",
    "TIMED_OUT": "Its execution ran out of time (TIMED_OUT).",
}


def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Pass the turn of the execution that asks, or of the one whose end the event tells of."""
    if "detail" in event:
        detail = event["detail"]
        pass_turn(services, detail["executionArn"])
        import_id = import_of(msgspec.json.decode(detail.get("input") or "{}"))
        mark_ended(services, import_id, detail["executionArn"], detail["status"])
        return answer("passed")
    request = msgspec.convert(event, StepInput)
    if _was_approved_late(services, request):
        return answer("resume")
    if pass_turn(services, request.execution):
        return answer("report")
    looks = int(request.cursor.get("looks", 0))
    seconds = services.settings.poll_max_seconds * 1.2 ** min(looks, 100)
    seconds = min(seconds, services.settings.longest_wait_seconds)
    return answer("wait", seconds=seconds, cursor={"looks": looks + 1})


def _was_approved_late(services: Services, request: StepInput) -> bool:
    """End a hold that ran out, unless an operator approved it in the last moment.

    Then the import goes on. An execution of an earlier release cannot, and is aborted.
    """
    record = services.imports.find(request.import_id)
    hold = record.hold if record else None
    if record is None or hold is None or record.execution_arn != request.execution:
        return False
    if record.cancelled is not None:
        return False
    if hold.state == "pending":
        try:
            ended = msgspec.structs.replace(hold, state="ended")
            pending = Attr("hold.id").eq(hold.id) & Attr("hold.state").eq("pending")
            services.imports.update(record, when=pending, hold=ended)
        except ConditionFailed:
            reached("a hold decided on in its last moment")
            return _was_approved_late(services, request)
        return False
    return hold.state == "approved" and not hold.taken and hold.movable and not record.error


def mark_ended(services: Services, import_id: str, execution: str, status: str) -> None:
    """Write into the ledger that an execution ended without saying so itself.

    `status` is the execution's; the import is left alone when another execution goes on with it.
    """
    record = services.imports.find(import_id)
    if record is None or record.execution_arn != execution:
        return
    if record.status not in FINISHED and status in ENDED:
        reached("an end written down for an execution")
        ended = Failure(ENDED[status], WORDS[status], RETRY_HINT)
        ended_as: Status = "Aborted" if status == "ABORTED" else "Failed"
        written = services.imports.show_progress(
            record, status=ended_as, error=record.error or ended, finished_at=iso_now()
        )
        if written and record.content_sha256:
            services.drops.release_content(record)


def pass_turn(services: Services, execution: str) -> bool:
    """Leave the queue and pass the turn on, if `execution` has it.

    False when the vendor may still be executing its import: then the turn stays, because nobody
    else may stage meanwhile.
    """
    holder = services.turns.holder()
    if holder.execution != execution:
        services.turns.drop_ticket(execution)
        return True
    parts = services.parts.all(holder.import_id)
    executions = [_execution(services, part) for part in parts]
    if "running" in executions:
        reached("a turn kept while the vendor executes")
        logger.info("the vendor is still executing; the turn stays")
        return False
    services.turns.drop_ticket(execution)
    if not parts:
        hand_over(services, holder)
        return True
    last = parts[-1]
    writes = [services.parts.fence(holder.import_id, last)]
    if last.state == "staged" and executions[-1] == "over":
        # It was executed, or may have been, and its worker did not come to write that down.
        writes += services.drops.executed(services.imports.get(holder.import_id))
    hand_over(services, holder, *writes, not_before=last.lease_until)
    return True


def _execution(services: Services, part: Part) -> Literal["none", "running", "over"]:
    """Return how far the vendor's execution of the part is, or may be where nobody knows."""
    told = part.state == "executing" or (part.state == "staged" and part.execute_until > 0)
    if not told:
        return "none"
    if part.expires <= now_ms():
        return "over"
    try:
        status = services.vendor.status(part.token).status
    except TokenRefused:
        return "over"
    except PrefdropError as error:
        logger.warning("the vendor's status is not known", extra={"code": error.code})
        return "running"
    if part.state == "staged" and status in NOT_EXECUTED:
        reached("an Execute that may still land")
        return "running" if part.execute_until > now_ms() else "none"
    return "over" if status in ("Completed", "Failed") else "running"
