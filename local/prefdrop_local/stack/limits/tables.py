"""DynamoDB's rules for requests that moto takes and AWS refuses.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/ (each action), and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prefdrop_local.stack.limits.expressions import Expression, compared, parse
from prefdrop_local.stack.limits.lives import check_lives
from prefdrop_local.stack.limits.refusal import ItemRefusalError, RefusalError, constraint
from prefdrop_local.stack.limits.values import (
    MOST_ITEM_BYTES,
    Value,
    check_key,
    only,
    size_of,
    value_size,
)

MOST_BATCH_WRITES = 25
MOST_TRANSACTION_BYTES = 4 * 1024 * 1024
MOST_REQUEST_BYTES = 16 * 1024 * 1024
_EXPRESSIONS = (
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)
_TWICE = "Provided list of item keys contains duplicates"

Request = Mapping[str, Any]
Tables = Mapping[str, Any]
"""moto's tables by name."""


def check(tables: Tables, action: str, request: Request, now: float) -> None:
    """Raise RefusalError if DynamoDB does not take the request.

    `now` is the time in seconds, as the writer of the request sees it.
    """
    if rule := _RULES.get(action):
        rule(tables, request)
        check_lives(tables, action, request, now)


# --- actions ------------------------------------------------------------------------------------


def _put(tables: Tables, request: Request) -> int:
    table = tables.get(request["TableName"])
    named = _check_expressions(request)
    _check_conditions(request, named)
    size = size_of(request["Item"])
    if size > MOST_ITEM_BYTES:
        raise ItemRefusalError("Item size has exceeded the maximum allowed size")
    if table is not None:
        _check_item(table, request["Item"])
    return size


def _update(tables: Tables, request: Request) -> int:
    named = _check_expressions(request)
    _check_conditions(request, named)
    table = tables.get(request["TableName"])
    if table is not None:
        _check_primary_key(table, request["Key"])
        _check_index_keys(table, dict(compared(request, named.get("UpdateExpression"))))
    values = request.get("ExpressionAttributeValues") or {}
    return size_of(request["Key"]) + sum(map(value_size, values.values()))


def _keyed(tables: Tables, request: Request) -> int:
    """Check what names one item: a read, a delete, a condition."""
    named = _check_expressions(request)
    _check_conditions(request, named)
    table = tables.get(request["TableName"])
    if table is not None:
        _check_primary_key(table, request["Key"])
    return size_of(request["Key"])


def _query(tables: Tables, request: Request) -> None:
    named = _check_expressions(request)
    _check_conditions(request, named)
    if request.get("Limit") is not None and request["Limit"] < 1:
        must = "Member must have value greater than or equal to 1"
        raise RefusalError(constraint("limit", must))
    table = tables.get(request["TableName"])
    if table is not None:
        keys = _keys_of(table, request.get("IndexName"))
        _check_filter(request, named.get("FilterExpression"), keys)
        _check_key_condition(request, named.get("KeyConditionExpression"), table, keys)
        _check_start(request, named.get("KeyConditionExpression"), table, keys)


def _batch_write(tables: Tables, request: Request) -> None:
    asked = request.get("RequestItems") or {}
    count = sum(map(len, asked.values()))
    if not asked or not all(asked.values()) or count > MOST_BATCH_WRITES:
        must = (
            "Map value must satisfy constraint: [Member must have length less than or equal to "
            f"{MOST_BATCH_WRITES}, Member must have length greater than or equal to 1]"
        )
        raise RefusalError(constraint("requestItems", must))
    size = 0
    for name, writes in asked.items():
        seen: set[tuple[str, ...]] = set()
        for write in writes:
            kind, one = only(write)
            size += (_put if kind == "PutRequest" else _keyed)(tables, {"TableName": name, **one})
            _once(seen, tables.get(name), one.get("Item") or one["Key"], _TWICE)
    if size > MOST_REQUEST_BYTES:
        raise RefusalError(f"Request size exceeds {MOST_REQUEST_BYTES} bytes")


def _batch_get(tables: Tables, request: Request) -> None:
    asked = request.get("RequestItems") or {}
    for name, wanted in asked.items():
        if not wanted.get("Keys"):
            must = "Member must have length greater than or equal to 1"
            raise RefusalError(constraint(f"requestItems.{name}.member.keys", must))
        _check_expressions(wanted)
        for key in wanted["Keys"]:
            _keyed(tables, {"TableName": name, "Key": key})


