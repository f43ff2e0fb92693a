"""Handing the turn over: write the holder, send its token, write down that it was sent."""

from __future__ import annotations

import msgspec
from botocore.exceptions import ClientError

from prefdrop.ledger.table import Write
from prefdrop.ledger.turns import Turn
from prefdrop.reached import reached
from prefdrop.services import Services
from prefdrop.telemetry import logger

DEAD_TOKEN = frozenset({"InvalidToken", "TaskTimedOut", "TaskDoesNotExist"})
"""How Step Functions says that nobody waits for a token any more; which one varies."""


def hand_over(services: Services, held: Turn, *fence: Write, not_before: int = 0) -> None:
    """Give the turn on and tell its new holder, who may begin `not_before` that time (ms).

    When nobody waits, look again after the turn is free: a ticket may have been taken meanwhile
    by an import that still saw the turn held.
    """
    turn = services.turns.hand_over(held, *fence, not_before=not_before)
    if turn is not None and not turn.execution and services.turns.queue():
        reached("a ticket taken while the turn was freed")
        turn = services.turns.hand_over(turn)
    if turn is not None and turn.execution:
        tell(services, turn)


def tell(services: Services, turn: Turn) -> None:
    """Send the holder its task token; a dead token is left to the sweeper."""
    tokens = services.turns.tokens_of(turn.execution)
    if any(send(services, token, {"import_id": turn.import_id}) for token in tokens):
        services.turns.acknowledge(turn)


def send(services: Services, token: str, output: dict[str, object]) -> bool:
    """Answer a waiting state; False when nobody waits for the token any more."""
    try:
        services.step_functions.send_task_success(
            taskToken=token, output=msgspec.json.encode(output).decode()
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in DEAD_TOKEN:
            raise
        logger.warning("a task token is dead", extra={"code": error.response["Error"]["Code"]})
        return False
    return True


def is_running(services: Services, execution: str) -> bool:
    """Whether an execution still runs; one that is not known any more does not."""
    return status_of(services, execution) == "RUNNING"


def status_of(services: Services, execution: str) -> str:
    """An execution's status; empty when it is not known any more."""
    try:
        answer = services.step_functions.describe_execution(executionArn=execution)
    except services.step_functions.exceptions.ExecutionDoesNotExist:
        return ""
    return answer["status"]
