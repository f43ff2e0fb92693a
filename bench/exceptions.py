"""Rejects into the Exceptions table, against a bare loop of BatchWriteItem with ready-made items.

    python -m bench exceptions

Both write to the same table of the same server (moto, in a process of its own), by turns.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3

from bench.figures import Figure
from bench.moto import moto
from bench.plan import Plan, in_a_process
from prefdrop.importing.reject_items import ItemWriter
from prefdrop.ledger.exceptions import BATCH, ExceptionStore, RejectItem, _put

TABLE = "exceptions"
LEAST_SHARE = 80
IMPORT = "imp-0123456789abcdef"


def rows(plan: Plan) -> Iterator[Figure]:
    """Items a second of both, and the share that the first is of the second."""
    count, rounds = (2_500, 2) if plan.quick else (20_000, 3)
    found: dict[str, float] = {}
    with moto():
        for way in ["prepare", *["bare", "ours"] * rounds]:
            seconds = in_a_process("bench.exceptions", way, str(count))
            found[way] = max(found.get(way, 0.0), count / seconds)
    share = 100 * found["ours"] / found["bare"]
    yield Figure("exceptions", "rejects into the table", found["ours"], "items/s")
    yield Figure("exceptions", "a bare loop of BatchWriteItem", found["bare"], "items/s")
    yield Figure("exceptions", "the one as a share of the other", share, "%", target=LEAST_SHARE)


def rejects(count: int) -> list[RejectItem]:
    """Rejects as an import has them."""
    reason = "Emails[0].EmailAddress: The e-mail address does not match the account's pattern."
    return [RejectItem(n, "validation", "EmailPattern", reason) for n in range(1, count + 1)]


def write_ours(client: Any, count: int) -> None:
    """What the report does."""
    items = ItemWriter(ExceptionStore(client, TABLE, 90), IMPORT)
    with items.writing():
        for one in rejects(count):
            items.add(one)


def write_barely(client: Any, puts: list[Any]) -> None:
    """Nothing but the requests."""
    for first in range(0, len(puts), BATCH):
        client.batch_write_item(RequestItems={TABLE: puts[first : first + BATCH]})


def main(way: str, count: int) -> float:
    """Seconds of one way; or make the table."""
    client = boto3.client("dynamodb")
    puts = [_put(IMPORT, one, 1_900_000_000) for one in rejects(count)] if way == "bare" else []
    begin = time.perf_counter()
    if way == "prepare":
        keys: list[Any] = [("pk", "HASH"), ("sk", "RANGE")]
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
            KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in keys],
        )
    elif way == "bare":
        write_barely(client, puts)
    else:
        write_ours(client, count)
    return time.perf_counter() - begin


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
