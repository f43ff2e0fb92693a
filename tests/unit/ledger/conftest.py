"""A ledger table of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.parts import PartStore
from prefdrop.ledger.table import Table
from prefdrop.ledger.turns import Turns
from tests.emulated_aws import emulated_aws, make_tables

RETENTION_DAYS = 90


@pytest.fixture
def table() -> Iterator[Table]:
    with emulated_aws():
        make_tables()
        yield Table(boto3.client("dynamodb"), "imports")


@pytest.fixture
def turns(table: Table) -> Turns:
    return Turns(table, "DEMO_CLIENT")


@pytest.fixture
def parts(table: Table, turns: Turns) -> PartStore:
    return PartStore(table, turns, RETENTION_DAYS)


@pytest.fixture
def imports(table: Table) -> ImportStore:
    return ImportStore(table)
