"""What every step of an export has in common: its input, its answer, and what comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from prefdrop.exporting.services import ExportServices
from prefdrop.importing.step import Answer, answer, step
from prefdrop.ledger.exports import ExportRun, RunStatus
from prefdrop.services import Deadline, Services

NEXT: dict[RunStatus, str] = {
    "Beginning": "begin",
    "Waiting": "poll",
    "Retrieving": "retrieve",
    "Finishing": "finish",
    "Publishing": "finish",
    "Completed": "done",
    "Skipped": "busy",
    "Failed": "failed",
}
"""The step that goes on with a run, by its status. What ends in `failed` no step goes on with."""


class ExportInput(msgspec.Struct, frozen=True):
    """What the state machine hands to a step."""

    export: str
    run: str
    execution: str
    full: bool = False
    input: dict[str, Any] = {}
    """What the execution was started with; the machine of an older release leaves it out."""
    step: dict[str, Any] = {}
    task_token: str = ""

    @property
    def cursor(self) -> dict[str, Any]:
        """What the step's invocation before this one left; empty at its first."""
        cursor: dict[str, Any] = self.step.get("cursor") or {}
        return cursor


def next_of(run: ExportRun, *, seconds: float = 1, cursor: dict[str, Any] | None = None) -> Answer:
    """Say what comes next by what the ledger holds; `seconds` bounds a wait."""
    return answer_of(NEXT[run.status], run, seconds=max(1, seconds), cursor=cursor)


def answer_of(
    next_step: str, run: ExportRun, *, seconds: float, cursor: dict[str, Any] | None = None
) -> Answer:
    """Say what comes next, and of which attempt: a step of an earlier one is known by it."""
    return answer(next_step, cursor={"attempt": run.attempt, **(cursor or {})}, seconds=seconds)


def is_late(request: ExportInput, run: ExportRun) -> bool:
    """Whether a step was called for an attempt that is over; then it changes nothing.

    Machines of older releases do not say for which attempt they call.
    """
    return bool(request.cursor.get("attempt", run.attempt) != run.attempt)


Run = Callable[[ExportServices, dict[str, Any], Deadline], Any]


def export_step(
    run: Run, make_services: Callable[[], ExportServices] = ExportServices
) -> Callable[[dict[str, Any], Any], Any]:
    """Make a step's `run` a Lambda handler, as the import's steps are made."""
    return step(
        cast("Callable[[Services, dict[str, Any], Deadline], Answer | None]", run), make_services
    )
