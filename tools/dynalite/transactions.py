"""Transactions, which dynalite does not have, out of single reads and writes.

Each write keeps its expressions and conditions, which is what a second implementation is asked for.
Nothing else writes in between, so all or nothing can be had by putting items back.
"""

from __future__ import annotations

from typing import Any

from tools.dynalite.server import Dynalite

Answer = tuple[int, dict[str, Any]]

_ONLY_IN_TRANSACTIONS = "ReturnValuesOnConditionCheckFailure"
_OF_ITEMS = ("Item size", "Type mismatch for Index Key")
"""Faults of an item. DynamoDB names them among the reasons and does not refuse the request."""


def read(dynalite: Dynalite, request: dict[str, Any]) -> Answer:
    """Answer TransactGetItems."""
    responses = []
    for one in request["TransactItems"]:
        status, answer = dynalite.ask("GetItem", one["Get"])
        if status != 200:
            return status, answer
        responses.append(answer)
    return 200, {"Responses": responses}


def write(dynalite: Dynalite, keys: dict[str, list[str]], request: dict[str, Any]) -> Answer:
    """Answer TransactWriteItems; `keys` are the key attributes of each table."""
    reasons: list[str] = []
    before: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = []
    refused: Answer | None = None
    for write in request["TransactItems"]:
        [(kind, one)] = write.items()
        one = {name: value for name, value in one.items() if name != _ONLY_IN_TRANSACTIONS}
        table = one["TableName"]
        key = one.get("Key") or {name: one["Item"][name] for name in keys[table]}
        found = dynalite.ask("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        item = found[1].get("Item")
        before.append((table, key, item))
        status, answer = _apply(dynalite, kind, one, item)
        reasons.append("None" if status == 200 else _reason(answer))
        if reasons[-1] == "ValidationException":
            refused = refused or (status, answer)
    if set(reasons) == {"None"}:
        return 200, {}
    for table, key, item in before:
        _put_back(dynalite, table, key, item)
    cancelled = {
        "__type": "#TransactionCanceledException",
        "CancellationReasons": [{"Code": code} for code in reasons],
    }
    return refused or (400, cancelled)


def _apply(dynalite: Dynalite, kind: str, one: dict[str, Any], item: Any) -> Answer:
    if kind != "ConditionCheck":
        return dynalite.ask(f"{kind}Item", one)
    # A write that changes nothing, under the same condition.
    if item is None:
        return dynalite.ask("DeleteItem", one)
    put = {name: value for name, value in one.items() if name != "Key"}
    return dynalite.ask("PutItem", {**put, "Item": item})


def _put_back(dynalite: Dynalite, table: str, key: Any, item: Any) -> None:
    if item is None:
        dynalite.ask("DeleteItem", {"TableName": table, "Key": key})
    else:
        dynalite.ask("PutItem", {"TableName": table, "Item": item})


def _reason(answer: dict[str, Any]) -> str:
    """Return the reason that a transaction names for the error of a single write."""
    code = str(answer.get("__type", "")).rpartition("#")[2]
    if code == "ConditionalCheckFailedException":
        return "ConditionalCheckFailed"
    is_of_item = any(words in str(answer.get("message")) for words in _OF_ITEMS)
    return "ValidationError" if code == "ValidationException" and is_of_item else code
