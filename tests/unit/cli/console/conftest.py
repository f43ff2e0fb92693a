"""Consoles: one that stands alone, for who knocks, and one over a deployed stack in this process.

Stack and servers are made once a module; each test begins with an empty stack.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest

from prefdrop.ledger.imports import ImportStore
from prefdrop_cli.console.server import ConsoleServer
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from tests.emulated_aws import emulated_aws
from tests.unit.auditing.receiver import create_audit_table
from tests.unit.cli.conftest import TEMPLATE
from tests.unit.cli.console.visitor import Visitor


@contextmanager
def serving(deployment: Deployment) -> Iterator[ConsoleServer]:
    with ConsoleServer(deployment) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


# --- one that stands alone ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def alone() -> Deployment:
    """It knows its place and can answer nothing else."""

    @cache
    def client(service: str) -> Any:
        if service != "s3":
            raise WrongUse("There is no AWS here.", hint="Ask elsewhere.")
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client("s3", region_name="us-east-1", **keys)

    return Deployment({}, {}, client)


@pytest.fixture(scope="session")
def server(alone: Deployment) -> Iterator[ConsoleServer]:
    with serving(alone) as server:
        yield server


@pytest.fixture
def stranger(server: ConsoleServer) -> Visitor:
    """One who has not been let in."""
    return Visitor(server)


@pytest.fixture
def visitor(stranger: Visitor) -> Visitor:
    """One who has opened the address that the command prints."""
    stranger.let_in()
    return stranger


# --- one over a stack -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _stack() -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as environment, emulated_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        boto3.client("cloudformation").create_stack(
            StackName="prefdrop", TemplateBody=json.dumps(TEMPLATE)
        )
        create_audit_table()
        found = connect("prefdrop", "")
        outputs = {**found.outputs, "AuditTableName": "audit"}
        yield Deployment(outputs, found.parameters, cache(found.client), 2.0, "prefdrop")


@pytest.fixture(scope="module")
def _server(_stack: Deployment) -> Iterator[ConsoleServer]:
    with serving(_stack) as server:
        yield server


@pytest.fixture
def stack(_stack: Deployment) -> Deployment:
    """A deployed stack in which nothing has happened yet."""
    for table in (_stack.table.name, "audit"):
        _empty(_stack.client("dynamodb"), table)
    for key in list(_stack.objects.list("")):
        _stack.s3.delete_object(Bucket=_stack.bucket, Key=key)
    return _stack


@pytest.fixture
def ledger(stack: Deployment) -> ImportStore:
    """Its imports."""
    return stack.imports


@pytest.fixture
def browser(stack: Deployment, _server: ConsoleServer) -> Visitor:
    """One who was let in to the stack's console."""
    found = Visitor(_server)
    found.let_in()
    return found


def _empty(client: Any, table: str) -> None:
    names = [
        key["AttributeName"] for key in client.describe_table(TableName=table)["Table"]["KeySchema"]
    ]
    for item in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={name: item[name] for name in names})
