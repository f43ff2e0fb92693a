"""DynamoDB: one action at a time, its documented rules, cheap transactions, and a place for faults.

moto takes no lock between checking a condition and writing, so two writers could both win; and its
transactions copy whole tables for their undo. Here only the items a transaction touches are copied.
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from prefdrop_local.stack.bridges.streams import Streams
from prefdrop_local.stack.limits import tables
from prefdrop_local.stack.limits.growth import Growth
from prefdrop_local.stack.limits.refusal import RefusalError
from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.table_record import TableRecord
from prefdrop_local.stack.table_requests import TableFaultError, TableObserver, TableRequest

_APPLICATION = re.compile(r"\bapp/(\S+)")
"""A function's requests carry its logical id in the user agent (AWS_SDK_UA_APP_ID)."""


def install(
    patches: Patches,
    observers: list[TableObserver],
    streams: Streams,
    now: Callable[[], float] = time.time,
) -> None:
    """Serialise DynamoDB, replace the undo of transactions, ask `observers` around each request.

    `streams` is told of each request that was applied, in the order in which they were. `now`
    returns the time in seconds, as the writers see it.
    """
    lock = threading.RLock()
    record = TableRecord()
    growth = Growth()
    growth.install(patches)
    call_action = DynamoHandler.call_action
    transact_write_items = DynamoDBBackend.transact_write_items

    def serialised(handler: DynamoHandler) -> Any:
        known, action = handler.dynamodb_backend.tables, handler._get_action()
        with lock:
            asked = record.before(action, handler.params)
            answer = served(handler, known, action)
            record.after(known, action, asked, answer)
            return answer

    def served(handler: DynamoHandler, known: Any, action: str) -> Any:
        try:
            tables.check(known, action, handler.params, now())
        except RefusalError as refusal:
            return _error_answer(refusal.code, refusal.message, **refusal.members)
        with streams.request() as changes:
            answer: Any = call_action(handler)
            changes.undone = answer[0] >= 400
        return answer

    def observed(handler: DynamoHandler) -> Any:
        if not observers:
            return serialised(handler)
        request = _request(handler)
        try:
            _ask(observers, request)
            held_back = _take_out(request)
            answer = serialised(handler)
            request.moment = "after"
            _ask(observers, request)
        except TableFaultError as fault:
            return _error_answer(fault.code, fault.message)
        return _with_unprocessed(answer, held_back) if held_back else answer

    def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        before = list(_touched(backend, transact_items))
        growth.in_transaction = True
        try:
            transact_write_items(backend, transact_items)
        except Exception:
            for table, keys, item in before:
                _put_back(table, keys, item)
            raise
        finally:
            growth.in_transaction = False

    patches.set(DynamoHandler, "call_action", observed)
    patches.set(DynamoDBBackend, "transact_write_items", transact)
    patches.set(Table, "__deepcopy__", lambda table, _memo: table)


def _request(handler: Any) -> TableRequest:
    application = _APPLICATION.search(handler.headers.get("User-Agent", ""))
    function = application[1] if application else None
    return TableRequest(function, handler._get_action(), handler.params)


def _ask(observers: list[TableObserver], request: TableRequest) -> None:
    for observer in list(observers):
        observer(request)


def _error_answer(code: str, message: str, **members: Any) -> tuple[int, dict[str, str], str]:
    status = 500 if code == "InternalServerError" else 400
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    body = json.dumps({"__type": kind, "message": message, **members})
    return status, {"content-type": "application/x-amz-json-1.0"}, body


def _take_out(request: TableRequest) -> dict[str, list[Any]]:
    held_back: dict[str, list[Any]] = {}
    if request.action != "BatchWriteItem":
        return held_back
    for table, writes in request.body["RequestItems"].items():
        while writes and request.hold_back > 0:
            held_back.setdefault(table, []).append(writes.pop())
            request.hold_back -= 1
    return held_back


def _with_unprocessed(answer: Any, held_back: dict[str, list[Any]]) -> Any:
    status, headers, body = answer
    whole = {**json.loads(body), "UnprocessedItems": held_back}
    kept = {name: value for name, value in headers.items() if name.lower() != "x-amz-crc32"}
    return status, kept, json.dumps(whole)


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
