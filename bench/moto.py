"""AWS's services (moto) in a process of their own, whose processor time counts for no way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

PLACE = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def moto() -> Iterator[None]:
    """Run a server that this process, and those it starts, take for AWS."""
    command = [sys.executable, "-c", _SERVER]
    before = dict(os.environ)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            os.environ |= {**PLACE, "AWS_ENDPOINT_URL": address}
            yield
        finally:
            os.environ.clear()
            os.environ |= before
            process.kill()


FUNCTION = {
    "PREFDROP_BUCKET": "bench",
    "PREFDROP_IMPORTS_TABLE": "imports",
    "PREFDROP_EXCEPTIONS_TABLE": "exceptions",
    "PREFDROP_AUDIT_TABLE": "audit",
    "PREFDROP_BUS": "bench",
    "PREFDROP_SECRET": "secret",
    "PREFDROP_WEBHOOK_SECRET": "webhook",
    "PREFDROP_CLIENT_ID": "DEMO_CLIENT",
    "PREFDROP_BASE_URL": "https://vendor.example.test/",
}
"""Variables that every function has."""


def create_table(name: str) -> None:
    """Create a table as the template has them: a key of two strings."""
    keys: list[tuple[str, Any]] = [("pk", "HASH"), ("sk", "RANGE")]
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
    )