def _transact_write(tables: Tables, request: Request) -> None:
    writes = [only(write) for write in request["TransactItems"]]
    if not writes:
        must = "Member must have length greater than or equal to 1"
        raise RefusalError(constraint("transactItems", must))
    if len(request.get("ClientRequestToken") or "") > 36:
        must = "Member must have length less than or equal to 36"
        raise RefusalError(constraint("clientRequestToken", must))
    sizes, reasons = [0], []
    for kind, one in writes:
        try:
            sizes.append(_RULES[f"{kind}Item"](tables, one))
            reasons.append({"Code": "None"})
        except ItemRefusalError as refusal:
            reasons.append({"Code": "ValidationError", "Message": refusal.message})
    cancel_if_any(reasons)
    if sum(sizes) > MOST_TRANSACTION_BYTES:
        raise RefusalError("The aggregate size of the items in the transaction exceeded 4 MB")


def cancel_if_any(reasons: list[dict[str, str]]) -> None:
    """Cancel a transaction if one of its writes has a reason for that."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    if codes.replace("None", "").strip(", "):
        message = (
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{codes}]"
        )
        raise RefusalError(message, "TransactionCanceledException", CancellationReasons=reasons)


def _transact_get(tables: Tables, request: Request) -> None:
    seen: dict[str, set[tuple[str, ...]]] = {}
    for read in request["TransactItems"]:
        _, one = only(read)
        _keyed(tables, one)
        name = one["TableName"]
        message = "Transaction request cannot include multiple operations on one item"
        _once(seen.setdefault(name, set()), tables.get(name), one["Key"], message)


_RULES: dict[str, Callable[[Tables, Request], Any]] = {
    "PutItem": _put,
    "UpdateItem": _update,
    "DeleteItem": _keyed,
    "GetItem": _keyed,
    "ConditionCheckItem": _keyed,
    "Query": _query,
    "Scan": _query,
    "BatchWriteItem": _batch_write,
    "BatchGetItem": _batch_get,
    "TransactWriteItems": _transact_write,
    "TransactGetItems": _transact_get,
}


def _once(seen: set[tuple[str, ...]], table: Any, item: Request, message: str) -> None:
    if table is None:
        return
    key = tuple(str(item.get(name)) for name in table.table_key_attrs)
    if key in seen:
        raise RefusalError(message)
    seen.add(key)


# --- expressions --------------------------------------------------------------------------------


def _check_expressions(request: Request) -> dict[str, Expression]:
    """Return the request's expressions, whose names and values are defined and all used."""
    found = {
        kind: parse(kind, request[kind]) for kind in _EXPRESSIONS if request.get(kind) is not None
    }
    for member in ("Names", "Values"):
        _check_placeholders(request, found, member)
    return found


def _check_placeholders(request: Request, found: dict[str, Expression], member: str) -> None:
    parameter = f"ExpressionAttribute{member}"
    given = request.get(parameter)
    if given is not None and not found:
        raise RefusalError(f"{parameter} can only be specified when using expressions")
    if given is not None and not given:
        raise RefusalError(f"{parameter} must not be empty")
    used: set[str] = set()
    for kind, expression in found.items():
        mentioned = expression.names if member == "Names" else expression.values
        used |= mentioned
        for one in sorted(mentioned - set(given or ())):
            raise RefusalError(f"Invalid {kind}: {_undefined(member, one)}")
    if unused := sorted(set(given or ()) - used):
        keys = ", ".join(unused)
        raise RefusalError(f"Value provided in {parameter} unused in expressions: keys: {{{keys}}}")


def _undefined(member: str, placeholder: str) -> str:
    if member == "Names":
        return (
            "An expression attribute name used in the document path is not defined; "
            f"attribute name: {placeholder}"
        )
    return (
        "An expression attribute value used in expression is not defined; "
        f"attribute value: {placeholder}"
    )


