"""A ledger table of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.parts import PartStore
from prefdrop.ledger.table import Table
from prefdrop.ledger.turns import Turns
from tests.emulated_aws import emulated_aws

RETENTION_DAYS = 90


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def table() -> Iterator[Table]:
    with emulated_aws():
        client = boto3.client("dynamodb")
        text = dict.fromkeys(("pk", "sk", "gsi1pk", "gsi1sk"), "S")
        client.create_table(
            TableName="imports",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind} for name, kind in text.items()
            ],
            KeySchema=_keys("pk", "sk"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-status",
                    "KeySchema": _keys("gsi1pk", "gsi1sk"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        yield Table(client, "imports")


def _keys(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


@pytest.fixture
def turns(table: Table) -> Turns:
    return Turns(table, "DEMO_CLIENT")


@pytest.fixture
def parts(table: Table, turns: Turns) -> PartStore:
    return PartStore(table, turns, RETENTION_DAYS)


@pytest.fixture
def imports(table: Table) -> ImportStore:
    return ImportStore(table)
