"""From a file to chunks on one core, against the floor, the naive way and a ready-made engine.

    python -m bench chunker

Each way runs in a process of its own, by turns, and is compared by processor time: that is what one
core does, whatever else the machine is busy with. Nothing gets a csv file in below `csv.reader`;
all above it is dates, mapping, checks and JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench import corpus
from bench.contest import Contest, Way
from bench.figures import Figure
from bench.naive import WAYS, import_polars
from bench.plan import Plan
from bench.processes import Run, run_in_a_process, timed
from prefdrop.feeds import Chunk, ChunkLimits, Cursor

LIMITS = ChunkLimits(bytes=25_000_000, records=10_000_000, rejects=10_000)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEAST_FILL = 99.9
OURS = "chunker"
COMPARED = {
    "csv.reader": ("csv.reader alone", 0.07),
    "naive": ("naive way: DictReader, dicts, strptime, json.dumps", 2.5),
    "polars": ("polars, one thread, no checks, no rejects", 0.45),
}
"""What each other way is, and how many times as fast as it the chunker must be."""


def rows(plan: Plan) -> Iterator[Figure]:
    """Rows a second of each way, and how many times as fast as it the chunker is."""
    count = 40_000 if plan.quick else 200_000
    people = plan.people(count)
    ways: dict[str, Way] = {name: partial(_run, name, people) for name in [OURS, *COMPARED]}
    found = Contest("chunker", ways, count, by="processor")
    yield found.speed(OURS, "Prefdrop: reader, mapping, checks, chunker; ten columns")
    for name, (what, _) in COMPARED.items():
        yield found.speed(name, what)
    for name, (_, least) in COMPARED.items():
        what = f"Prefdrop's speed, divided by that of {name}"
        yield found.ratio(name, OURS, what, target=least)


def fill(plan: Plan) -> Iterator[Figure]:
    """How full the emptiest chunk is, the file's last one left out."""
    path = plan.people(100_000 if plan.quick else 200_000)
    bodies = [len(chunk.body) for chunk in chunks(path)][:-1]
    yield Figure(
        "fill", f"fill of the emptiest of {len(bodies)} chunks but the last",
        100 * min(bodies) / LIMITS.bytes, "%", target=LEAST_FILL,
    )  # fmt: skip


def chunks(path: Path, kind: str = "csv") -> Iterator[Chunk]:
    """Return what the staging step makes of a file, without sending it."""
    return corpus.source(path, kind).chunks(Cursor(0, 0), LIMITS, now=NOW)


def make_chunks(path: Path) -> int:
    """Make the chunks and drop them; returns the rows."""
    return sum(chunk.rows for chunk in chunks(path))


def _run(name: str, path: Path, _turn: int) -> Run:
    return run_in_a_process("bench.chunker", name, str(path))


def main(name: str, path: Path) -> Run:
    """Measure one way in this process."""
    if name == "polars":
        import_polars()
    return timed(partial({OURS: make_chunks, **WAYS}[name], path))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