def _check_conditions(request: Request, named: dict[str, Expression]) -> None:
    """Check the values of the expressions, and BETWEEN, whose bounds must be in order."""
    values = request.get("ExpressionAttributeValues") or {}
    for value in values.values():
        value_size(value)
    for kind, expression in named.items():
        for low, high in expression.ranges:
            if _order(values[low]) > _order(values[high]):
                raise RefusalError(
                    f"Invalid {kind}: The BETWEEN operator requires upper bound to be greater than "
                    f"or equal to lower bound; lower bound operand: AttributeValue: {values[low]}, "
                    f"upper bound operand: AttributeValue: {values[high]}"
                )


def _order(value: Value) -> Any:
    [(kind, content)] = value.items()
    if kind == "N":
        return float(content)
    return content.encode() if isinstance(content, str) else content


# --- keys ---------------------------------------------------------------------------------------


def _keys_of(table: Any, index: str | None) -> list[str]:
    """Return the hash key and, if there is one, the range key of a table or an index."""
    if index is None:
        return list(table.table_key_attrs)
    schemas = (i.schema for i in (*table.global_indexes, *table.indexes) if i.name == index)
    keys = sorted(next(schemas, []), key=lambda key: str(key["KeyType"]))  # HASH, then RANGE
    return [key["AttributeName"] for key in keys]


def _type_of(table: Any, attribute: str) -> str:
    types = {one["AttributeName"]: one["AttributeType"] for one in table.attr}
    return str(types[attribute])


def _check_primary_key(table: Any, key: Request) -> None:
    if key.keys() != set(table.table_key_attrs):
        raise RefusalError("The provided key element does not match the schema")
    for place, name in enumerate(table.table_key_attrs):
        if key[name].keys() != {_type_of(table, name)}:
            raise RefusalError("The provided key element does not match the schema")
        _check_not_empty(name, key[name])
        check_key(key[name], is_hash=place == 0)


def _check_not_empty(name: str, value: Value) -> None:
    if value.get("S") == "" or value.get("B") in (b"", ""):
        kind = "string" if "S" in value else "binary"
        raise RefusalError(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty {kind} value. Key: {name}"
        )


def _check_item(table: Any, item: Request) -> None:
    if missing := [name for name in table.table_key_attrs if name not in item]:
        raise RefusalError(
            f"One or more parameter values were invalid: Missing the key {missing[0]} in the item"
        )
    _check_primary_key(table, {name: item[name] for name in table.table_key_attrs})
    _check_index_keys(table, item)


def _check_index_keys(table: Any, attributes: Request) -> None:
    for index in (*table.global_indexes, *table.indexes):
        for key in index.schema:
            name = key["AttributeName"]
            if name not in attributes:
                continue
            wanted = _type_of(table, name)
            if attributes[name].keys() != {wanted}:
                raise ItemRefusalError(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {wanted} Actual: {next(iter(attributes[name]))} "
                    f"IndexName: {index.name}"
                )
            check_key(attributes[name], is_hash=key["KeyType"] == "HASH")


def _check_filter(request: Request, expression: Expression | None, keys: list[str]) -> None:
    names = request.get("ExpressionAttributeNames") or {}
    filtered = {names.get(one, one) for one in expression.attributes} if expression else set()
    if "KeyConditionExpression" in request and (wrong := sorted(filtered & set(keys))):
        raise RefusalError(
            "Filter Expression can only contain non-primary key attributes: "
            f"Primary key attribute: {wrong[0]}"
        )


def _check_key_condition(
    request: Request, expression: Expression | None, table: Any, keys: list[str]
) -> None:
    if expression is None:
        return
    types = {_type_of(table, name) for name in keys}
    for placeholder in expression.values:
        value = request["ExpressionAttributeValues"][placeholder]
        if not value.keys() <= types:
            raise RefusalError(
                "One or more parameter values were invalid: "
                "Condition parameter type does not match schema type"
            )
    for name, value in compared(request, expression):
        if name in keys:
            check_key(value, is_hash=name == keys[0])


def _check_start(
    request: Request, expression: Expression | None, table: Any, keys: list[str]
) -> None:
    start = request.get("ExclusiveStartKey")
    if start is None:
        return
    if start.keys() != {*keys, *table.table_key_attrs}:
        raise RefusalError("The provided starting key is invalid")
    wanted = dict(compared(request, expression))
    if any(start[name] != wanted[name] for name in keys[:1] if name in wanted):
        raise RefusalError(
            "The provided starting key is outside query boundaries based on provided conditions"
        )
