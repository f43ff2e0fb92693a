"""DynamoDB streams: one record for each item that a request has changed, once it has.

moto tells of a change while a transaction may still be undone, and twice of an item that an update
creates. A table that somebody listens to has its records given to the listeners only.
Record: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from moto.dynamodb.models.table import StreamShard

from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.place import REGION

Listener = Callable[[dict[str, Any]], None]


@dataclass
class _Change:
    table: Any
    before: Any
    after: Any


class Changes:
    """The changes that one request makes, the first and the last image of each item."""

    def __init__(self) -> None:
        self.undone = False
        self._by_key: dict[tuple[str, str], _Change] = {}

    def add(self, table: Any, before: Any, after: Any) -> None:
        """Note one change; moto may make several of them for one item."""
        key = (table.name, json.dumps(_keys(table, after or before)))
        known = self._by_key.setdefault(key, _Change(table, before, after))
        known.after = after

    def __iter__(self) -> Iterator[_Change]:
        return iter(() if self.undone else self._by_key.values())


class Streams:
    """Hands records to whoever listens to a table, in the order of the writes."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._current = threading.local()
        self._sequence = count(1_100_000_000_017_454_423_009)

    def install(self, patches: Patches) -> None:
        """Take over what moto's tables say about changes."""
        original = StreamShard.add

        def add(shard: StreamShard, old: Any, new: Any) -> None:
            changes: Changes | None = getattr(self._current, "changes", None)
            if shard.table.name not in self._listeners or changes is None:
                original(shard, old, new)
            else:
                changes.add(shard.table, old, new)

        patches.set(StreamShard, "add", add)

    def listen(self, table: str, listener: Listener) -> None:
        """Have `listener` called with each record of a table, while the table is locked."""
        self._listeners.setdefault(table, []).append(listener)

    @contextmanager
    def request(self) -> Iterator[Changes]:
        """Records are made at the end of this block, unless an error ends it or it says undone."""
        self._current.changes = changes = Changes()
        try:
            yield changes
        finally:
            self._current.changes = None
        for change in changes:
            record = self._record(change)
            for listener in self._listeners[change.table.name]:
                listener(record)

    def _record(self, change: _Change) -> dict[str, Any]:
        table, before, after = change.table, change.before, change.after
        view = table.stream_specification["StreamViewType"]
        number = next(self._sequence)
        item = {
            "ApproximateCreationDateTime": int(time.time()),
            "Keys": _keys(table, after or before),
            "SequenceNumber": str(number),
            "StreamViewType": view,
        }
        if after is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            item["NewImage"] = after.to_json()["Attributes"]
        if before is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            item["OldImage"] = before.to_json()["Attributes"]
        return {
            "eventID": f"{number:032x}",
            "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": item,
            "eventSourceARN": f"{table.table_arn}/stream/{table.latest_stream_label}",
        }


def _keys(table: Any, item: Any) -> dict[str, Any]:
    keys = {table.hash_key_attr: item.hash_key.to_json()}
    if table.range_key_attr is not None:
        keys[table.range_key_attr] = item.range_key.to_json()
    return keys
