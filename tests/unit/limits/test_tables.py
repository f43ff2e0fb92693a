"""DynamoDB's rules: each has a request that breaks it, and the answer that AWS documents."""

from __future__ import annotations

import time
from typing import Any

import pytest

from prefdrop.ledger.imports import FINISHED
from prefdrop_local.stack.limits.lives import ENDED
from tests.unit.limits.conftest import refusal, unchecked

pytestmark = pytest.mark.usefixtures("aws")

Case = tuple[str, dict[str, Any], str]
INVALID = "ValidationException"
ONE = {":a": {"S": "1"}}


def key(pk: str = "a", sk: str = "b") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item(**attributes: Any) -> dict[str, Any]:
    return {"Item": {**key(), **attributes}}


def update(expression: str, **request: Any) -> dict[str, Any]:
    return {"Key": key(), "UpdateExpression": expression, **request}


def query(condition: str = "pk = :a", values: Any = None, **request: Any) -> dict[str, Any]:
    values = {**ONE, **(values or {})}
    return {"KeyConditionExpression": condition, "ExpressionAttributeValues": values, **request}


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        value = {"M": {"a": value}}
    return value


LONG_HASH, LONG_RANGE = key("x" * 2049), key("a", "y" * 1025)
TOO_LONG = "Size of hashkey has exceeded the maximum size limit of2048 bytes"
RANGE_TOO_LONG = "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
EMPTY = "cannot contain an empty string value"

KEYS: dict[str, Case] = {
    "hash read": ("get_item", {"Key": LONG_HASH}, TOO_LONG),
    "hash deleted": ("delete_item", {"Key": LONG_HASH}, TOO_LONG),
    "hash updated": ("update_item", update("REMOVE z") | {"Key": LONG_HASH}, TOO_LONG),
    "hash queried": ("query", query(values={":a": {"S": "x" * 2049}}), TOO_LONG),
    "range read": ("get_item", {"Key": LONG_RANGE}, RANGE_TOO_LONG),
    "range in two bytes": ("get_item", {"Key": key("a", "é" * 513)}, RANGE_TOO_LONG),
    "empty hash deleted": ("delete_item", {"Key": key("")}, EMPTY),
    "empty range deleted": ("delete_item", {"Key": key("a", "")}, EMPTY),
    "foreign attribute": ("get_item", {"Key": {**key(), "z": {"S": "1"}}}, "match the schema"),
    "key of another type": ("get_item", {"Key": {**key(), "sk": {"N": "1"}}}, "match the schema"),
    "index key of another type": (
        "put_item",
        item(gsi1pk={"N": "1"}),
        "Type mismatch for Index Key gsi1pk Expected: S Actual: N IndexName: by-status",
    ),
    "long index key set": (
        "update_item",
        update("SET gsi1pk = :a", ExpressionAttributeValues={":a": {"S": "x" * 2049}}),
        TOO_LONG,
    ),
    "condition of another type": (
        "query",
        query("pk = :n", {":n": {"N": "1"}}) | {"ExpressionAttributeValues": {":n": {"N": "1"}}},
        "Condition parameter type does not match schema type",
    ),
    "start elsewhere": ("query", query(ExclusiveStartKey=key("b")), "outside query boundaries"),
    "start of another index": (
        "query",
        query(ExclusiveStartKey={**key(), "gsi1pk": {"S": "x"}}),
        "The provided starting key is invalid",
    ),
    "filter by a key": (
        "query",
        query(FilterExpression="sk = :a"),
        "Filter Expression can only contain non-primary key attributes",
    ),
    "limit of none": ("query", query(Limit=0), "value greater than or equal to 1"),
}

UNUSED_VALUE = {"ExpressionAttributeValues": {**ONE, ":u": {"S": "1"}}}
UNUSED = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u}"
DESCENDING = {**ONE, ":z": {"S": "z"}}
BETWEEN = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"

