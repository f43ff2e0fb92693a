"""Step Functions' rules that moto lacks, with AWS's answers."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
from moto import mock_aws

from prefdrop_local.stack import limits
from prefdrop_local.stack.limits import executions
from prefdrop_local.stack.patching import Patches
from tests.unit.limits.conftest import refusal


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A state machine that never ends by itself, and histories of 40 events."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr(executions, "MOST_EVENTS", 40)
    patches = Patches()
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        limits.install(patches)
        client = boto3.client("stepfunctions", "us-east-1")
        again = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
        role = "arn:aws:iam::123456789012:role/r"
        made = client.create_state_machine(name="m", definition=json.dumps(again), roleArn=role)
        yield client, made["stateMachineArn"]
        patches.undo()


def test_each_rule_of_step_functions_refuses(machine: Any, subtests: pytest.Subtests) -> None:
    client, arn = machine
    large, cause = json.dumps("x" * 262_144), "x" * 32_769
    rules: dict[str, tuple[str, dict[str, Any]]] = {
        "input": ("start_execution", {"stateMachineArn": arn, "input": large}),
        "output": ("send_task_success", {"taskToken": "t", "output": large}),
        "cause": ("send_task_failure", {"taskToken": "t", "cause": cause}),
        "error": ("send_task_failure", {"taskToken": "t", "error": "x" * 257}),
        "long name": ("start_execution", {"stateMachineArn": arn, "name": "x" * 81}),
        "cause of a stop": ("stop_execution", {"executionArn": arn, "cause": cause}),
    }
    for rule, (operation, request) in rules.items():
        with subtests.test(rule):
            assert refusal(client, operation, request)[0] == "ValidationException"


def test_other_characters_in_an_executions_name_are_refused(
    machine: Any, subtests: pytest.Subtests
) -> None:
    client, arn = machine
    for character in (" ", ":", '"', "/", "*", "[", "\\", "\x7f"):
        with subtests.test(character):
            request = {"stateMachineArn": arn, "name": f"a{character}b"}
            assert refusal(client, "start_execution", request)[0] == "InvalidName"


def test_execution_with_a_full_history_fails(machine: Any) -> None:
    client, arn = machine
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]

    while (ended := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.01)

    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "maximum number of history events" in ended["cause"]
    events = client.get_execution_history(executionArn=execution)["events"]
    assert events[-1]["type"] == "ExecutionFailed"
    assert len(events) <= 41
