"""Recorded DynamoDB requests are replayed in their order, and every other answer is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from prefdrop_local.stack.table_record import RECORD
from tests.emulated_aws import emulated_aws, make_tables
from tools.dynalite.__main__ import Replay
from tools.dynalite.server import Dynalite

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ONLY_NEW = {"ConditionExpression": "attribute_not_exists(pk)"}


class Second(Dynalite):
    """A second DynamoDB that is another emulated one, and garbles what is in `garbled`."""

    def __init__(self) -> None:
        self.garbled: dict[str, dict[str, Any]] = {}

    def ask(self, action: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        operation = "".join(f"_{c.lower()}" if c.isupper() else c for c in action).strip("_")
        try:
            answer = getattr(boto3.client("dynamodb"), operation)(**request)
        except ClientError as error:
            return 400, {
                "__type": f"#{error.response['Error']['Code']}",
                "message": error.response["Error"]["Message"],
            }
        return 200, json.loads(json.dumps(answer, default=str)) | self.garbled.get(action, {})


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a DynamoDB that was asked for writes, a transaction that failed, and reads."""
    monkeypatch.setenv(RECORD, str(tmp_path))
    with emulated_aws():
        make_tables()
        client = boto3.client("dynamodb")
        put = {"TableName": "imports", "Item": {**KEY, "n": {"N": "1.50"}}}
        client.put_item(**put)
        other = {"TableName": "imports", "Item": {**KEY, "sk": {"S": "c"}}}
        with pytest.raises(client.exceptions.TransactionCanceledException):
            client.transact_write_items(
                TransactItems=[{"Put": other}, {"Put": {**put, **ONLY_NEW}}]
            )
        client.query(
            TableName="imports",
            KeyConditionExpression="pk = :a",
            ExpressionAttributeValues={":a": {"S": "a"}},
        )
        client.get_item(TableName="imports", Key=KEY)
        client.delete_table(TableName="exceptions")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_item(TableName="exceptions", Key=KEY)
    monkeypatch.delenv(RECORD)
    [file] = tmp_path.iterdir()
    return file


def replayed(file: Path, **garbled: dict[str, Any]) -> Replay:
    with emulated_aws():
        second = Second()
        second.garbled = garbled
        replay = Replay(second)
        replay.play(file)
    return replay


def test_record_holds_tables_and_requests_in_order(recorded: Path) -> None:
    entries = [json.loads(line) for line in recorded.read_text().splitlines()]

    assert [entry.get("table") or entry["action"] for entry in entries] == [
        "imports",
        "exceptions",
        "PutItem",
        "TransactWriteItems",
        "Query",
        "GetItem",
        "exceptions",
        "GetItem",
    ]
    assert entries[5]["answer"]["Item"]["n"] == {"N": "1.50"}


def test_nothing_is_recorded_without_a_folder(tmp_path: Path) -> None:
    with emulated_aws():
        make_tables()
        boto3.client("dynamodb").put_item(TableName="imports", Item=KEY)

    assert not list(tmp_path.iterdir())


def test_replay_of_the_same_answers_finds_nothing(recorded: Path) -> None:
    replay = replayed(recorded)

    assert replay.requests.total() == 5
    assert replay.differences == []


def test_replay_finds_every_other_answer(recorded: Path) -> None:
    replay = replayed(
        recorded, GetItem={"Item": {**KEY, "n": {"N": "2"}}}, Query={"Items": [], "Count": 0}
    )

    assert [found.split(" ")[0].rpartition(":")[0] for found in replay.differences] == [
        f"{recorded.name}:5",
        f"{recorded.name}:6",
    ]
