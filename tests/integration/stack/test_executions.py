"""Executions behave as on AWS where moto's would not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from prefdrop_local.stack import LocalStack

from .conftest import Machine, until

LONG = 3600


def test_a_function_s_error_is_caught_by_its_name(machine: Machine) -> None:
    ended = machine.run(do="fail", message="no")

    output = json.loads(ended["output"])
    assert ended["status"] == "SUCCEEDED"
    assert output["error"]["Error"] == "RefusedError"
    assert json.loads(output["error"]["Cause"])["errorMessage"] == "no"


def test_a_crashed_function_is_retried(machine: Machine) -> None:
    before = len(machine.stack.invocations)

    ended = machine.run(do="crash")

    assert ended["status"] == "FAILED"
    assert ended["error"] == "Runtime.ExitError"
    assert [call.outcome for call in machine.stack.invocations[before:]][:2] == ["exited"] * 2


def test_a_choice_over_what_is_not_there_fails_the_execution(machine: Machine) -> None:
    ended = machine.run(do="ask")

    assert ended["status"] == "FAILED"
    assert ended["error"] == "States.Runtime"
    assert "Invalid path '$.missing'" in ended["cause"]


def test_the_start_time_of_an_execution_is_text(machine: Machine) -> None:
    output = json.loads(machine.run(do="started")["output"])

    assert datetime.fromisoformat(output["at"].replace("Z", "+00:00")).tzinfo is not None
    assert output["at"].endswith("Z")


def test_a_wait_ends_at_its_timestamp_and_not_before(machine: Machine) -> None:
    until_then = datetime.now(UTC) + timedelta(seconds=0.7)
    text = until_then.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    ended = machine.run(do="wait-until", until=text)

    assert ended["status"] == "SUCCEEDED"
    assert ended["stopDate"] >= datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_waits_in_seconds_are_scaled(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(
        WaitFunction, "_wait_interval", lambda _, env, wait_seconds: waited.append(wait_seconds)
    )

    assert machine.run(do="wait", seconds=LONG)["status"] == "SUCCEEDED"

    assert waited == [LONG * 0.1]


def test_a_token_that_is_answered_ends_its_task(machine: Machine) -> None:
    execution = machine.start(do="token", timeout=LONG, failures=0)
    (token,) = machine.tokens(execution)

    machine.client.send_task_success(taskToken=token, output='{"turn": 1}')

    assert json.loads(machine.ended(execution)["output"]) == {"turn": 1}


def test_a_token_can_be_answered_with_an_error_and_a_cause(machine: Machine) -> None:
    execution = machine.start(do="token", timeout=LONG, failures=0)
    (token,) = machine.tokens(execution)

    machine.client.send_task_failure(taskToken=token, error="Cancelled", cause="by hand")

    error = json.loads(machine.ended(execution)["output"])["error"]
    assert error == {"Error": "Cancelled", "Cause": "by hand"}


def test_each_attempt_has_its_own_token_and_only_the_last_lives(machine: Machine) -> None:
    execution = machine.start(do="token", timeout=LONG, failures=1)
    first, second = machine.tokens(execution, count=2)
    until(lambda: _history_has(machine, execution, "TaskSubmitted"))

    assert first != second
    with pytest.raises(machine.client.exceptions.TaskTimedOut):
        machine.client.send_task_success(taskToken=first, output="1")
    machine.client.send_task_success(taskToken=second, output="2")
    assert machine.ended(execution)["output"] == "2"


def test_a_token_is_answered_once(machine: Machine) -> None:
    execution = machine.start(do="token", timeout=LONG, failures=0)
    (token,) = machine.tokens(execution)
    machine.client.send_task_success(taskToken=token, output="1")

    with pytest.raises(machine.client.exceptions.TaskTimedOut):
        machine.client.send_task_success(taskToken=token, output="2")
    with pytest.raises(machine.client.exceptions.TaskTimedOut):
        machine.client.send_task_failure(taskToken=token)


def test_a_token_that_was_never_given_out_is_invalid(machine: Machine) -> None:
    with pytest.raises(machine.client.exceptions.InvalidToken):
        machine.client.send_task_success(taskToken="made up", output="1")


def test_a_token_that_timed_out_is_refused_and_its_task_caught(machine: Machine) -> None:
    execution = machine.start(do="token", timeout=1, failures=0)
    (token,) = machine.tokens(execution)

    assert machine.ended(execution)["output"] == '"timed out"'
    with pytest.raises(machine.client.exceptions.TaskTimedOut):
        machine.client.send_task_success(taskToken=token, output="1")


@pytest.mark.parametrize(
    "what",
    [
        {"do": "token", "timeout": LONG, "failures": 0},
        {"do": "wait", "seconds": LONG * 10},
        {"do": "sleep", "seconds": LONG},
    ],
    ids=["token", "wait", "function"],
)
def test_stop_ends_an_execution_whatever_it_waits_for(
    machine: Machine, what: dict[str, Any]
) -> None:
    execution = machine.start(**what)
    until(lambda: len(_history(machine, execution)) >= 3)
    tokens = machine.tokens(execution) if what["do"] == "token" else []

    machine.client.stop_execution(executionArn=execution, error="Stopped", cause="by a test")
    machine.stack.kill_worker("EchoFunction")

    described = machine.describe(execution)
    assert described["status"] == "ABORTED"
    assert (described["error"], described["cause"]) == ("Stopped", "by a test")
    assert _history(machine, execution)[-1]["type"] == "ExecutionAborted"
    for token in tokens:
        with pytest.raises(machine.client.exceptions.TaskTimedOut):
            machine.client.send_task_success(taskToken=token, output="1")


def test_stopping_twice_changes_nothing(machine: Machine) -> None:
    execution = machine.start(do="wait", seconds=LONG * 10)
    machine.client.stop_execution(executionArn=execution, cause="first")

    machine.client.stop_execution(executionArn=execution, cause="second")

    assert machine.describe(execution)["cause"] == "first"


def test_every_change_of_status_is_an_event(stack: LocalStack, machine: Machine) -> None:
    seen: list[dict[str, Any]] = []
    stop = stack.on_event(seen.append)
    execution = machine.start(do="wait", seconds=LONG * 10)

    machine.client.stop_execution(executionArn=execution)
    stop()

    details = [event["detail"] for event in seen if execution in event["resources"]]
    assert [detail["status"] for detail in details] == ["RUNNING", "ABORTED"]
    assert details[1]["stateMachineArn"] == machine.arn
    assert json.loads(details[1]["input"])["do"] == "wait"
    assert details[1]["stopDate"] >= details[1]["startDate"]


def test_a_rule_on_status_changes_calls_its_function(stack: LocalStack, machine: Machine) -> None:
    execution = machine.start(do="wait", seconds=LONG * 10)

    machine.client.stop_execution(executionArn=execution)

    payloads = until(
        lambda: [call for call in stack.invocations if execution.encode() in call.payload]
    )
    assert json.loads(payloads[0].payload)["status"] == "ABORTED"


def _history(machine: Machine, execution: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = machine.client.get_execution_history(executionArn=execution)[
        "events"
    ]
    return events


def _history_has(machine: Machine, execution: str, kind: str) -> bool:
    return any(event["type"] == kind for event in _history(machine, execution))
