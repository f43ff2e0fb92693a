"""SweepTurns: every minute, see that the turn has not stuck.

It tells a holder again that was not surely told, and takes the turn from an execution that has
really ended without passing it, as when it was aborted and the rule's event got lost.
"""

from __future__ import annotations

from typing import Any

from prefdrop.importing.pass_turn import pass_turn
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.turn import hand_over, is_running, tell
from prefdrop.telemetry import logger


def run(services: Services, _event: dict[str, Any], _: Deadline) -> None:
    """Look at the holder and at the head of the queue once."""
    for ticket in services.turns.queue():
        if is_running(services, ticket.execution):
            break
        if ticket.execution != services.turns.holder().execution:
            services.turns.drop_ticket(ticket.execution)
    holder = services.turns.holder()
    if not holder.execution:
        if services.turns.queue():
            hand_over(services, holder)
    elif not is_running(services, holder.execution):
        logger.warning("the turn's holder has ended without passing it on")
        pass_turn(services, holder.execution)
    elif not holder.acknowledged:
        tell(services, holder)
