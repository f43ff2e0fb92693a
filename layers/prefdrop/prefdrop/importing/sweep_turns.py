"""SweepTurns: every minute, see that the turn has not stuck.

It tells a holder again that was not surely told, and takes the turn from an execution that has
really ended without passing it, as when it was aborted and the rule's event got lost.
"""

from __future__ import annotations

from typing import Any

from prefdrop.importing.gauges import tell_waiting
from prefdrop.importing.pass_turn import mark_ended, pass_turn
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.turn import hand_over, is_running, status_of, tell
from prefdrop.telemetry import logger


def run(services: Services, _event: dict[str, Any], _: Deadline) -> None:
    """Look at the holder and at the head of the queue once."""
    queue = services.turns.queue()
    for ticket in queue:
        if is_running(services, ticket.execution):
            break
        if ticket.execution != services.turns.holder().execution:
            services.turns.drop_ticket(ticket.execution)
            _mark_ended(services, ticket.import_id, ticket.execution)
    holder = services.turns.holder()
    tell_waiting(sum(ticket.execution != holder.execution for ticket in queue))
    if not holder.execution:
        if services.turns.queue():
            hand_over(services, holder)
    elif not is_running(services, holder.execution):
        logger.warning("the turn's holder has ended without passing it on")
        pass_turn(services, holder.execution)
        _mark_ended(services, holder.import_id, holder.execution)
    elif not holder.acknowledged:
        tell(services, holder)


def _mark_ended(services: Services, import_id: str, execution: str) -> None:
    """The rule's event of this end may have been lost."""
    mark_ended(services, import_id, execution, status_of(services, execution))
