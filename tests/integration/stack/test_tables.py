"""DynamoDB keeps its promises under many writers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from prefdrop_local.stack import LocalStack


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


def _add_one(table: str, key: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": key}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
