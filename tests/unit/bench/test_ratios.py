"""Nobody makes it slow without noticing: ratios of one run, with room for a busy machine.

What the ratios really are is measured by `make bench`. Processor time is compared, the best of a
few turns of each way, so that other work beside the tests changes little.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bench import chunker, corpus, naive
from prefdrop.feeds import ChunkLimits, Cursor

ROWS = 10_000
TURNS = 3


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of people, one in a hundred of them wrong."""
    path = tmp_path_factory.mktemp("bench") / "people.csv"
    corpus.write(path, "csv", corpus.people(ROWS))
    return path


@pytest.fixture(scope="module")
def seconds(people: Path) -> dict[str, float]:
    """The shortest processor time of each way, taken by turns."""
    ways: dict[str, Callable[[], object]] = {
        "csv.reader": partial(naive.read_plainly, people),
        "naive": partial(naive.make_naively, people),
        "chunker": partial(chunker.make_chunks, people),
        "rows": lambda: [None for _ in corpus.source(people).rows()],
        "few rows": lambda: [None for _ in corpus.source(people).picked(Cursor(0, 0), {9_000})],
    }
    found = dict.fromkeys(ways, float("inf"))
    for name, way in [*ways.items()] * TURNS:
        begin = time.process_time()
        way()
        found[name] = min(found[name], time.process_time() - begin)
    return found


def test_chunks_are_made_twice_as_fast_as_by_the_naive_way(seconds: dict[str, float]) -> None:
    assert seconds["chunker"] < seconds["naive"] / 2


def test_chunks_take_no_more_than_thirty_times_the_plain_csv_reader(
    seconds: dict[str, float],
) -> None:
    assert seconds["chunker"] < seconds["csv.reader"] * 30


def test_passing_over_rows_is_cheaper_than_making_them(seconds: dict[str, float]) -> None:
    assert seconds["few rows"] < seconds["rows"] * 0.85


def test_every_chunk_but_the_last_is_filled_to_a_thousandth(people: Path) -> None:
    limits = ChunkLimits(bytes=1_000_000, records=1_000_000, rejects=10_000)

    chunks = list(corpus.source(people).chunks(Cursor(0, 0), limits, now=chunker.NOW))

    assert len(chunks) > 4
    assert min(len(chunk.body) for chunk in chunks[:-1]) >= 999_000


def test_the_naive_way_makes_the_same_records(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    corpus.write(path, "csv", corpus.people(20, wrong=corpus.never))
    with path.open(encoding="utf-8", newline="") as file:
        naively = [naive.record(row) for row in csv.DictReader(file)]

    [chunk] = chunker.chunks(path)

    assert json.loads(chunk.body)["UserProfilePreferences"] == naively
