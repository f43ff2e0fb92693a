"""Items come into the local DynamoDB quicker than moto takes them, and come in the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import get_session
from moto.core.parse import JSONParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from prefdrop_local.stack.bridges import items
from prefdrop_local.stack.patching import Patches

ITEM = {
    "pk": {"S": "A"},
    "number": {"N": "1.50"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "bytes": {"B": "aGVsbG8="},
    "names": {"SS": ["a", "b"]},
    "nested": {"M": {"list": {"L": [{"S": ""}, {"N": "2"}, {"B": "aGVsbG8="}]}}},
}


@pytest.fixture
def bridged() -> Iterator[None]:
    """moto with this bridge alone."""
    patches = Patches()
    items.install(patches)
    yield
    patches.undo()


def parsed(item: dict[str, Any]) -> Any:
    """What moto reads of a PutItem."""
    service = get_session().get_service_model("dynamodb")
    operation = service.operation_model("PutItem")
    body = json.dumps({"TableName": "T", "Item": item}).encode()
    return JSONParser(operation).parse({"body": body})


def test_every_kind_of_value_is_read_as_moto_reads_it(request: pytest.FixtureRequest) -> None:
    before = parsed(ITEM)

    request.getfixturevalue("bridged")

    assert parsed(ITEM) == before
    assert parsed(ITEM)["Item"]["bytes"]["B"] != "aGVsbG8="


def test_what_is_no_value_is_read_as_moto_reads_it(request: pytest.FixtureRequest) -> None:
    strange = {"pk": {"S": "A"}, "two": {"S": "a", "N": "1"}, "none": {"S": None}, "x": {"Q": "y"}}
    before = parsed(strange)

    request.getfixturevalue("bridged")

    assert parsed(strange) == before


@pytest.mark.usefixtures("bridged")
def test_an_item_is_as_large_as_all_of_its_names_and_values() -> None:
    key = DynamoType({"S": "A"})
    half = {"S": "x" * 202_000}

    assert Item(key, None, {"pk": {"S": "A"}, "one": half, "two": half}).attrs["two"].value
    with pytest.raises(ItemSizeTooLarge):
        Item(key, None, {"pk": {"S": "A"}, "one": half, "two": half, "three": {"S": "x" * 1_000}})
