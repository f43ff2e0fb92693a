"""However often rejects are dropped again unmended, no row changes and nothing piles up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds import RejectsWriter, Row, Source

from .support import make_feed, source_of

CELLS = st.text(
    st.one_of(
        st.sampled_from(",;|\"'\n\r =@+-0\té€"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=8,
)
RAGGED = st.lists(st.lists(CELLS, min_size=1, max_size=6).filter(any), min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_characters="\0\n\r"), max_size=8)
VALUES = st.one_of(
    TEXTS,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(None),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(TEXTS, st.integers(), max_size=2),
)
JSON_LINES = st.one_of(
    st.dictionaries(st.text(max_size=5), VALUES, max_size=4).map(json.dumps).map(str.encode),
    st.sampled_from([b"7", b"[]", b'{"a": 1', b'"\\ud800"', b'{"a": 1.50, "b": 1e999}', b"{}"]),
    st.binary(min_size=1, max_size=12).map(lambda raw: b"x" + raw.translate(None, b"\r\n\0")),
)
FEED = make_feed('x = "CustomerName.LastName"')


def written_again(source: Source) -> tuple[list[Row], bytes]:
    """The rows of a file, and the rejects file that has them all."""
    rows, writer = list(source.rows()), RejectsWriter(source)
    lines = [writer.row(row, "local", "Some", '=why, "so"') for row in rows]
    return rows, writer.header() + b"".join(lines)


def csv_of(table: list[list[str]]) -> bytes:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    return ("crm_id,x,y\n" + "".join(line + "\n" for line in lines)).encode()


@given(RAGGED)
def test_rows_of_any_length_keep_their_cells_and_short_ones_are_filled_up(
    table: list[list[str]],
) -> None:
    expected = [row + [""] * (3 - len(row)) for row in table]

    _, once = written_again(source_of(FEED, csv_of(table)))
    dropped, twice = written_again(source_of(FEED, once))
    _, thrice = written_again(source_of(FEED, twice))

    assert [row.cells for row in dropped] == expected
    assert [row.origin for row in dropped] == list(range(1, len(table) + 1))
    assert thrice == twice == once


@given(st.lists(JSON_LINES, min_size=1, max_size=6))
def test_lines_of_any_kind_are_wrapped_once_at_most(lines: list[bytes]) -> None:
    feed = make_feed(source='format = "jsonl"\nencoding = "utf-8"')
    data = b"".join(line + b"\n" for line in lines if line.strip(b" \t"))

    rows, once = written_again(source_of(feed, data))
    dropped, twice = written_again(source_of(feed, once))
    _, thrice = written_again(source_of(feed, twice))

    assert [row.origin for row in dropped] == [row.number for row in rows]
    assert [(row.value, bool(row.fault)) for row in dropped] == [
        (row.value, bool(row.fault)) for row in rows
    ]
    assert thrice == twice
    assert twice.count(b'"_raw"') == once.count(b'"_raw"')


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_an_objects_values_keep_their_own_writing(kind: str) -> None:
    feed = make_feed(source=f'format = "{kind}"')
    line = '{"crm_id":"7","a":1.50,"b":1e99,"d":{"x" : [1, 2]}}'

    once = written_again(source_of(feed, line + "\n"))[1]
    rows, twice = written_again(source_of(feed, once))

    assert once.startswith(line.removesuffix("}").encode() + b',"_row":1,')
    assert twice == once
    assert [row.origin for row in rows] == [1]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_rejects_of_a_file_in_another_encoding_say_that_they_are_utf_8(encoding: str) -> None:
    feed = make_feed(source=f'format = "jsonl"\nencoding = "{encoding}"')
    value: dict[str, Any] = {"crm_id": "7", "x": "é€"}

    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(encoding)
    _, once = written_again(source_of(feed, data))
    rows, twice = written_again(source_of(feed, once))

    assert [row.value for row in rows] == [value]
    assert twice == once