EXPRESSIONS: dict[str, Case] = {
    "unused value of a put": (
        "put_item",
        item() | {"ConditionExpression": "x = :a"} | UNUSED_VALUE,
        UNUSED,
    ),
    "unused value of a delete": (
        "delete_item",
        {"Key": key(), "ConditionExpression": "x = :a"} | UNUSED_VALUE,
        UNUSED,
    ),
    "unused value of a query": ("query", query() | UNUSED_VALUE, UNUSED),
    "unused value of a scan": ("scan", {"FilterExpression": "x = :a"} | UNUSED_VALUE, UNUSED),
    "values without an expression": (
        "put_item",
        item() | {"ExpressionAttributeValues": ONE},
        "ExpressionAttributeValues can only be specified when using expressions",
    ),
    "no names": (
        "put_item",
        item() | {"ConditionExpression": "x = y", "ExpressionAttributeNames": {}},
        "ExpressionAttributeNames must not be empty",
    ),
    "undefined name": (
        "put_item",
        item() | {"ConditionExpression": "attribute_exists(#q)"},
        "name used in the document path is not defined; attribute name: #q",
    ),
    "undefined value": (
        "update_item",
        update("SET y = :a", ConditionExpression="y = :b", ExpressionAttributeValues=ONE),
        "value used in expression is not defined; attribute value: :b",
    ),
    "undefined projection": (
        "get_item",
        {"Key": key(), "ProjectionExpression": "#q"},
        "Invalid ProjectionExpression: An expression attribute name",
    ),
    "reserved word inside a path": (
        "get_item",
        {"Key": key(), "ProjectionExpression": "a.status"},
        "Attribute name is a reserved keyword; reserved keyword: status",
    ),
    "empty": ("put_item", item() | {"ConditionExpression": " "}, "can not be empty"),
    "keys the wrong way round": (
        "query",
        query("pk = :a AND sk BETWEEN :z AND :a", DESCENDING),
        "Invalid KeyConditionExpression: " + BETWEEN,
    ),
    "filter the wrong way round": (
        "query",
        query(FilterExpression="x BETWEEN :z AND :a", values=DESCENDING),
        "Invalid FilterExpression: " + BETWEEN,
    ),
    "numbers the wrong way round": (
        "query",
        query(FilterExpression="x BETWEEN :m AND :n", values={":m": {"N": "10"}, ":n": {"N": "9"}}),
        BETWEEN,
    ),
    "too long": (
        "update_item",
        update(
            "SET " + ", ".join(f"a{n:04} = :a" for n in range(500)), ExpressionAttributeValues=ONE
        ),
        "Expression size has exceeded the maximum allowed size",
    ),
    "too many operators": (
        "query",
        query(FilterExpression=" OR ".join(["x=:a"] * 151)),
        "too many operators; operator count: 301",
    ),
    "too many operands": (
        "query",
        query(FilterExpression=f"x IN ({', '.join([':a'] * 101)})"),
        "too many operands; number of operands: 101",
    ),
    "compared with itself": (
        "put_item",
        item() | {"ConditionExpression": "attribute_exists(pk) OR x = x"},
        "The first operand must be distinct",
    ),
}

VALUES: dict[str, Case] = {
    "39 digits": ("put_item", item(x={"N": "1" * 39}), "more than 38 significant digits"),
    "39 digits inside": (
        "put_item",
        item(x={"M": {"l": {"L": [{"N": "1" * 39}]}}}),
        "more than 38 significant digits",
    ),
    "39 digits in a set": ("put_item", item(x={"NS": ["1" * 39]}), "38 significant digits"),
    "39 digits in an expression": (
        "update_item",
        update("SET y = :b", ExpressionAttributeValues={":b": {"N": "0." + "3" * 39}}),
        "more than 38 significant digits",
    ),
    "too large a number": ("put_item", item(x={"N": "1e126"}), "Number overflow"),
    "too small a number": ("put_item", item(x={"N": "1e-131"}), "Number underflow"),
    "no number": ("put_item", item(x={"N": "Infinity"}), "cannot be converted to a numeric value"),
    "empty binary set": ("put_item", item(x={"BS": []}), "Binary sets should not be empty"),
    "empty set in an expression": (
        "update_item",
        update("SET y = :b", ExpressionAttributeValues={":b": {"SS": []}}),
        "An string set  may not be empty",
    ),
    "text twice in a set": ("put_item", item(x={"SS": ["a", "a"]}), "[a, a] contains duplicates"),
    "number twice in a set": ("put_item", item(x={"NS": ["1", "1.0"]}), "contains duplicates"),
    "two types": ("put_item", item(x={"S": "a", "N": "1"}), "more than one datatypes set"),
    "no type": ("put_item", item(x={}), "Supplied AttributeValue is empty"),
    "too many levels": ("put_item", item(x=deep(33)), "Nesting Levels have exceeded"),
    "overhead of a list": (
        "put_item",
        item(x={"L": [{"BOOL": True}] * 205_000}),
        "Item size has exceeded the maximum allowed size",
    ),
}


