"""Keys sort as what they number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop.ledger import keys
from prefdrop.ledger.parts import Part, PartStore, StagedChunk
from prefdrop.ledger.table import Table

START = {"offset": 0, "row": 0}
NUMBERED: Mapping[str, Callable[[int], str]] = {
    "part": lambda n: keys.part("imp-1", n).sk,
    "chunk": lambda n: keys.chunk("imp-1", 1, n).sk,
    "chunk of a part": lambda n: keys.chunk("imp-1", n, 1).sk,
    "export object": lambda n: keys.export_object("people", "r1", 1, n).sk,
    "export object of an attempt": lambda n: keys.export_object("people", "r1", n, 1).sk,
    "export roll": lambda n: keys.export_roll("people", "r1", 1, n).sk,
    "export roll of an attempt": lambda n: keys.export_roll("people", "r1", n, 1).sk,
    "reject": lambda n: keys.exception("imp-1", n, "local").sk,
}
BEFORE = {
    "PART#0001": keys.part("imp-1", 1),
    "PART#9999": keys.part("imp-1", 9_999),
    "CHUNK#0001#000001": keys.chunk("imp-1", 1, 1),
    "CHUNK#9999#999999": keys.chunk("imp-1", 9_999, 999_999),
    "OBJECT#r1#99#99999": keys.export_object("people", "r1", 99, 99_999),
    "ROLL#r1#01#00001": keys.export_roll("people", "r1", 1, 1),
    "ROW#9999999999#local": keys.exception("imp-1", 9_999_999_999, "local"),
}
"""Keys that stacks of earlier releases hold."""


def numbers() -> st.SearchStrategy[int]:
    """Numbers of any length, those around a further digit more often than by chance."""
    edges = st.integers(1, 15).flatmap(lambda e: st.integers(-2, 2).map(lambda d: 10**e + d))
    return st.one_of(st.integers(0, 10**15), edges)


@given(numbers(), numbers())
def test_keys_of_any_two_numbers_sort_as_the_numbers(one: int, other: int) -> None:
    for name, key in NUMBERED.items():
        first, second = key(one).encode(), key(other).encode()

        assert (first < second) == (one < other), name
        assert (first == second) == (one == other), name


@pytest.mark.parametrize(("text", "key"), BEFORE.items())
def test_keys_of_earlier_releases_stay_as_they_are(text: str, key: keys.Key) -> None:
    assert key.sk == text


def test_parts_and_chunks_beyond_the_width_are_read_in_order(
    table: Table, parts: PartStore
) -> None:
    numbers = [9_999, 10_000, 10_001]
    for number in numbers:
        _put(table, keys.part("imp-1", number), Part(number=number, state="torn", start=START,
                                                      end=START))  # fmt: skip
    chunks = [999_999, 1_000_000, 1_000_001]
    for number in chunks:
        _put(table, keys.chunk("imp-1", 1, number), _chunk(number))

    assert [part.number for part in parts.all("imp-1")] == numbers
    assert parts.current("imp-1", "torn") == parts.all("imp-1")[-1]
    assert [chunk.number for chunk in parts.chunks("imp-1", 1)] == chunks
    last = parts.last_chunk("imp-1", 1)
    assert last is not None
    assert last.number == chunks[-1]


def _put(table: Table, key: keys.Key, value: Part | StagedChunk) -> None:
    item: dict[str, Any] = {name: getattr(value, name) for name in value.__struct_fields__}
    table.put(key, item)


def _chunk(number: int) -> StagedChunk:
    return StagedChunk(
        number=number,
        state="settled",
        start=START,
        end=START,
        first_sequence=1,
        records=1,
        rows=1,
        rejected_local=0,
        bytes=1,
        sha256="aa",
        received_before=0,
        posted_at=1,
    )
