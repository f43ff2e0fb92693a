"""A table's transactions say why they did not happen."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from prefdrop.ledger.table import ConditionFailed, Key, Table

TOO_LARGE = {"text": "x" * 410_000}


def test_transaction_with_an_item_too_large_is_no_collision(table: Table) -> None:
    with pytest.raises(ClientError, match=r"\[None, ValidationError\]"):
        table.transact(
            table.put_write(Key("a", "1"), {}), table.put_write(Key("a", "2"), TOO_LARGE)
        )

    assert table.get(Key("a", "1")) is None


def test_failed_conditions_of_a_transaction_are_named(table: Table) -> None:
    table.put(Key("a", "2"), {})

    with pytest.raises(ConditionFailed) as caught:
        table.transact(
            table.put_write(Key("a", "1"), {}),
            table.put_write(Key("a", "2"), {}, when=Attr("pk").not_exists()),
        )

    assert caught.value.failed == (1,)
