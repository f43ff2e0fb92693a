"""DynamoDB requests and their answers, written down so that another DynamoDB can be asked the same.

Where the variable `RECORD` names a folder, each emulated DynamoDB writes a file of its own into it,
one JSON object per line: each table before it is used, and each request in the order of its turn.
Items are invented: only tests set the variable.
"""

from __future__ import annotations

import base64
import json
import os
from itertools import count
from pathlib import Path
from typing import Any

RECORD = "PREFDROP_RECORD_TABLES"

ACTIONS = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)

_files = count(1)


class TableRecord:
    """One file of tables and requests; nothing is written where the variable names no folder."""

    def __init__(self) -> None:
        folder = os.environ.get(RECORD)
        name = f"{os.getpid()}-{next(_files):05d}.jsonl"
        self._file = Path(folder) / name if folder else None
        self._known: dict[str, Any] = {}

    def before(self, action: str, request: Any) -> str:
        """Return a request as it will be written down: moto changes some while it serves them."""
        if self._file is None or action not in ACTIONS:
            return ""
        return json.dumps(request, default=_text)

    def after(self, tables: Any, action: str, request: str, answer: Any) -> None:
        """Write down a request, as `before` returned it, and how it was answered."""
        if self._file is None or not request:
            return
        status, _, body = answer
        lines = [json.dumps(change, default=_text) for change in self._changes(tables)]
        lines.append(
            f'{{"action": "{action}", "status": {status}, "request": {request}, "answer": {body}}}'
        )
        with self._file.open("a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    def _changes(self, tables: Any) -> list[dict[str, Any]]:
        """Return the tables that were removed and made since the last request."""
        gone = [name for name in self._known if name not in tables]
        new = [name for name, table in tables.items() if self._known.get(name) is not table]
        self._known = dict(tables)
        made = ({"table": name, "create": _creation(tables[name])} for name in new)
        return [*({"table": name, "create": None} for name in gone), *made]


def _creation(table: Any) -> dict[str, Any]:
    indexes = [
        {"IndexName": one.name, "KeySchema": one.schema, "Projection": one.projection}
        for one in table.global_indexes
    ]
    creation = {
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": table.attr,
        "KeySchema": table.schema,
    }
    return creation | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
