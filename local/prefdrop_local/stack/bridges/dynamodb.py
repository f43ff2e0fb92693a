"""DynamoDB: one action at a time, and cheap transactions.

moto takes no lock between checking a condition and writing, so two writers could both win; and its
transactions copy whole tables for their undo. Here only the items a transaction touches are copied.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from prefdrop_local.stack.patching import Patches


def install(patches: Patches) -> None:
    """Serialise DynamoDB and replace the undo of transactions."""
    lock = threading.RLock()
    call_action = DynamoHandler.call_action
    transact_write_items = DynamoDBBackend.transact_write_items

    def serialised(handler: DynamoHandler) -> Any:
        with lock:
            return call_action(handler)

    def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        before = list(_touched(backend, transact_items))
        try:
            transact_write_items(backend, transact_items)
        except Exception:
            for table, keys, item in before:
                _put_back(table, keys, item)
            raise

    patches.set(DynamoHandler, "call_action", serialised)
    patches.set(DynamoDBBackend, "transact_write_items", transact)
    patches.set(Table, "__deepcopy__", lambda table, _memo: table)


def _touched(
    backend: DynamoDBBackend, transact_items: list[dict[str, Any]]
) -> Iterator[tuple[Any, tuple[Any, Any], Any]]:
    for operation in transact_items:
        details = next(iter(operation.values()))
        table = backend.tables.get(details.get("TableName"))
        if table is not None:
            keys = backend.get_keys_value(table, details.get("Key") or details["Item"])
            yield table, keys, copy.deepcopy(table.get_item(*keys))


def _put_back(table: Any, keys: tuple[Any, Any], item: Any) -> None:
    hash_key, range_key = keys
    holder, key = (table.items[hash_key], range_key) if range_key else (table.items, hash_key)
    if item is None:
        holder.pop(key, None)
    else:
        holder[key] = item