def put(pk: str, **attributes: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "imports", "Item": {**key(pk), **attributes}}}


def batch(*writes: dict[str, Any]) -> dict[str, Any]:
    return {"RequestItems": {"imports": list(writes)}}


def keys(*wanted: dict[str, Any], **request: Any) -> dict[str, Any]:
    return {"RequestItems": {"imports": {"Keys": list(wanted), **request}}}


PUT_ONE, DELETE_ONE = {"PutRequest": item()}, {"DeleteRequest": {"Key": key()}}
READ_ONE = {"Get": {"TableName": "imports", "Key": key()}}
TWICE = "Provided list of item keys contains duplicates"

TOGETHER: dict[str, Case] = {
    "transaction of nothing": ("transact_write_items", {"TransactItems": []}, "length greater"),
    "transaction of more than 4 MB": (
        "transact_write_items",
        {"TransactItems": [put(str(n), x={"S": "x" * 390_000}) for n in range(11)]},
        "The aggregate size of the items in the transaction exceeded 4 MB",
    ),
    "long token": (
        "transact_write_items",
        {"TransactItems": [put("a")], "ClientRequestToken": "x" * 37},
        "clientRequestToken",
    ),
    "value that a transaction does not use": (
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": put("a")["Put"] | {"ConditionExpression": "x = :a"} | UNUSED_VALUE}
            ]
        },
        UNUSED,
    ),
    "one item read twice": (
        "transact_get_items",
        {"TransactItems": [READ_ONE, READ_ONE]},
        "Transaction request cannot include multiple operations on one item",
    ),
    "26 writes": (
        "batch_write_item",
        batch(*({"PutRequest": {"Item": key("b", str(n))}} for n in range(26))),
        "less than or equal to 25",
    ),
    "no writes": ("batch_write_item", batch(), "greater than or equal to 1"),
    "one item put and deleted": ("batch_write_item", batch(PUT_ONE, DELETE_ONE), TWICE),
    "no keys": ("batch_get_item", keys(), "greater than or equal to 1"),
    "long key in a batch": ("batch_get_item", keys(LONG_HASH), TOO_LONG),
    "long key in a transaction": (
        "transact_get_items",
        {"TransactItems": [{"Get": {"TableName": "imports", "Key": LONG_HASH}}]},
        TOO_LONG,
    ),
}


OF_MOTO: dict[str, Case] = {
    "reserved word": ("update_item", update("REMOVE status"), "reserved keyword"),
    "unused name": (
        "update_item",
        update("REMOVE #x", ExpressionAttributeNames={"#x": "x", "#u": "u"}),
        "unused in expressions: keys: {#u}",
    ),
    "large item": ("put_item", item(x={"S": "x" * 409_600}), "Item size has exceeded"),
    "consistent read of an index": (
        "query",
        query("gsi1pk = :a", IndexName="by-status", ConsistentRead=True),
        "Consistent reads are not supported on global secondary indexes",
    ),
    "long hash key put": ("put_item", {"Item": LONG_HASH}, TOO_LONG),
    "empty index key": ("put_item", item(gsi1pk={"S": ""}), "empty string value"),
    "empty text set": ("put_item", item(x={"SS": []}), "set  may not be empty"),
    "key changed": (
        "update_item",
        update("SET pk = :a", ExpressionAttributeValues=ONE),
        "This attribute is part of the key",
    ),
    "paths that overlap": (
        "update_item",
        update("SET a = :a, a.b = :a", ExpressionAttributeValues=ONE),
        "Two document paths overlap",
    ),
}
"""Rules that moto checks: a newer moto must not lose one."""

TOGETHER_OF_MOTO: dict[str, Case] = {
    "101 writes": (
        "transact_write_items",
        {"TransactItems": [put(str(n)) for n in range(101)]},
        "less than or equal to 100",
    ),
    "one item twice": (
        "transact_write_items",
        {"TransactItems": [put("a"), put("a")]},
        "Transaction request cannot include multiple operations on one item",
    ),
    "101 reads": (
        "batch_get_item",
        keys(*(key(str(n)) for n in range(101))),
        "less than or equal to 100",
    ),
    "one item read twice": ("batch_get_item", keys(key(), key()), TWICE),
}


