"""A bucket, a ledger and an export's services on moto, without a vendor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from prefdrop.exporting.services import ExportServices
from tests.call_watch import asked
from tests.emulated_aws import ENVIRONMENT, emulated_aws, make_bucket, make_tables

SETTINGS = ENVIRONMENT | {
    "PREFDROP_EXPORT_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:prefdrop-export",
}


class StepFunctions:
    """Step Functions as exports call it; remembers what was started and woken."""

    class exceptions:  # noqa: N801 - boto3's name
        class ExecutionAlreadyExists(Exception):
            pass

        class ExecutionDoesNotExist(Exception):
            pass

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.inputs: dict[str, str] = {}
        self.woken: list[str] = []

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: N803
        asked("stepfunctions", "StartExecution", stateMachineArn=stateMachineArn)
        arn = stateMachineArn.replace("stateMachine", "execution") + f":{name}"
        if arn in self.started:
            raise self.exceptions.ExecutionAlreadyExists
        self.started[arn], self.inputs[arn] = json.loads(input), input
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        asked("stepfunctions", "DescribeExecution", executionArn=executionArn)
        if executionArn not in self.started:
            raise self.exceptions.ExecutionDoesNotExist
        return {"status": "RUNNING", "input": self.inputs[executionArn]}

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803
        asked("stepfunctions", "SendTaskSuccess")
        assert json.loads(output)
        self.woken.append(taskToken)


@pytest.fixture
def services() -> Iterator[ExportServices]:
    with emulated_aws():
        make_bucket()
        make_tables()
        boto3.client("events").create_event_bus(Name="bus")
        boto3.client("secretsmanager").create_secret(
            Name="webhook",
            SecretString=json.dumps({"key": "k" * 32, "shared_secrets": ["for webhooks only"]}),
        )
        made = ExportServices(SETTINGS)
        made.__dict__["step_functions"] = StepFunctions()
        yield made


@pytest.fixture
def machine(services: ExportServices) -> StepFunctions:
    found: Any = services.step_functions
    return found  # type: ignore[no-any-return]
