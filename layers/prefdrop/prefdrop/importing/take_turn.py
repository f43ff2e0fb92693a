"""TakeTurn: queue up for the account's only turn; whoever passes it on answers our task token."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.importing.step import StepInput, import_of, stop_if_cancelled
from prefdrop.importing.turn import hand_over, tell
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.turns import Ticket
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services


def run(services: Services, event: dict[str, Any], _: Deadline) -> None:
    """Take a ticket, then look whether the turn is free, or ours already."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    stop_if_cancelled(record)
    services.turns.take_ticket(
        Ticket(
            execution=request.execution,
            import_id=record.import_id,
            token=request.task_token,
            dropped_at=record.dropped_at,
            sequencer=record.sequencer,
            taken_at=now_ms(),
        )
    )
    holder = services.turns.holder()
    if holder.execution == request.execution:
        reached("a turn asked for by its holder")
        tell(services, holder)
    elif not holder.execution:
        hand_over(services, holder)
