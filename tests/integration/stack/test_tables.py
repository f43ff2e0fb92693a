"""DynamoDB keeps its promises under many writers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from prefdrop_local.stack import LocalStack, TableFaultError, TableRequest

from .conftest import Machine, until


def test_of_many_writers_with_a_condition_one_wins(stack: LocalStack) -> None:
    table = stack.client("dynamodb")

    def take(holder: int) -> bool:
        try:
            table.put_item(
                TableName=stack.outputs["TableName"],
                Item={"pk": {"S": "turn"}, "holder": {"N": str(holder)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except table.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(take, range(64))) == 1


def test_values_of_every_type_come_back_as_they_were_written(stack: LocalStack) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["TableName"]
    plain = [{"S": ""}, {"N": "-1.50"}, {"B": b"\x00\xff"}, {"BOOL": False}, {"NULL": True}]
    sets = [{"SS": ["a", "b"]}, {"NS": ["1", "2"]}, {"BS": [b"a", b"b"]}]
    nested = {"L": [*plain, {"M": {"deep": {"L": [{"M": {}}, {"L": []}, *plain]}}}]}
    values = [*plain, *sets, nested]
    written = {"pk": {"S": "types"}, **{f"v{n}": value for n, value in enumerate(values)}}

    table.put_item(TableName=name, Item=written)

    assert table.get_item(TableName=name, Key={"pk": {"S": "types"}})["Item"] == written


def test_a_transaction_that_fails_leaves_nothing(stack: LocalStack) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["TableName"]
    table.put_item(TableName=name, Item={"pk": {"S": "t-old"}, "n": {"N": "1"}})

    with pytest.raises(table.exceptions.TransactionCanceledException) as caught:
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": {"pk": {"S": "t-new"}}}},
                _add_one(name, "t-old"),
                {
                    "ConditionCheck": {
                        "TableName": name,
                        "Key": {"pk": {"S": "t-missing"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )

    reasons = [one["Code"] for one in caught.value.response["CancellationReasons"]]
    assert reasons == ["None", "None", "ConditionalCheckFailed"]
    assert "Item" not in table.get_item(TableName=name, Key={"pk": {"S": "t-new"}})
    assert table.get_item(TableName=name, Key={"pk": {"S": "t-old"}})["Item"]["n"]["N"] == "1"


def test_transactions_count_right_from_many_threads(stack: LocalStack) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["TableName"]

    def add(_: int) -> None:
        table.transact_write_items(TransactItems=[_add_one(name, "t-count")])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(80)))

    item = table.get_item(TableName=name, Key={"pk": {"S": "t-count"}})["Item"]
    assert item["n"]["N"] == "80"


def test_a_request_is_seen_before_and_after_with_its_function(
    stack: LocalStack, machine: Machine
) -> None:
    seen: list[tuple[str | None, str, str]] = []
    stop = stack.on_table_request(
        lambda request: seen.append((request.function, request.action, request.moment))
    )

    execution = machine.start(do="token", timeout=60, failures=0)
    until(lambda: len(seen) >= 2)
    stop()
    machine.client.stop_execution(executionArn=execution)

    assert seen[:2] == [
        ("TokenFunction", "UpdateItem", "before"),
        ("TokenFunction", "UpdateItem", "after"),
    ]


@pytest.mark.parametrize(("moment", "applied"), [("before", False), ("after", True)])
def test_a_fault_is_answered_whether_the_write_was_applied_or_not(
    stack: LocalStack, moment: str, applied: bool
) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["TableName"]
    key = {"pk": {"S": f"fault-{moment}"}}

    def break_put(request: TableRequest) -> None:
        if (request.action, request.moment) == ("PutItem", moment):
            raise TableFaultError("ResourceNotFoundException")

    stop = stack.on_table_request(break_put)
    with pytest.raises(table.exceptions.ResourceNotFoundException):
        table.put_item(TableName=name, Item=key)
    stop()

    assert ("Item" in table.get_item(TableName=name, Key=key)) == applied


def test_a_killed_worker_s_write_can_be_kept_from_the_table(
    stack: LocalStack, machine: Machine
) -> None:
    writes: list[str] = []

    def crash_first(request: TableRequest) -> None:
        if request.function == "TokenFunction" and request.moment == "before":
            writes.append(request.action)
            if len(writes) == 1:
                assert stack.kill_worker("TokenFunction")
                raise TableFaultError("InternalServerError")

    stop = stack.on_table_request(crash_first)
    ended = machine.run(do="token", timeout=60, failures=0)
    stop()

    assert json.loads(ended["output"])["error"]["Error"] == "Runtime.ExitError"
    assert writes == ["UpdateItem"]


def test_items_of_a_batch_can_be_left_unprocessed(stack: LocalStack) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["TableName"]

    def hold_two(request: TableRequest) -> None:
        if request.moment == "before":
            request.hold_back = 2

    stop = stack.on_table_request(hold_two)
    puts = [{"PutRequest": {"Item": {"pk": {"S": f"batch-{n}"}}}} for n in range(5)]
    answer = table.batch_write_item(RequestItems={name: puts})
    stop()

    keys = [one["PutRequest"]["Item"]["pk"]["S"] for one in answer["UnprocessedItems"][name]]
    assert sorted(keys) == ["batch-3", "batch-4"]
    assert "Item" not in table.get_item(TableName=name, Key={"pk": {"S": "batch-4"}})


def _add_one(table: str, key: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": key}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
