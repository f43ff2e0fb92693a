"""Memory does not grow with the file. `make bench ROWS=memory` shows it at millions of rows."""

from __future__ import annotations

import sys

import pytest

from bench.memory import ALLOWED_MB, measure
from tests.tiers import spread

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="asks the system for the peak")


@pytest.mark.parametrize(
    ("kind", "duplicates"),
    spread(
        [("csv", "keep"), ("csv.gz", "keep"), ("jsonl", "keep"), ("csv", "last"), ("json", "keep")],
        2,
        "each format",
    ),
)
def test_peak_memory_is_the_same_for_a_file_four_times_as_long(kind: str, duplicates: str) -> None:
    # Both files fill several chunks, which are what memory is for.
    short = measure(kind, 25_000, duplicates=duplicates, chunk_bytes=1_000_000)
    long = measure(kind, 100_000, duplicates=duplicates, chunk_bytes=1_000_000)

    assert (short.rows, long.rows) == (25_000, 100_000)
    assert long.megabytes < ALLOWED_MB
    assert long.megabytes <= short.megabytes * 1.1
