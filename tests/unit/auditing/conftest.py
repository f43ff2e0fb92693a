"""Emulated tables, bucket and secrets; each test begins with empty tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.unit.auditing.receiver import KEY, PREVIOUS_KEY, SECRET, Receiver, forget


@pytest.fixture(scope="module")
def _aws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        client = boto3.client("dynamodb")
        for name in ("imports", "exceptions"):
            _create(client, name, ["pk", "sk"], {})
        _create(client, "audit", ["pk"], {"by-profile": "gsi1", "by-day": "gsi2"})
        boto3.client("s3").create_bucket(Bucket="bucket")
        boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString="{}")
        yield


@pytest.fixture
def aws(_aws: None) -> None:
    """Empty tables, and the secret as it is after a rotation of the key."""
    forget()
    text = json.dumps({"key": KEY, "previous_key": PREVIOUS_KEY})
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)


@pytest.fixture
def receiver(aws: None) -> Receiver:
    return Receiver()


def _create(client, table: str, key: list[str], indexes: dict[str, str]) -> None:
    names = key + [f"{gsi}{end}" for gsi in indexes.values() for end in ("pk", "sk")]
    shown = ["event_type", "entity", "profile_id", "subscription_id", "at", "occurred_at"]
    shown += ["received_at", "source", "delivered_at", "missed", "bytes", "object_key"]
    definition = {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
        "KeySchema": _schema(key),
    }
    if indexes:
        definition["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _schema([f"{gsi}pk", f"{gsi}sk"]),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": shown},
            }
            for index, gsi in indexes.items()
        ]
    client.create_table(**definition)


def _schema(names: list[str]) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": n, "KeyType": k} for n, k in zip(names, kinds, strict=False)]
