"""Emulated tables, bucket and secrets; each test begins with empty tables."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace

import boto3
import pytest

from prefdrop.ledger import clock
from prefdrop.telemetry import logger
from tests.emulated_aws import emulated_aws, make_tables
from tests.unit.auditing.account import Account
from tests.unit.auditing.receiver import (
    KEY,
    NOW,
    PREVIOUS_KEY,
    SECRET,
    Receiver,
    create_audit_table,
    forget,
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin at `NOW`, however late it runs.

    The clock moves a millisecond each time it is read, so no two deliveries come at one moment.
    """
    reading = count(int(NOW.timestamp()) * 1_000_000_000, 1_000_000)
    monkeypatch.setattr(clock, "time", SimpleNamespace(time_ns=lambda: next(reading)))


@pytest.fixture(scope="module")
def _aws() -> Iterator[None]:
    with emulated_aws():
        make_tables()
        create_audit_table()
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


@pytest.fixture
def account(receiver: Receiver) -> Account:
    account = Account()
    receiver.services.vendor = account  # type: ignore[assignment]
    return account


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Everything that the function has written, log lines and metrics, since it was asked last."""
    lines = io.StringIO()
    before = logger.registered_handler.setStream(lines)

    def read() -> str:
        text = lines.getvalue() + capsys.readouterr().out
        lines.seek(0)
        lines.truncate()
        return text

    yield read
    logger.registered_handler.setStream(before)
