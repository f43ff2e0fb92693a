"""A pipe tells the bus of each change that its filter lets through, once and in order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prefdrop_local.stack import LocalStack

from .conftest import until


@pytest.fixture
def told(stack: LocalStack) -> Iterator[list[dict[str, Any]]]:
    """The details of the events that the pipe puts on the bus."""
    details: list[dict[str, Any]] = []

    def note(event: dict[str, Any]) -> None:
        if event["source"] == "example.notes":
            details.append(event["detail"])

    stop = stack.on_event(note)
    yield details
    stop()


@pytest.fixture
def notes(stack: LocalStack) -> Notes:
    return Notes(stack)


class Notes:
    """The table behind the pipe."""

    def __init__(self, stack: LocalStack) -> None:
        self.client = stack.client("dynamodb")
        self.name = stack.outputs["NotesName"]

    def put(self, pk: str, text: str = "x", **more: Any) -> None:
        item = {"pk": {"S": pk}, "text": {"S": text}, **more}
        self.client.put_item(TableName=self.name, Item=item)

    def once(self, pk: str) -> dict[str, Any]:
        """A Put of a transaction that fails when the item is there."""
        item = {"pk": {"S": pk}, "text": {"S": "t"}}
        condition = "attribute_not_exists(pk)"
        return {"Put": {"TableName": self.name, "Item": item, "ConditionExpression": condition}}


def test_an_insert_becomes_an_event_by_the_template(
    stack: LocalStack, notes: Notes, told: list[dict[str, Any]]
) -> None:
    notes.put("quoted", 'a "word"\n')

    assert stack.wait_for_pipes()
    assert told == [{"id": "quoted", "text": 'it says a "word"\n'}]


def test_changes_and_removals_do_not_pass_the_filter(
    stack: LocalStack, notes: Notes, told: list[dict[str, Any]]
) -> None:
    notes.put("changed")
    notes.put("changed", "y")
    notes.client.delete_item(TableName=notes.name, Key={"pk": {"S": "changed"}})
    notes.put("changed", "again")

    assert stack.wait_for_pipes()
    assert [detail["text"] for detail in told] == ["it says x", "it says again"]


def test_an_item_that_an_update_creates_is_told_of_once_and_whole(
    stack: LocalStack, notes: Notes, told: list[dict[str, Any]]
) -> None:
    notes.client.update_item(
        TableName=notes.name,
        Key={"pk": {"S": "updated"}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":t": {"S": "whole"}},
    )

    assert stack.wait_for_pipes()
    assert told == [{"id": "updated", "text": "it says whole"}]


def test_a_transaction_that_fails_is_not_told_of(
    stack: LocalStack, notes: Notes, told: list[dict[str, Any]]
) -> None:
    notes.put("taken")
    with pytest.raises(ClientError):
        notes.client.transact_write_items(TransactItems=[notes.once("first"), notes.once("taken")])
    notes.client.transact_write_items(TransactItems=[notes.once("first"), notes.once("second")])

    assert stack.wait_for_pipes()
    assert [detail["id"] for detail in told] == ["taken", "first", "second"]


def test_a_write_whose_condition_fails_is_not_told_of(
    stack: LocalStack, notes: Notes, told: list[dict[str, Any]]
) -> None:
    notes.put("there")
    with pytest.raises(ClientError):
        notes.client.put_item(
            TableName=notes.name,
            Item={"pk": {"S": "there"}, "text": {"S": "2"}},
            ConditionExpression="attribute_not_exists(pk)",
        )

    assert stack.wait_for_pipes()
    assert len(told) == 1


def test_each_of_many_concurrent_inserts_comes_once_in_the_order_of_its_writer(
    stack: LocalStack, notes: Notes, told: list[dict[str, Any]]
) -> None:
    def write(writer: int) -> None:
        for number in range(20):
            notes.put(f"{writer}-{number:02}", str(number))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))

    assert stack.wait_for_pipes()
    by_writer = defaultdict(list)
    for detail in told:
        by_writer[detail["id"].partition("-")[0]].append(detail["id"])
    assert sorted(by_writer) == [str(writer) for writer in range(8)]
    assert all(
        ids == [f"{writer}-{number:02}" for number in range(20)]
        for writer, ids in by_writer.items()
    )


def test_what_the_target_does_not_take_is_a_place_in_the_stream_among_the_dead_letters(
    stack: LocalStack, notes: Notes
) -> None:
    notes.put("lost", "secret", lost={"BOOL": True})
    assert stack.wait_for_pipes()

    sqs, queue = stack.client("sqs"), stack.outputs["LostUrl"]
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    letter = json.loads(message["Body"])
    assert letter["context"]["condition"] == "RetryAttemptsExhausted"
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 1
    assert "/stream/" in letter["DDBStreamBatchInfo"]["streamArn"]
    assert "secret" not in message["Body"]


def test_the_state_of_the_other_tables_streams_is_left_to_moto(stack: LocalStack) -> None:
    described = stack.client("dynamodb").describe_table(TableName=stack.outputs["TableName"])

    assert "LatestStreamArn" not in described["Table"]
