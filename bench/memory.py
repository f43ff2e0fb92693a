"""Peak memory of reader and chunker against the size of the file, for each way to write it.

    python -m bench memory                  csv of up to 10,000,000 rows, and the other kinds
    python -m bench.memory                  100,000 and 5,000,000 rows as csv, csv.gz, jsonl, json
    python -m bench.memory --rows 100000 --rows 1000000 --kinds csv parquet

Each file is read in a process of its own, and the peak is what the system says of that process. A
chunk of 25 MB is part of it. The figures of one kind should be alike whatever the file's size.
Seconds are of processor time, since nothing here waits for anybody.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bench.figures import Figure
from bench.plan import Plan, in_a_process
from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed

CHUNK_BYTES = 25_000_000
COLUMNS = ("crm_id", "email", "first", "news", "at")
FEED = """
[import]
name = "memory"
match_alternate_id = "CrmContactId"
[source]
format = "{format}"
duplicates = "{duplicates}"
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
email = "Emails[EmailAddressType=Home].EmailAddress"
first = "CustomerName.FirstName"
news = {{ to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=N].PreferenceType", values = {{ Y = 1, N = 2 }} }}
at = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=N].CustomerDate"
"""  # noqa: E501
ALLOWED_MB = 256
SIZES = (100_000, 1_000_000, 5_000_000, 10_000_000)
QUICK_SIZES = (100_000, 500_000)
FLAT_PERCENT = 10


class Measured(NamedTuple):
    """What one reading of a file took."""

    rows: int
    megabytes: float
    seconds: float


def rows(plan: Plan) -> Iterator[Figure]:
    """Peak memory at each size, what a million more rows cost, and other kinds of files."""
    sizes = QUICK_SIZES if plan.quick else SIZES
    found = {size: measure("csv", size) for size in sizes}
    for size, one in found.items():
        yield _peak(f"peak memory, csv, {size:,} rows", one)
    if plan.quick:
        return
    for kind in ("csv.gz", "jsonl", "json"):
        yield _peak(f"peak memory, {kind}, {SIZES[1]:,} rows", measure(kind, SIZES[1]))
    costs = {
        (small, large): (found[large].seconds - found[small].seconds) / (large - small) * 1e6
        for small, large in pairwise(sizes)
    }
    for (small, large), cost in costs.items():
        what = f"a million rows more, from {small:,} to {large:,}"
        yield Figure("memory", what, cost, "s of one core")
    first, *later = list(costs.values())
    drift = max(abs(cost / first - 1) for cost in later) * 100
    yield Figure(
        "memory", "most that the cost of a row differs with the size",
        drift, "%", target=FLAT_PERCENT, holds="at most",
    )  # fmt: skip


def _peak(what: str, found: Measured) -> Figure:
    return Figure("memory", what, found.megabytes, "MB", target=ALLOWED_MB, holds="at most")


def cells(rows: int) -> Iterator[tuple[str, ...]]:
    """Invented people, one row each; no two rows are alike."""
    for number in range(rows):
        day, hour = number % 28 + 1, number % 24
        at = f"2025-03-{day:02}T{hour:02}:{number % 60:02}:00Z"
        yield (f"C-{number:08}", f"ana.{number}@example.test", f"Zoë{number}", "YN"[number % 2], at)


def write_csv(file: BinaryIO, rows: int) -> None:
    """A header, then the rows."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(cells(rows))
    text.detach()


def write_jsonl(file: BinaryIO, rows: int) -> None:
    """One object a line."""
    for row in cells(rows):
        file.write(json.dumps(dict(zip(COLUMNS, row, strict=True))).encode() + b"\n")


def write_json(file: BinaryIO, rows: int) -> None:
    """One array on one line."""
    separator = b"["
    for row in cells(rows):
        file.write(separator + json.dumps(dict(zip(COLUMNS, row, strict=True))).encode())
        separator = b","
    file.write(b"]")


def write_gzip(file: BinaryIO, rows: int) -> None:
    """The csv file, packed."""
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
        write_csv(packed, rows)  # type: ignore[arg-type]


def write_parquet(file: BinaryIO, rows: int) -> None:
    """Row groups of 100,000 rows."""
    import pyarrow
    from pyarrow import parquet

    everything = cells(rows)
    schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
    with parquet.ParquetWriter(file, schema) as writer:
        while group := list(islice(everything, 100_000)):
            columns = [list(column) for column in zip(*group, strict=True)]
            writer.write_table(pyarrow.table(columns, schema=schema))


KINDS: dict[str, tuple[str, Callable[[BinaryIO, int], None]]] = {
    "csv": ("csv", write_csv),
    "csv.gz": ("csv", write_gzip),
    "jsonl": ("jsonl", write_jsonl),
    "json": ("json", write_json),
    "parquet": ("parquet", write_parquet),
}


def read(path: Path, kind: str, duplicates: str, chunk_bytes: int) -> None:
    """Make every chunk of the file and print the rows, the peak memory and the seconds it took."""
    feed_text = FEED.format(format=KINDS[kind][0], duplicates=duplicates)
    feed = load_feed(feed_text.encode(), file="memory.toml")
    source = Source(feed, partial(_open_at, path), size=path.stat().st_size, file=path.name)
    source.check()
    limits = ChunkLimits(bytes=chunk_bytes, records=10_000_000, rejects=100_000)
    begin, rows = time.process_time(), 0
    for chunk in source.chunks(Cursor(0, 0), limits, now=datetime(2026, 1, 1, tzinfo=UTC)):
        rows += chunk.records
    seconds = time.process_time() - begin
    print(json.dumps([rows, peak_megabytes(), seconds]))


def peak_megabytes() -> float:
    """The most memory that this program has held.

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


def _open_at(path: Path, offset: int) -> BinaryIO:
    file = path.open("rb")
    file.seek(offset)
    return file


def measure(
    kind: str, rows: int, *, duplicates: str = "keep", chunk_bytes: int = CHUNK_BYTES
) -> Measured:
    """Write a file of this kind and read it in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{kind}"
        with path.open("wb") as file:
            KINDS[kind][1](file, rows)
        options = ["--duplicates", duplicates, "--chunk-bytes", str(chunk_bytes)]
        found = in_a_process("bench.memory", "--read", str(path), "--kinds", kind, *options)
    return Measured(*found)


def main() -> None:
    """Measure and print the table; exit 1 if memory grows with the file or beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS)[:4])
    parser.add_argument("--duplicates", choices=["keep", "last"], default="keep")
    parser.add_argument("--chunk-bytes", type=int, default=CHUNK_BYTES)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read, arguments.kinds[0], arguments.duplicates, arguments.chunk_bytes)
        return
    print(f"{'':<10}{'rows':>12}{'rows/s':>12}{'peak MB':>10}", flush=True)
    fine = True
    for kind in arguments.kinds:
        peaks = []
        for rows in arguments.rows or [100_000, 5_000_000]:
            found = measure(
                kind, rows, duplicates=arguments.duplicates, chunk_bytes=arguments.chunk_bytes
            )
            peaks.append(found.megabytes)
            rate = found.rows / found.seconds
            print(f"{kind:<10}{rows:>12,}{rate:>12,.0f}{found.megabytes:>10.1f}", flush=True)
        fine = fine and max(peaks) < ALLOWED_MB and max(peaks) <= min(peaks) * 1.1
    print("flat" if fine else f"NOT flat within 10 %, or over {ALLOWED_MB} MB")
    sys.exit(not fine)


if __name__ == "__main__":
    main()
