"""One running stack of the small template in `fixtures/`, and words to talk about it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefdrop_local.stack import NO_VENDOR, LocalStack, StackSettings
from tests.workbench import PATIENCE

FIXTURES = Path(__file__).parent / "fixtures"
ALLOWED = "host.docker.internal"
"""The name beside the loopback's under which containers reach the stack."""


@pytest.fixture(scope="package")
def stack() -> Iterator[LocalStack]:
    settings = StackSettings(
        wait_scale=0.1, minute_seconds=3600, async_retry_seconds=0.05, allow_hosts=(ALLOWED,)
    )
    with LocalStack(FIXTURES, {"Greeting": "moin"}, NO_VENDOR, settings=settings) as running:
        yield running


@pytest.fixture
def machine(stack: LocalStack) -> Machine:
    return Machine(stack)


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The condition's first true value; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        threading.Event().wait(0.01)
    pytest.fail("what was waited for did not come")


class Machine:
    """The state machine of the small template."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.client = stack.client("stepfunctions")
        self.arn = stack.outputs["MachineArn"]

    def start(self, **what: Any) -> str:
        """Start an execution; returns its ARN."""
        started = self.client.start_execution(stateMachineArn=self.arn, input=json.dumps(what))
        arn: str = started["executionArn"]
        return arn

    def describe(self, arn: str) -> dict[str, Any]:
        described: dict[str, Any] = self.client.describe_execution(executionArn=arn)
        return described

    def ended(self, arn: str) -> dict[str, Any]:
        """The description of an execution once it runs no more."""

        def look() -> dict[str, Any] | None:
            described = self.describe(arn)
            return described if described["status"] != "RUNNING" else None

        described: dict[str, Any] = until(look)
        return described

    def run(self, **what: Any) -> dict[str, Any]:
        return self.ended(self.start(**what))

    def tokens(self, arn: str, count: int = 1) -> list[str]:
        """The task tokens that the execution's attempts were given, once there are so many."""
        table = self.stack.client("dynamodb")
        key = {"pk": {"S": arn.rsplit(":", 1)[-1]}}

        def look() -> list[str] | None:
            item = table.get_item(TableName=self.stack.outputs["TableName"], Key=key).get("Item")
            found = [one["S"] for one in item["tokens"]["L"]] if item else []
            return found if len(found) >= count else None

        tokens: list[str] = until(look)
        return tokens
