"""Rejects into the Exceptions table, against a bare loop of BatchWriteItem with ready-made items.

    python -m bench exceptions

Both write to the same table of the same server (moto, in a process of its own), by turns.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3

from bench.contest import Contest
from bench.figures import Figure
from bench.moto import create_table, moto
from bench.plan import Plan
from bench.processes import Run, run_in_a_process, timed
from prefdrop.importing.rejects_file import ItemWriter
from prefdrop.ledger.exceptions import BATCH, ExceptionStore, RejectItem, _put

IMPORT = "imp-0123456789abcdef"
LEAST_SPEED = 1.0


def rows(plan: Plan) -> Iterator[Figure]:
    """Items a second of both, and the first divided by the second."""
    count = 1_000 if plan.quick else 5_000

    def way(name: str, turn: int) -> Run:
        table = f"{name}-{turn}"
        create_table(table)
        return run_in_a_process("bench.exceptions", name, table, str(count))

    with moto():
        ways = {name: partial(way, name) for name in WAYS}
        found = Contest("exceptions", ways, count, by="wall")
    yield found.speed("ours", "rejects into the table", "items/s")
    yield found.speed("bare", "a bare loop of BatchWriteItem", "items/s")
    what = "speed of the first, divided by that of the second"
    yield found.ratio("bare", "ours", what, target=LEAST_SPEED)


def rejects(count: int) -> list[RejectItem]:
    """Return rejects as an import has them."""
    reason = "Emails[0].EmailAddress: The e-mail address does not match the account's pattern."
    return [RejectItem(n, "validation", "EmailPattern", reason) for n in range(1, count + 1)]


def write_ours(client: Any, table: str, given: list[RejectItem]) -> int:
    """Write as the report does."""
    items = ItemWriter(ExceptionStore(client, table, 90), IMPORT)
    with items.writing():
        for one in given:
            items.add(one)
    return len(given)


def write_barely(client: Any, table: str, given: list[dict[str, Any]]) -> int:
    """Make nothing but the requests."""
    for first in range(0, len(given), BATCH):
        client.batch_write_item(RequestItems={table: given[first : first + BATCH]})
    return len(given)


WAYS: dict[str, Callable[[Any, str, list[Any]], int]] = {
    "bare": write_barely,
    "ours": write_ours,
}


def main(name: str, table: str, count: int) -> Run:
    """Measure one way; its rows are the items that the table then holds."""
    client = boto3.client("dynamodb")
    given: list[Any] = rejects(count)
    if name == "bare":
        given = [_put(IMPORT, one, 1_900_000_000) for one in given]
    run = timed(lambda: WAYS[name](client, table, given))
    pages = client.get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return run._replace(rows=sum(page["Count"] for page in pages))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
