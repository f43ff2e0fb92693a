"""From a file to chunks on one core, against the floor, the naive way and a ready-made engine.

    python -m bench chunker

Each way runs in a process of its own, by turns, and is measured in seconds of processor time: that
is what one core does, whatever else the machine is busy with. The ratios are what to compare
between machines. Nothing gets a csv file in below `csv.reader`; all above it is dates, mapping,
checks and JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import corpus
from bench.figures import Figure, Skipped
from bench.naive import WAYS
from bench.plan import Plan, in_a_process
from prefdrop.feeds import Chunk, ChunkLimits, Cursor

LIMITS = ChunkLimits(bytes=25_000_000, records=10_000_000, rejects=10_000)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = 150_000
LEAST_FILL = 99.9
SAID = {
    "csv.reader": "csv.reader alone",
    "naive": "naive way: DictReader, dicts, strptime, json.dumps",
    "polars": "polars, one thread, no checks, no rejects",
}


def rows(plan: Plan) -> Iterator[Figure]:
    """Rows a second of each way, and how many times as fast as it the chunker is."""
    people = plan.people(100_000 if plan.quick else 400_000)
    spent = measure(people, rounds=2 if plan.quick else 3)
    ours = spent.pop("chunker")
    yield Figure(
        "chunker", "reader, mapping, checks, chunker; ten columns", ours, "rows/s", target=TARGET
    )
    for way, theirs in spent.items():
        yield Figure(
            "chunker", SAID[way], theirs, "rows/s", note=f"ours: {ours / theirs:.2f} times"
        )


def fill(plan: Plan) -> Iterator[Figure]:
    """How full the emptiest chunk is, the file's last one left out."""
    path = plan.people(100_000 if plan.quick else 400_000)
    bodies = [len(chunk.body) for chunk in chunks(path)][:-1]
    yield Figure(
        "fill", f"fill of the emptiest of {len(bodies)} chunks but the last",
        100 * min(bodies) / LIMITS.bytes, "%", target=LEAST_FILL,
    )  # fmt: skip


def measure(people: Path, rounds: int) -> dict[str, float]:
    """Rows a second of processor time by way, the best of some rounds."""
    found: dict[str, float] = {}
    for way in ["chunker", *WAYS] * rounds:
        count, seconds = in_a_process("bench.chunker", way, str(people))
        if seconds is not None:
            found[way] = max(found.get(way, 0.0), count / seconds)
    return found


def chunks(path: Path, kind: str = "csv") -> Iterator[Chunk]:
    """What the staging step makes of a file, without sending it."""
    return corpus.source(path, kind).chunks(Cursor(0, 0), LIMITS, now=NOW)


def make_chunks(path: Path) -> int:
    """The same, thrown away; returns the rows."""
    return sum(chunk.rows for chunk in chunks(path))


def main(way: str, path: Path) -> tuple[int, float | None]:
    """Rows and seconds of processor time of one way; no seconds where it is not there."""
    work = {"chunker": make_chunks, **WAYS}[way]
    begin = time.process_time()
    try:
        return work(path), time.process_time() - begin
    except Skipped:
        return 0, None


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
