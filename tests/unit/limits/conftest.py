"""AWS as the local stack emulates it, with the rules that moto lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.emulated_aws import emulated_aws, make_bucket, make_tables


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """An AWS with the ledger's tables and the bucket."""
    with emulated_aws():
        make_tables()
        make_bucket()
        yield


def unchecked(service: str) -> Any:
    """Return a client that leaves all checks to AWS."""
    return boto3.client(service, config=Config(parameter_validation=False))  # type: ignore[call-overload]


def refusal(client: Any, operation: str, request: dict[str, Any]) -> tuple[str, str]:
    """Return code and message of the answer to a request; empty if it was taken."""
    try:
        getattr(client, operation)(**request)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "", ""
