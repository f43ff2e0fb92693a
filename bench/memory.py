"""Peak memory of reader and chunker against the size of the file, for each way to write it.

    python bench/memory.py                  100,000 and 5,000,000 rows as csv, csv.gz, jsonl, json
    python bench/memory.py --rows 100000 --rows 1000000 --kinds csv parquet

Each file is read in a process of its own, and the peak is what the system says of that process. A
chunk of 25 MB is part of it. The figures of one kind should be alike whatever the file's size.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

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


class Measured(NamedTuple):
    """What one reading of a file took."""

    rows: int
    megabytes: float
    seconds: float


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
    begin, rows = time.perf_counter(), 0
    for chunk in source.chunks(Cursor(0, 0), limits, now=datetime(2026, 1, 1, tzinfo=UTC)):
        rows += chunk.records
    seconds = time.perf_counter() - begin
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
        command = [sys.executable, __file__, "--read", str(path), "--kinds", kind]
        options = ["--duplicates", duplicates, "--chunk-bytes", str(chunk_bytes)]
        done = subprocess.run(
            [*command, *options],
            check=True,
            capture_output=True,
            text=True,
        )
    return Measured(*json.loads(done.stdout))


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
