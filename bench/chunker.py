"""How fast rows become chunks, measured against Python's own csv reader in the same run.

    make bench            prints rows per second of both and their ratio

The ratio is what to compare between machines: the plain reader is the floor that no import of a csv
file gets below, and everything above it is mapping, checks and JSON. The example's rows, wrong ones
included, are repeated to the wanted size.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed

EXAMPLE = Path(__file__).parents[1] / "feeds" / "crm-contacts"
LIMITS = ChunkLimits(bytes=25_000_000, records=10_000_000, rejects=100_000)


def enlarge(source: Path, target: Path, copies: int) -> int:
    """Write `source` to `target` with its data rows `copies` times over; return the data rows."""
    header, _, rows = source.read_bytes().partition(b"\n")
    with target.open("wb") as file:
        file.write(header + b"\n")
        for _ in range(copies):
            file.write(rows)
    with source.open(encoding="utf-8", newline="") as file:
        return copies * (sum(1 for _ in csv.reader(file)) - 1)


def read_plainly(path: Path) -> None:
    """The floor: nothing but splitting the file into cells."""
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def make_chunks(path: Path) -> None:
    """What the staging step does with a file, without sending it."""
    feed_file = EXAMPLE.with_suffix(".toml")
    feed = load_feed(feed_file.read_bytes(), file=feed_file.name)
    source = Source(feed, partial(_open_at, path), size=path.stat().st_size, file=path.name)
    for _ in source.chunks(Cursor(0, 0), LIMITS, now=datetime.now(UTC)):
        pass


def _open_at(path: Path, offset: int) -> BinaryIO:
    file = path.open("rb")
    file.seek(offset)
    return file


def seconds(work: Callable[[], None]) -> float:
    """Run `work` once and return how long it took."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(path: Path, rounds: int) -> tuple[float, float]:
    """Seconds of the plain reader and of the chunker: the best of `rounds`, taken by turns."""
    pairs = [
        (seconds(partial(read_plainly, path)), seconds(partial(make_chunks, path)))
        for _ in range(rounds)
    ]
    plain, chunked = zip(*pairs, strict=True)
    return min(plain), min(chunked)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--copies", type=int, default=20, help="of the example's 10,000 rows")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        rows = enlarge(EXAMPLE.with_suffix(".csv"), path, arguments.copies)
        plain, chunked = measure(path, arguments.rounds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )
    print(f"{'':<12}{'rows/s':>12}{'seconds':>10}")
    print(f"{'csv.reader':<12}{rows / plain:>12,.0f}{plain:>10.2f}")
    print(f"{'chunker':<12}{rows / chunked:>12,.0f}{chunked:>10.2f}")
    print(f"ratio {chunked / plain:.1f}; {rows:,} rows; peak memory {memory} MB")


if __name__ == "__main__":
    main()
