"""What the sandbox's own books say of an import, held against what the file says."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed
from tests.faults.interpreter import Execution, Json
from tests.faults.simulation import Simulation

EXECUTED = ("Queued", "Processing", "Completed")


@dataclass
class Expected:
    """What a file holds: its records as they are to be staged, and its locally rejected rows."""

    records: list[str]
    rejected: list[int]


def expected(body: bytes, feed: str) -> Expected:
    """Read a file in one go, with no limit but memory."""
    source = Source(
        load_feed(feed.encode(), file="people.toml"),
        lambda offset: io.BytesIO(body[offset:]),
        size=len(body),
        file="people.csv",
    )
    limits = ChunkLimits(bytes=10**9, records=10**9, rejects=10**9)
    records, rejected = [], []
    for chunk in source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC)):
        (root,) = json.loads(chunk.body).values()
        records += [_canonical(record) for record in root]
        rejected += [reject.row for reject in chunk.rejects]
    return Expected(records, rejected)


@dataclass
class Books:
    """What the vendor executed, and what it only staged, as canonical records in their order."""

    executed: list[str]
    given_up: list[str]
    totals: Counter[str]


def books(simulation: Simulation) -> Books:
    """Read the sandbox's books."""
    made = Books([], [], Counter())
    for one in simulation.vendor("imports")["imports"]:
        held = simulation.vendor(f"imports/{one['token']}")
        records = [_canonical(entry["record"]) for entry in held["records"]]
        if one["state"] in EXECUTED:
            made.executed += records
            made.totals.update(
                {
                    name: one[name]
                    for name in (
                        "received",
                        "ok",
                        "failed",
                        "processed",
                        "exceptions",
                        "not_honored",
                    )
                }
            )
        else:
            made.given_up += records
    return made


def assert_exactly_once(
    simulation: Simulation,
    execution: Execution,
    body: bytes,
    feed: str,
    *,
    kept_out: tuple[int, ...] = (),
) -> Json:
    """Each record was executed exactly once, in order; the rest is in the rejects; all adds up.

    `kept_out` are the positions, from 0, of records that the vendor takes in no request.
    """
    file, vendor = expected(body, feed), books(simulation)
    report = simulation.report(execution)
    wanted = [record for n, record in enumerate(file.records) if n not in kept_out]
    assert Counter(vendor.executed) == Counter(wanted)
    assert report["reconciled"], report
    assert report["status"] in ("Completed", "CompletedWithRejects")
    totals = vendor.totals
    assert report["staged"] == totals["received"]
    assert report["validation_ok"] == totals["ok"]
    assert report["rejected_validation"] == totals["failed"]
    assert report["processed"] == totals["processed"]
    assert report["rejected_execution"] == totals["exceptions"]
    assert report["rejected_local"] == len(file.rejected) + len(kept_out)
    rows = rejected_rows(simulation, report)
    assert len(rows) == len(set(rows))
    count = report["rejected_local"] + report["rejected_validation"] + report["rejected_execution"]
    assert len(rows) == count
    assert set(file.rejected) <= set(rows)
    return report


def assert_nothing_executed(simulation: Simulation) -> None:
    """The vendor was told to execute nothing."""
    assert books(simulation).executed == []


def rejected_rows(simulation: Simulation, report: Json) -> list[int]:
    """The row numbers of the rejects file."""
    if not report["rejects"]["key"]:
        return []
    text = simulation.read(report["rejects"]["key"]).decode()
    return [int(row["_row"]) for row in csv.DictReader(io.StringIO(text, newline=""))]


def _canonical(record: Any) -> str:
    return json.dumps(record, sort_keys=True)
