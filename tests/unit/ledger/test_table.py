"""What DynamoDB refuses for now is told from what it refuses for good, for plain writes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from prefdrop.ledger.table import BUSY, ConditionFailed, Key, LedgerBusy, Table
from tests.tiers import diagonal

KEY = Key("IMPORT#imp-1", "META")
ABSENT = Attr("pk").not_exists()
WRITES: dict[str, tuple[str, Callable[[Table], Any]]] = {
    "put": ("put_item", lambda table: table.put(KEY, {"rows": 1}, when=ABSENT)),
    "update": ("update_item", lambda table: table.update(KEY, put={"rows": 1}, when=ABSENT)),
    "delete": ("delete_item", lambda table: table.delete(KEY, when=ABSENT)),
}
"""Each plain write: the operation, and how the stores make it."""


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture
def dynamodb(client: Any) -> Iterator[Stubber]:
    """DynamoDB with refusals that moto never makes."""
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def table(client: Any) -> Table:
    return Table(client, "imports")


@pytest.mark.parametrize(
    ("write", "code"),
    diagonal(WRITES, {code: code for code in BUSY}, "each write with each code"),
)
def test_write_that_dynamodb_refuses_for_now_is_busy(
    dynamodb: Stubber, table: Table, write: tuple[str, Callable[[Table], Any]], code: str
) -> None:
    operation, make = write
    dynamodb.add_client_error(operation, code, http_status_code=400)

    with pytest.raises(LedgerBusy, match=code):
        make(table)


@pytest.mark.parametrize("write", WRITES)
def test_write_whose_condition_fails_is_no_collision(
    dynamodb: Stubber, table: Table, write: str
) -> None:
    operation, make = WRITES[write]
    dynamodb.add_client_error(operation, "ConditionalCheckFailedException", http_status_code=400)

    with pytest.raises(ConditionFailed):
        make(table)


def test_write_that_is_denied_stays_denied(dynamodb: Stubber, table: Table) -> None:
    dynamodb.add_client_error("put_item", "AccessDeniedException", http_status_code=400)

    with pytest.raises(ClientError, match="AccessDenied"):
        table.put(KEY, {"rows": 1})
