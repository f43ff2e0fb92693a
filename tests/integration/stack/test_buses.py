"""Events on a bus of the template reach the targets of its rules, and no others."""

from __future__ import annotations

import json
from typing import Any

from prefdrop_local.stack import LocalStack

from .conftest import until


def _put(stack: LocalStack, bus: str | None, source: str, **detail: Any) -> dict[str, Any]:
    entry = {"Source": source, "DetailType": "Thing", "Detail": json.dumps(detail)}
    if bus:
        entry["EventBusName"] = bus
    answer: dict[str, Any] = stack.client("events").put_events(Entries=[entry])
    return answer


def _received(stack: LocalStack) -> list[dict[str, Any]]:
    sqs, queue = stack.client("sqs"), stack.outputs["ToldUrl"]
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]


def _inputs(stack: LocalStack) -> list[dict[str, Any]]:
    client = stack.client("stepfunctions")
    found = client.list_executions(stateMachineArn=stack.outputs["SecondArn"])["executions"]
    arns = [one["executionArn"] for one in found]
    return [json.loads(client.describe_execution(executionArn=arn)["input"]) for arn in arns]


def test_an_event_reaches_topic_and_state_machine_with_the_input_that_the_rule_makes(
    stack: LocalStack,
) -> None:
    answer = _put(stack, stack.outputs["BusName"], "example.results", name='a "b"', count=3)

    (event,) = until(lambda: _received(stack))
    assert event["id"] == answer["Entries"][0]["EventId"]
    assert (event["source"], event["detail-type"]) == ("example.results", "Thing")
    assert event["detail"] == {"name": 'a "b"', "count": 3}
    assert event["time"].endswith("Z")
    (given,) = until(lambda: _inputs(stack))
    assert given == {
        "name": 'a "b"',
        "text": 'a "b" has 3',
        "all": {"name": 'a "b"', "count": 3},
        "none": None,
    }


def test_rules_of_one_bus_do_not_see_events_of_another(stack: LocalStack) -> None:
    seen: list[dict[str, Any]] = []
    stop = stack.on_event(seen.append)
    _put(stack, None, "example.results", name="elsewhere", count=1)
    _put(stack, stack.outputs["BusName"], "example.results", name="here", count=2)
    stop()

    ours = [event["detail"]["name"] for event in seen if event["source"] == "example.results"]
    assert ours == ["elsewhere", "here"]
    received = until(lambda: _received(stack))
    assert [event["detail"]["name"] for event in received] == ["here"]


def test_a_refused_entry_is_answered_and_not_published(stack: LocalStack) -> None:
    seen: list[dict[str, Any]] = []
    stop = stack.on_event(seen.append)
    entry = {"Source": "example.results", "DetailType": "Thing", "Detail": "no json"}
    answer = stack.client("events").put_events(
        Entries=[{**entry, "EventBusName": stack.outputs["BusName"]}]
    )
    stop()

    assert answer["FailedEntryCount"] == 1
    assert [event for event in seen if event["source"] == "example.results"] == []


def test_each_state_machine_tells_of_its_own_executions(stack: LocalStack) -> None:
    changes: list[dict[str, Any]] = []
    stop = stack.on_event(lambda event: changes.append(event["detail"]))
    client = stack.client("stepfunctions")
    started = client.start_execution(stateMachineArn=stack.outputs["SecondArn"], input="{}")

    def mine() -> list[dict[str, Any]]:
        return [one for one in changes if one.get("executionArn") == started["executionArn"]]

    until(lambda: [one for one in mine() if one["status"] == "SUCCEEDED"])
    stop()

    assert [one["status"] for one in mine()] == ["RUNNING", "SUCCEEDED"]
    assert {one["stateMachineArn"] for one in mine()} == {stack.outputs["SecondArn"]}
