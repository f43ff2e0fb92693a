"""A rule of our own: no item of an import that has not ended may expire now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType

from prefdrop_local.stack.limits.expressions import compared, parse
from prefdrop_local.stack.limits.refusal import RefusalError
from prefdrop_local.stack.limits.values import only

Request = Mapping[str, Any]

_IMPORT = "IMPORT#"
_LIFE = "expires_at"
ENDED = frozenset(
    {"Completed", "CompletedWithRejects", "Aborted", "Failed", "Duplicate", "Unreconciled"}
)
"""Statuses of imports that have ended, as the library has them."""


def check_lives(tables: Mapping[str, Any], action: str, request: Request, now: float) -> None:
    """Refuse to let an item of an open import expire now: DynamoDB would take it, and delete it."""
    for name, partition, item in _written(action, request):
        moment = item.get(_LIFE, {}).get("N")
        expired = moment is not None and float(moment) <= now
        if name not in tables or not expired or not partition.startswith(_IMPORT):
            continue
        status = item.get("status", {}).get("S") or _status(tables[name], partition)
        if status and status not in ENDED:
            raise RefusalError(
                f"The local stack refuses {_LIFE} in the past on an item of an import in status "
                f"{status}: DynamoDB would delete the item before the import ends."
            )


def _written(action: str, request: Request) -> Iterator[tuple[str, str, Request]]:
    """Return table, partition key and attributes of each item that a request puts or changes."""
    match action:
        case "Put" | "PutItem":
            item = request["Item"]
            yield request["TableName"], item.get("pk", {}).get("S", ""), item
        case "Update" | "UpdateItem" if expression := request.get("UpdateExpression"):
            changed = dict(compared(request, parse("UpdateExpression", expression)))
            yield request["TableName"], request["Key"].get("pk", {}).get("S", ""), changed
        case "TransactWriteItems":
            for kind, one in map(only, request["TransactItems"]):
                yield from _written(kind, one)
        case "BatchWriteItem":
            for name, writes in request["RequestItems"].items():
                for _, one in map(only, writes):
                    if "Item" in one:
                        yield from _written("Put", {"TableName": name, **one})


def _status(table: Any, partition: str) -> str:
    if table.range_key_attr is None:
        return ""
    found = table.get_item(DynamoType({"S": partition}), DynamoType({"S": "META"}))
    status = found.attrs.get("status") if found is not None else None
    return str(status.value) if status is not None else ""
