"""Memory of reader and chunker against the size of the file, and for each way to write it.

    python -m bench memory

Each file is read in a process of its own. A chunk of 25 MB is part of what that holds. The figures
of one kind should be alike whatever the file's size.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import chunker, corpus
from bench.contest import check_rows
from bench.figures import Figure
from bench.plan import Plan
from bench.processes import Run, run_in_a_process, timed
from prefdrop.feeds import ChunkLimits, Cursor

CHUNK_BYTES = 25_000_000
ALLOWED_MB = 256
SIZES = (100_000, 1_000_000, 3_000_000)
QUICK_SIZES = (100_000, 200_000)
KINDS = ("csv.gz", "jsonl", "json")
MOST_GROWTH = 1.25
"""How many times the memory of the smallest file the largest may take."""


def rows(plan: Plan) -> Iterator[Figure]:
    """Peak memory at each size and for other kinds of files, and how much it grows."""
    sizes = QUICK_SIZES if plan.quick else SIZES
    found = {size: measure("csv", size, tree=True) for size in sizes}
    for size, run in found.items():
        yield figure("memory", f"peak memory, csv, {size:,} rows", run)
    for kind in () if plan.quick else KINDS:
        run = measure(kind, SIZES[0], tree=True)
        yield figure("memory", f"peak memory, {kind}, {SIZES[0]:,} rows", run)
    small, large = found[sizes[0]].megabytes, found[sizes[-1]].megabytes
    yield Figure(
        "memory", f"peak of {sizes[-1]:,} rows, divided by that of {sizes[0]:,}",
        large / small if large and small else None, "times",
        target=MOST_GROWTH, holds="at most",
    )  # fmt: skip


def figure(row: str, what: str, run: Run) -> Figure:
    """Return the memory of a run, which must fit the function that does the same on AWS."""
    return Figure(
        row, what, run.megabytes, "MB", target=ALLOWED_MB, holds="at most",
        wall=run.wall, processor=run.processor,
    )  # fmt: skip


def measure(
    kind: str,
    rows: int,
    *,
    duplicates: str = "keep",
    chunk_bytes: int = CHUNK_BYTES,
    tree: bool = False,
) -> Run:
    """Write a file of this kind and read it in a process of its own.

    Its memory is what the system reports of that process alone, or of its tree.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"people.{kind}"
        corpus.write(path, kind, corpus.people(rows))
        options = [str(path), kind, duplicates, str(chunk_bytes)]
        run = run_in_a_process("bench.memory", *options, memory=tree)
    check_rows(kind, run, rows)
    return run


def read(path: Path, kind: str, duplicates: str, chunk_bytes: int) -> int:
    """Make every chunk of a file; returns its rows."""
    source = corpus.source(path, kind, duplicates=duplicates)
    source.check()
    limits = ChunkLimits(bytes=chunk_bytes, records=10_000_000, rejects=100_000)
    return sum(chunk.rows for chunk in source.chunks(Cursor(0, 0), limits, now=chunker.NOW))


def peak_megabytes() -> float:
    """Return the most memory that this process has held.

    Linux's rusage of a new process begins with what its parent held, so the kernel's own high-water
    mark of the program is read where there is one.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]
    return int(kilobytes) / 1024


if __name__ == "__main__":
    _, file, kind, duplicates, chunk_bytes = sys.argv
    run = timed(partial(read, Path(file), kind, duplicates, int(chunk_bytes)))
    print(json.dumps(run._replace(megabytes=peak_megabytes())))
