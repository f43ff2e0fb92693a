"""The Exceptions table: each reject of an import as an item, for looking one up."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from prefdrop.errors import Transient
from prefdrop.ledger import keys
from prefdrop.ledger.table import marshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 25
"""Items that one BatchWriteItem takes."""

ATTEMPTS = 8


class TableBusy(Transient):
    """DynamoDB kept refusing part of a batch."""


class RejectItem(msgspec.Struct, frozen=True):
    """One reject; `stage` is local, validation or execution."""

    row: int
    stage: str
    code: str
    reason: str


class ExceptionStore:
    """Writes rejects; writing the same one again changes nothing."""

    def __init__(self, client: DynamoDBClient, name: str, retention_days: int) -> None:
        self._client = client
        self._name = name
        self._retention = retention_days * 24 * 3600

    def write(self, import_id: str, rejects: Iterable[RejectItem]) -> None:
        """Write rejects of one import; raises TableBusy when the table keeps refusing."""
        expires = int(time.time()) + self._retention
        pending = iter(rejects)
        while batch := list(islice(pending, BATCH)):
            self._write([_put(import_id, reject, expires) for reject in batch])

    def _write(self, puts: list[Any]) -> None:
        for attempt in range(ATTEMPTS):
            answer = self._client.batch_write_item(RequestItems={self._name: puts})
            puts = answer.get("UnprocessedItems", {}).get(self._name, [])
            if not puts:
                return
            pause(attempt)
        raise TableBusy(
            f"The table {self._name} refused {len(puts)} of a batch's items {ATTEMPTS} times.",
            hint="The step is tried again.",
        )


def pause(attempt: int) -> None:
    """Wait before the next attempt, numbered from 0: longer each time, and not all at once."""
    time.sleep(random.uniform(0, 0.05 * 2**attempt))


def _put(import_id: str, reject: RejectItem, expires: int) -> dict[str, Any]:
    item = {
        **keys.exception(import_id, reject.row, reject.stage)._asdict(),
        **msgspec.to_builtins(reject),
        "import_id": import_id,
        "expires_at": expires,
    }
    return {"PutRequest": {"Item": marshal(item)}}
