"""SweepTurns: every minute, see that nothing has stuck.

It tells a holder again that may not have been told, and takes the turn from an execution that has
ended without passing it, as when it was stopped and the rule's event got lost. It does again what
an operator's decision asks for and AWS did not do. It passes the turn of an import that a gate
holds while others wait. It continues an import whose execution waits for a token that the ledger
never heard of.
"""

from __future__ import annotations

from typing import Any

from prefdrop.importing.gauges import tell_turn, tell_vendor_wait, tell_waiting
from prefdrop.importing.handing_on import hand_on
from prefdrop.importing.operate import send_decision, start_attempt
from prefdrop.importing.pass_turn import mark_ended, pass_turn
from prefdrop.importing.turn import hand_over, is_running, status_of, tell
from prefdrop.ledger.clock import milliseconds_of, now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.turns import Turn
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import logger

HOLD_KEEPS_TURN_MS = 30 * 60_000
"""How long a gate's hold keeps the turn while other imports wait for it."""

LOST_AFTER_MS = 60 * 60_000
"""After how long a wait without its token in the ledger counts as one whose function never ran."""

OLDEST = 100
"""Imports in the queue that are looked at for lost waits: one further back waits for them anyway.
"""

START_AFTER_MS = 30_000
"""How long whoever decided has to start the execution himself."""


def run(services: Services, _event: dict[str, Any], _: Deadline) -> None:
    """Look at decisions, at the head of the queue and at the holder once."""
    queue = services.turns.queue()
    served = {ticket.execution for ticket in queue} | {services.turns.holder().execution}
    _look_after_waits(services, served)
    for ticket in queue:
        if is_running(services, ticket.execution):
            break
        if ticket.execution != services.turns.holder().execution:
            reached("the ticket of an ended execution")
            services.turns.drop_ticket(ticket.execution)
            _mark_ended(services, ticket.import_id, ticket.execution)
    holder = services.turns.holder()
    others = sum(ticket.execution != holder.execution for ticket in queue)
    tell_waiting(others)
    tell_turn(holder if others else None)
    record = services.imports.find(holder.import_id) if holder.import_id else None
    tell_vendor_wait(record)
    if not holder.execution:
        if services.turns.queue():
            reached("a free turn with a queue")
            hand_over(services, holder)
    elif not is_running(services, holder.execution):
        _take_back(services, holder, record)
    elif record is not None and others and _is_held_too_long(record):
        reached("a hold passed while others wait")
        _pass_while_held(services, holder, record)
    elif not holder.acknowledged:
        reached("a holder told again")
        tell(services, holder)
        if record is not None and all(ticket.execution != holder.execution for ticket in queue):
            _continue_if_lost(services, record)


def _look_after_waits(services: Services, served: set[str]) -> None:
    """Do again what AWS may have refused when an operator decided, or when a wait began."""
    for record in services.imports.list("Held", limit=None):
        if not send_decision(services, record) and not record.task_tokens:
            _continue_if_lost(services, record)
    for record in services.imports.list("Registered", limit=None):
        waited = now_ms() - milliseconds_of(record.updated_at)
        if record.attempt > 1 and waited > START_AFTER_MS:
            _start_if_missing(services, record)
    for record in services.imports.list("Queued", limit=OLDEST, newest_first=False):
        if record.execution_arn not in served:
            _continue_if_lost(services, record)


def _continue_if_lost(services: Services, record: Import) -> None:
    """Continue, in a new execution, an import that waits for a token which nobody kept."""
    waited = now_ms() - milliseconds_of(record.updated_at)
    if waited < LOST_AFTER_MS or not is_running(services, record.execution_arn):
        return
    reached("a wait whose function never ran")
    logger.warning("an execution waits in vain", extra={"import": record.import_id})
    lost = record.execution_arn
    hand_on(services, record, services.turns.holder())
    services.step_functions.stop_execution(executionArn=lost, cause="It waited in vain.")


def _start_if_missing(services: Services, record: Import) -> bool:
    return not status_of(services, record.execution_arn) and start_attempt(services, record)


def _take_back(services: Services, holder: Turn, record: Import | None) -> None:
    handed_on = record is not None and record.execution_arn == holder.execution
    if (
        record is not None
        and handed_on
        and record.continues
        and _start_if_missing(services, record)
    ):
        return
    logger.warning("the turn's holder has ended without passing it on")
    reached("a holder that ended with the turn")
    pass_turn(services, holder.execution)
    _mark_ended(services, holder.import_id, holder.execution)


def _is_held_too_long(record: Import) -> bool:
    hold = record.hold
    if hold is None or not hold.movable or hold.state != "pending" or record.status != "Held":
        return False
    return milliseconds_of(hold.since) + HOLD_KEEPS_TURN_MS < now_ms()


def _pass_while_held(services: Services, holder: Turn, record: Import) -> None:
    """Give the held part up and pass the turn; an approval takes a ticket and stages it again."""
    part = services.parts.current(record.import_id, "staged")
    if part is not None:
        why = "a gate held it while other imports waited"
        services.parts.change(record.import_id, part, state="dead", set_aside=True, given_up=why)
    pass_turn(services, holder.execution)


def _mark_ended(services: Services, import_id: str, execution: str) -> None:
    """Write down the end of an execution; the rule's event of it may have been lost."""
    mark_ended(services, import_id, execution, status_of(services, execution))
