"""What an operator decides about an import: approve, cancel, retry.

Each decision is one conditional write in the ledger, made before anything acts on it, and never
rolled back. Then the waiting execution is told. Where that fails, SweepTurns does it again.
"""

from __future__ import annotations

import uuid
from typing import Any, Literal

import msgspec
from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from prefdrop.errors import Terminal
from prefdrop.importing.correcting import checked_correction
from prefdrop.importing.step import answer
from prefdrop.importing.turn import is_running, send
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.imports import (
    FINISHED,
    NOT_ENDED,
    AttemptOver,
    Decision,
    Hold,
    Import,
)
from prefdrop.ledger.table import ConditionFailed
from prefdrop.reached import reached
from prefdrop.services import Services
from prefdrop.telemetry import logger


class NotHeld(Terminal):
    """The import is not held, or the decision about its hold was made already."""


class TooLate(Terminal):
    """The import cannot be cancelled any more: it is being executed, or has ended."""


class NothingToRetry(Terminal):
    """The import is still running, or it completed."""


def approve(
    services: Services,
    import_id: str,
    corrected: bytes | None = None,
    file: str = "",
    *,
    by: str = "",
    reason: str = "",
) -> Import:
    """Let a held import go on; the approval stays with it.

    `corrected` is its rejects file with rows corrected, `file` its name: these rows are staged
    into the import before it is executed. Until the import goes on, a second approval replaces the
    first one with its corrections. `by` and `reason` are kept. Raises NotHeld, NotACorrection and
    SourceError.
    """
    record = services.imports.get(import_id)
    hold = _open_hold(record)
    decision = _decision("approve", by, reason)
    correction = hold.correction
    if corrected is not None:
        correction = checked_correction(services, record, corrected, file, decision.id)
    decided = replace(hold, state="approved", decision=decision.id, correction=correction)
    try:
        record = services.imports.update(
            record,
            when=_as_read(record, hold) & Attr("cancelled").not_exists(),
            hold=decided,
            decisions=[*record.decisions, decision],
        )
    except (ConditionFailed, AttemptOver):
        record = services.imports.get(import_id)
        if record.hold is None or record.hold.decision != decision.id:
            reached("an approval lost to another decision")
            _open_hold(record)
            raise _at_the_same_time(record) from None
    send_decision(services, record)
    return record


def cancel(services: Services, import_id: str, *, by: str = "", reason: str = "") -> Import:
    """Stop an import before it is executed; nothing of its last part is. Raises TooLate.

    Cancelling one that is cancelled already changes nothing.
    """
    record = services.imports.get(import_id)
    if record.cancelled is not None and record.status not in FINISHED:
        reached("a cancelled import cancelled again")
        send_decision(services, record)
        return record
    _see_that_it_can_be_cancelled(services, record)
    decision, hold = _decision("cancel", by, reason), record.last_hold
    changes: dict[str, Any] = {"cancelled": decision, "decisions": [*record.decisions, decision]}
    if hold is not None and hold.state != "ended":
        reached("a held import cancelled")
        changes["hold"] = replace(hold, state="cancelled", decision=decision.id)
    when = NOT_ENDED & Attr("executing").not_exists() & Attr("cancelled").not_exists()
    if hold is not None:
        when = when & _same_decision(record, hold)
    try:
        record = services.imports.update(record, when=when, **changes)
    except (ConditionFailed, AttemptOver):
        record = services.imports.get(import_id)
        if record.cancelled is None or record.cancelled.id != decision.id:
            reached("a cancel lost to another decision")
            _see_that_it_can_be_cancelled(services, record)
            raise _at_the_same_time(record) from None
    send_decision(services, record)
    _call_from_the_queue(services, record)
    return record


def retry(
    services: Services,
    import_id: str,
    state_machine: str,
    *,
    force: bool = False,
    except_newer: bool = False,
    by: str = "",
    reason: str = "",
) -> str:
    """Go on with a stopped import in a new execution, from the ledger; return its ARN.

    `force` lets it overwrite what a newer drop of the feed brought, `except_newer` leaves out the
    rows whose match key a newer drop held. Raises NothingToRetry.
    """
    record = services.imports.get(import_id)
    _see_that_it_can_be_retried(services, record)
    decision, hold = _decision("retry", by, reason), record.last_hold
    attempt = record.attempt + 1
    name = f"{import_id}-{attempt}"
    execution = state_machine.replace(":stateMachine:", ":execution:") + f":{name}"
    kept = hold if hold is not None and hold.state == "approved" else None
    try:
        record = services.imports.update(
            record,
            when=Attr("status").eq(record.status),
            attempt=attempt,
            forced=force,
            except_newer=except_newer,
            execution_arn=execution,
            continues=None,
            status="Registered",
            hold=kept,
            approved=None,
            approval_token=None,
            approval_tokens=None,
            cancelled=None,
            waiting=None,
            error=None,
            gate=None,
            initiate_after=None,
            finished_at=None,
            decisions=[*record.decisions, decision],
        )
    except (ConditionFailed, AttemptOver):
        record = services.imports.get(import_id)
        if not any(one.id == decision.id for one in record.decisions):
            reached("a retry lost to another")
            raise NothingToRetry(
                f"Another retry of import {import_id} has begun.",
                hint=f"Run `prefdrop imports show {import_id}`.",
            ) from None
    start_attempt(services, record)
    return record.execution_arn


