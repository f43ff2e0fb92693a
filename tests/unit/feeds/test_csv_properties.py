"""Whatever a csv file holds and wherever reading starts again, the same cells come out."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

from hypothesis import given, strategies as st

from prefdrop.feeds import ChunkLimits, Cursor, RejectsWriter, Source

from .support import START, all_chunks, make_feed, records_of, rejects_of, source_of

CELLS = st.text(
    st.one_of(
        st.sampled_from(",;\t|\"'\n\r =@+-0é€😀\N{LINE SEPARATOR}\N{NEXT LINE}\x1c\x0b"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=12,
)
KEYS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6
)
TABLES = st.lists(st.tuples(KEYS, CELLS, CELLS), max_size=12)
DELIMITERS = st.sampled_from(",;\t|")
LINE_ENDS = st.sampled_from(["\n", "\r\n"])
COLUMNS = """
a = "CustomFields[Name=a].Value"
b = "CustomFields[Name=b].Value"
"""


def written(
    table: list[tuple[str, str, str]], delimiter: str, line_end: str, mark: str = ""
) -> bytes:
    out = io.StringIO(newline="")
    # The writer quotes a carriage return only where it is part of the line end.
    quoting = csv.QUOTE_ALL if line_end == "\n" else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(["crm_id", "a", "b"])
    writer.writerows(table)
    return (mark + out.getvalue()).encode()


def feed_for(delimiter: str) -> bytes:
    return make_feed(
        COLUMNS, source=f'format = "csv"\ndelimiter = "{delimiter!r}"'.replace("'", "")
    )


def cells_of(source: Source, start: Cursor = START) -> list[list[str] | None]:
    return [row.cells for row in source.rows(start)]


@given(TABLES, DELIMITERS, LINE_ENDS, st.sampled_from(["", "\ufeff"]))
def test_written_cells_are_read_again(
    table: list[tuple[str, str, str]], delimiter: str, line_end: str, mark: str
) -> None:
    data = written(table, delimiter, line_end, mark)

    source = source_of(feed_for(delimiter), data)

    source.check()
    assert cells_of(source) == [list(row) for row in table]


@given(TABLES, LINE_ENDS)
def test_rows_lie_one_after_the_other_and_hold_their_own_bytes(
    table: list[tuple[str, str, str]], line_end: str
) -> None:
    data = written(table, ",", line_end)

    rows = list(source_of(feed_for(","), data).rows(Cursor(0, 0)))

    assert [row.number for row in rows] == list(range(1, len(table) + 1))
    assert (
        b"".join(data[row.start : row.end] for row in rows)
        == data[data.index(line_end.encode()) + len(line_end) :]
    )
    assert all(data[row.start : row.end] == row.raw + line_end.encode() for row in rows)


@given(TABLES, LINE_ENDS, st.integers(min_value=60, max_value=600), st.integers(1, 5))
def test_any_limits_give_the_same_records_and_tile_the_file(
    table: list[tuple[str, str, str]], line_end: str, limit: int, most: int
) -> None:
    data = written(table, ",", line_end)
    source = source_of(feed_for(","), data)
    whole = records_of(all_chunks(source))

    chunks = all_chunks(source, ChunkLimits(bytes=limit, records=most, rejects=2))

    too_large = {reject.row - 1 for reject in rejects_of(chunks)}
    assert all(reject.code == "RecordTooLarge" for reject in rejects_of(chunks))
    assert records_of(chunks) == [each for at, each in enumerate(whole) if at not in too_large]
    assert all(len(chunk.body) <= limit for chunk in chunks)
    assert [chunk.start for chunk in chunks] == [
        Cursor(0, 0),
        *(chunk.end for chunk in chunks[:-1]),
    ]
    assert chunks[-1].end == Cursor(len(data), len(table))
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert all(chunk.rows == chunk.records + len(chunk.rejects) for chunk in chunks)


@given(TABLES, LINE_ENDS, st.integers(min_value=60, max_value=400))
def test_reading_on_from_any_cursor_gives_the_same_continuation(
    table: list[tuple[str, str, str]], line_end: str, limit: int
) -> None:
    data = written(table, ",", line_end)
    limits = ChunkLimits(bytes=limit, records=3, rejects=2)
    chunks = all_chunks(source_of(feed_for(","), data), limits)

    for at, chunk in enumerate(chunks):
        again = all_chunks(source_of(feed_for(","), data), limits, chunk.start)

        assert again == chunks[at:]
    rows = list(source_of(feed_for(","), data).rows(Cursor(0, 0)))
    for row in rows:
        rest = source_of(feed_for(","), data).rows(Cursor(row.start, row.number - 1))
        assert list(rest) == rows[row.number - 1 :]


@given(TABLES, DELIMITERS, LINE_ENDS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_rejects_file_gives_the_original_cells_again_and_again(
    table: list[tuple[str, str, str]], delimiter: str, line_end: str, encoding: str
) -> None:
    data = written(table, delimiter, line_end).decode().encode(encoding)
    for _ in range(3):
        source = source_of(feed_for(delimiter), data)
        source.check()
        assert cells_of(source) == [list(row) for row in table]

        writer = RejectsWriter(source)
        lines = [
            writer.row(row, "local", "Some", '=why, "so"') for row in source.rows(Cursor(0, 0))
        ]
        data = writer.header() + b"".join(lines)


@given(st.text(st.sampled_from("a7,\"\n\r'=;é"), max_size=60), st.integers(60, 300))
def test_any_text_whatever_is_read_without_losing_a_row(text: str, limit: int) -> None:
    data = ("crm_id,a,b\n" + text).encode()
    source = source_of(make_feed(COLUMNS), data)

    rows = list(source.rows(Cursor(0, 0)))
    chunks = all_chunks(source, ChunkLimits(bytes=limit, records=2, rejects=2))

    assert sum(chunk.rows for chunk in chunks) == len(rows)
    assert all(before.end <= after.start for before, after in pairwise(rows))
    gaps = data[len("crm_id,a,b\n") :]
    for row in reversed(rows):
        start = row.start - len("crm_id,a,b\n")
        assert gaps[start : start + len(row.raw)] == row.raw
        gaps = gaps[:start] + gaps[row.end - len("crm_id,a,b\n") :]
    assert gaps.strip(b"\r\n") == b""
    writer = RejectsWriter(source)
    again = writer.header() + b"".join(writer.row(row, "local", "C", "r") for row in rows)
    dropped = list(source_of(make_feed(COLUMNS), again).rows(Cursor(0, 0)))
    assert len(dropped) == len(rows)
    for row, back in zip(rows, dropped, strict=True):
        if len(row.cells or []) == 3:
            assert back.cells == row.cells
