"""AWS inside a test's own process: moto as the local stack runs it, which is twice as quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from prefdrop.ledger import clock
from prefdrop_local.stack import limits
from prefdrop_local.stack.bridges import answers, dynamodb, items, routing
from prefdrop_local.stack.bridges.streams import Streams
from prefdrop_local.stack.patching import Patches

ENVIRONMENT = {
    "PREFDROP_BUCKET": "bucket",
    "PREFDROP_IMPORTS_TABLE": "imports",
    "PREFDROP_EXCEPTIONS_TABLE": "exceptions",
    "PREFDROP_AUDIT_TABLE": "audit",
    "PREFDROP_BUS": "bus",
    "PREFDROP_SECRET": "secret",
    "PREFDROP_WEBHOOK_SECRET": "webhook",
    "PREFDROP_CLIENT_ID": "DEMO_CLIENT",
    "PREFDROP_BASE_URL": "https://vendor.example.test/",
}
"""Variables that every function has, with the names that tests use."""

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def emulated_aws() -> Iterator[None]:
    """An AWS with nothing in it and credentials for it, as long as the block lasts."""
    patches = Patches()
    with _credentials(), mock_aws():
        routing.install(patches)
        answers.install(patches)
        items.install(patches)
        # A test may give the ledger another clock.
        now = lambda: clock.time.time_ns() / 1e9  # noqa: E731
        dynamodb.install(patches, [], Streams(), now)
        limits.install(patches)
        patches.set(boto3, "client", cache(boto3.client))  # making one takes 20 ms
        try:
            yield
        finally:
            patches.undo()


@contextmanager
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in _CREDENTIALS.items():
            environment.setenv(name, value)
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        yield


def make_bucket() -> None:
    """Make the bucket, which keeps versions as the stack's does."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})


def make_tables() -> None:
    """Make the tables of imports and exceptions as the stack has them."""
    index = {
        "IndexName": "by-status",
        "KeySchema": key_schema("gsi1pk", "gsi1sk"),
        "Projection": {"ProjectionType": "ALL"},
    }
    _make_table("imports", ("pk", "sk", "gsi1pk", "gsi1sk"), GlobalSecondaryIndexes=[index])
    _make_table("exceptions", ("pk", "sk"))


def key_schema(hash_key: str, range_key: str = "") -> list[Any]:
    """Return the keys of a table or an index."""
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return [*keys, {"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else keys


def _make_table(name: str, attributes: tuple[str, ...], **more: Any) -> None:
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in attributes],
        KeySchema=key_schema("pk", "sk"),
        **more,
    )
