"""What the workflow did for an import, step by step, as its execution's history has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from prefdrop.ledger.clock import iso_of

TROUBLE = ("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "LambdaFunctionTimedOut")
"""Events that tell of a failed try of a step."""


class StepSpan(msgspec.Struct):
    """One state of the workflow: how often it was entered, when first and last, what failed."""

    name: str
    """The state, as [drawn](architecture.md#an-import)."""
    times: int = 0
    """How often it was entered."""
    first: str = ""
    """When first (a moment)."""
    last: str = ""
    """When last (a moment)."""
    failures: dict[str, int] = {}
    """Failed tries by the error's name."""


class Trace(msgspec.Struct):
    """An execution as its history tells it."""

    spans: list[StepSpan] = []
    """In order of first entry."""
    state: str = ""
    """The state that was entered last."""
    since: str = ""


def read_trace(client: Any, execution: str) -> Trace | None:
    """The trace of an execution; None when it is not known any more."""
    try:
        pages = client.get_paginator("get_execution_history").paginate(
            executionArn=execution, includeExecutionData=False
        )
        return trace(event for page in pages for event in page["events"])
    except client.exceptions.ExecutionDoesNotExist:
        return None


def trace(events: Iterable[dict[str, Any]]) -> Trace:
    """Read a history, oldest event first."""
    told = Trace()
    spans: dict[str, StepSpan] = {}
    for event in events:
        if entered := event.get("stateEnteredEventDetails"):
            at = iso_of(event["timestamp"])
            told.state, told.since = entered["name"], at
            span = spans.setdefault(told.state, StepSpan(told.state, first=at))
            span.times += 1
            span.last = at
        elif event["type"] in TROUBLE and told.state:
            error = _error(event)
            failures = spans[told.state].failures
            failures[error] = failures.get(error, 0) + 1
    told.spans = list(spans.values())
    return told


def _error(event: dict[str, Any]) -> str:
    return next(_errors(event), event["type"])


def _errors(event: dict[str, Any]) -> Iterator[str]:
    for name, details in event.items():
        if name.endswith("EventDetails") and "error" in details:
            yield details["error"]