def test_each_rule_of_dynamodb_refuses(subtests: pytest.Subtests) -> None:
    client = unchecked("dynamodb")
    of_one, of_many = {"TableName": "imports"}, dict[str, Any]()
    for rules, of_table in (
        *((rules, of_one) for rules in (KEYS, EXPRESSIONS, VALUES, OF_MOTO)),
        *((rules, of_many) for rules in (TOGETHER, TOGETHER_OF_MOTO)),
    ):
        for rule, (operation, request, words) in rules.items():
            with subtests.test(rule):
                code, message = refusal(client, operation, of_table | request)
                assert (code, words in message) == (INVALID, True), message


def test_requests_at_the_limits_are_taken(subtests: pytest.Subtests) -> None:
    client = unchecked("dynamodb")
    at_the_limit: dict[str, tuple[str, dict[str, Any]]] = {
        "key": ("put_item", {"Item": key("x" * 2048, "y" * 1024)}),
        "digits": ("put_item", item(x={"N": "1" * 38 + "000"})),
        "levels": ("put_item", item(x=deep(32))),
        "same bounds": ("query", query("pk = :a AND sk BETWEEN :a AND :a")),
        "nested path that ends alike": (
            "put_item",
            item() | {"ConditionExpression": "attribute_exists(pk) OR a.x = b.x"},
        ),
    }
    client.put_item(TableName="imports", **item())
    for what, (operation, request) in at_the_limit.items():
        with subtests.test(what):
            assert refusal(client, operation, {"TableName": "imports", **request}) == ("", "")


def test_item_too_large_cancels_a_transaction_with_its_reason() -> None:
    client = unchecked("dynamodb")
    too_large = put("large", x={"S": "x" * 410_000})

    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[put("small"), too_large])

    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None", "ValidationError"]
    assert "Item" not in client.get_item(TableName="imports", Key=key("small"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("SET m.y = :b", {"S": "x" * 20_000}),
        ("ADD s :b", {"SS": ["x" * 20_000]}),
        ("SET y = :b", {"S": "x" * 20_000}),
    ],
)
@pytest.mark.parametrize("together", [False, True])
def test_update_that_grows_an_item_too_large_changes_nothing(
    expression: str, value: dict[str, Any], together: bool
) -> None:
    client = unchecked("dynamodb")
    before = item(x={"S": "x" * 400_000}, m={"M": {}}, s={"SS": ["a"]})["Item"]
    client.put_item(TableName="imports", Item=before)
    request = update(expression, ExpressionAttributeValues={":b": value})

    if together:
        writes = [put("beside"), {"Update": {"TableName": "imports", **request}}]
        code, _ = refusal(client, "transact_write_items", {"TransactItems": writes})
    else:
        code, _ = refusal(client, "update_item", {"TableName": "imports", **request})

    assert code == ("TransactionCanceledException" if together else INVALID)
    assert client.get_item(TableName="imports", Key=key())["Item"] == before
    assert "Item" not in client.get_item(TableName="imports", Key=key("beside"))


def test_item_of_an_open_import_that_expires_now_is_refused(subtests: pytest.Subtests) -> None:
    client = unchecked("dynamodb")
    past = {"N": str(int(time.time()) - 1)}
    chunk = {"Item": {**key("IMPORT#imp-1", "CHUNK#0001#000001"), "expires_at": past}}
    for status in (*sorted(FINISHED), "Held"):
        meta = {**key("IMPORT#imp-1", "META"), "status": {"S": status}}
        client.put_item(TableName="imports", Item=meta)
        writes = {
            "put_item": {"TableName": "imports", **chunk},
            "update_item": {
                "TableName": "imports",
                "Key": key("IMPORT#imp-1", "META"),
                "UpdateExpression": "SET expires_at = :e",
                "ExpressionAttributeValues": {":e": past},
            },
            "transact_write_items": {"TransactItems": [{"Put": {"TableName": "imports", **chunk}}]},
            "batch_write_item": batch({"PutRequest": chunk}),
        }
        for operation, request in writes.items():
            with subtests.test(status, operation=operation):
                code, _ = refusal(client, operation, request)
                assert code == (INVALID if status == "Held" else "")


def test_statuses_that_end_an_import_are_the_librarys() -> None:
    assert ENDED == FINISHED
