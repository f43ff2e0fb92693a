"""Going on in another execution, before the history of this one is full.

Step Functions ends an execution at 25,000 events. The ledger holds all that an import needs, so
another execution goes on from there, with the turn.
"""

from __future__ import annotations

from prefdrop.importing.operate import start_attempt
from prefdrop.importing.step import StepInput
from prefdrop.ledger.imports import Import
from prefdrop.ledger.table import ConditionFailed, another_worker
from prefdrop.ledger.turns import Turn
from prefdrop.reached import reached
from prefdrop.services import Services


def hand_on(services: Services, record: Import, turn: Turn) -> None:
    """Give the import, and the turn if it has it, to a new execution, in one write, and start it.

    Raises LedgerBusy when the turn moved in between.
    """
    machine, _, _ = record.execution_arn.rpartition(":")
    execution = f"{machine}:{record.import_id}-{record.attempt}-{record.continued + 1}"
    has_turn = turn.execution == record.execution_arn
    with_turn = [services.turns.give_to(turn, execution)] if has_turn else []
    try:
        record = services.imports.hand_on(record, execution, *with_turn)
    except ConditionFailed:
        reached("the turn moved while it was handed on")
        raise another_worker() from None
    services.turns.drop_ticket(record.continues)
    start_attempt(services, record)


def was_handed_on(services: Services, request: StepInput) -> bool:
    """Return whether this execution handed its import on before; see that the other one started."""
    record = services.imports.get(request.import_id)
    if record.continues != request.execution:
        return False
    reached("handed on before this step was tried again")
    services.turns.drop_ticket(record.continues)
    start_attempt(services, record)
    return True