def start_attempt(services: Services, record: Import) -> bool:
    """Start the execution of an attempt that was decided on; one that exists is fine.

    False when AWS refused: SweepTurns starts it then.
    """
    machine, _, name = record.execution_arn.rpartition(":")
    begun = {"continue" if record.continues else "retry": {"import_id": record.import_id}}
    try:
        services.step_functions.start_execution(
            stateMachineArn=machine.replace(":execution:", ":stateMachine:"),
            name=name,
            input=msgspec.json.encode(begun).decode(),
        )
    except (ClientError, BotoCoreError) as error:
        if (
            isinstance(error, ClientError)
            and error.response["Error"]["Code"] == "ExecutionAlreadyExists"
        ):
            reached("an execution started before")
            return True
        logger.warning("an execution was not started", extra={"code": type(error).__name__})
        return False
    return True


def send_decision(services: Services, record: Import, *tokens: str) -> bool:
    """Send the decision about a hold to the execution that waits for it.

    `tokens` are tried besides those that are kept. False when nobody waits, or AWS refused:
    SweepTurns sends it again while the execution runs.
    """
    hold = record.last_hold
    if record.cancelled is None and (hold is None or hold.state != "approved"):
        return False
    said = answer("cancel" if record.cancelled else "approve")
    return any(_sent(services, token, said) for token in (*tokens, *record.task_tokens))


def _call_from_the_queue(services: Services, record: Import) -> None:
    """Let a cancelled import that waits for its turn go on, to its end."""
    for token in services.turns.tokens_of(record.execution_arn):
        reached("a cancelled import called from the queue")
        _sent(services, token, {"import_id": record.import_id})


def _sent(services: Services, token: str, said: dict[str, Any]) -> bool:
    try:
        return send(services, token, said)
    except (ClientError, BotoCoreError) as error:
        reached("a decision not sent")
        logger.warning("a task token was not sent", extra={"code": type(error).__name__})
        return False


def _decision(what: Literal["approve", "cancel", "retry"], by: str, reason: str) -> Decision:
    return Decision(id=uuid.uuid4().hex, what=what, at=iso_now(), by=by, reason=reason)


def _open_hold(record: Import) -> Hold:
    """Return the hold that can still be decided on; raises NotHeld."""
    hold = record.last_hold
    show = f"Run `prefdrop imports show {record.import_id}`."
    if record.cancelled is not None:
        raise NotHeld(
            f"Import {record.import_id} was cancelled at {record.cancelled.at}.", hint=show
        )
    if hold is None or hold.taken or hold.state not in ("pending", "approved"):
        reached("a decision about no hold")
        raise NotHeld(f"Import {record.import_id} is {record.status}, not Held.", hint=show)
    if record.status in FINISHED:
        raise NotHeld(f"The hold of import {record.import_id} has ended.", hint=show)
    return hold


def _as_read(record: Import, hold: Hold) -> ConditionBase:
    """Return the condition that the hold is open and the decision is as it was read."""
    same = NOT_ENDED & _same_decision(record, hold)
    return same if record.hold is None else same & Attr("hold.taken").eq(value=False)


def _same_decision(record: Import, hold: Hold) -> ConditionBase:
    if record.hold is None:
        return Attr("hold").not_exists()
    return Attr("hold.id").eq(hold.id) & Attr("hold.decision").eq(hold.decision)


def _at_the_same_time(record: Import) -> NotHeld:
    last = record.decisions[-1] if record.decisions else None
    what = f": {last.what} at {last.at}" if last else ""
    return NotHeld(
        f"Another operator decided about import {record.import_id} at the same time{what}.",
        hint=f"Run `prefdrop imports show {record.import_id}`, and decide again.",
    )


def _see_that_it_can_be_cancelled(services: Services, record: Import) -> None:
    show = f"Run `prefdrop imports show {record.import_id}` to see what becomes of it."
    if record.status in FINISHED:
        raise TooLate(f"Import {record.import_id} has ended {record.status}.", hint=show)
    parts = services.parts.all(record.import_id)
    if record.executing or any(part.state == "executing" for part in parts):
        reached("a cancel after Execute")
        raise TooLate(
            f"The vendor was told to execute import {record.import_id}; it cannot be cancelled.",
            hint=show,
        )


def _see_that_it_can_be_retried(services: Services, record: Import) -> None:
    done = record.status in ("Completed", "CompletedWithRejects", "Duplicate")
    if done or (record.status not in FINISHED and is_running(services, record.execution_arn)):
        raise NothingToRetry(
            f"Import {record.import_id} is {record.status}.",
            hint="Only an import that failed, was aborted or is unreconciled can be retried.",
        )
