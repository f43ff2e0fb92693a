"""The same rows are the same records, however the file is written, packed and cut into chunks."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable

from hypothesis import given, strategies as st

from prefdrop.feeds import ChunkLimits, Cursor, Feed
from prefdrop.feeds.tables import csv_line

from .support import START, all_chunks, make_feed, records_of, rejects_of, source_of

NAMES = ("crm_id", "a", "b")
COLUMNS = """
a = "CustomFields[Name=a].Value"
b = { to = "Consents[ConsentType=Marketing].ConsentStatus", optional = true }
"""
CELLS = st.text(
    st.one_of(
        st.sampled_from(",;\t|\"'\n\r =@+-0é€😀\N{LINE SEPARATOR}"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=8,
)
KEYS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=4
)
Table = list[tuple[str, ...]]
TABLES = st.lists(
    st.tuples(KEYS, CELLS, st.sampled_from(["1", "4", "9", ""])), min_size=1, max_size=8
)


def as_csv(table: Table) -> str:
    return "".join(csv_line(row) + "\n" for row in [NAMES, *table])


def as_lines(table: Table) -> str:
    return "".join(
        json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n" for row in table
    )


def as_array(table: Table) -> str:
    rows = [dict(zip(NAMES, row, strict=True)) for row in table]
    return json.dumps(rows, ensure_ascii=False, indent=1)


WAYS = {"csv": as_csv, "jsonl": as_lines, "json": as_array}


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows", data)
    return out.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": lambda data: gzip.compress(data, mtime=0),
    "zip": zipped,
}


@given(
    table=TABLES,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    limit=st.integers(120, 600),
    most=st.integers(1, 4),
)
def test_table_of_any_format_is_read_back_from_any_row(
    table: Table, encoding: str, limit: int, most: int
) -> None:
    limits = ChunkLimits(bytes=limit, records=most, rejects=2)
    for kind, written in WAYS.items():
        feed = make_feed(COLUMNS, source=f'format = "{kind}"\nencoding = "{encoding}"')
        for packed in PACKINGS.values():
            assert_read_back(feed, packed(written(table).encode(encoding)), table, limits)


def assert_read_back(feed: Feed, data: bytes, table: Table, limits: ChunkLimits) -> None:
    """Expect the rows of the table, from each row on, and the same chunks from each chunk on."""
    source = source_of(feed, data)

    rows = list(source.rows())
    chunks = all_chunks(source, limits)

    cells = [
        tuple(row.cells if row.cells is not None else (row.value or {}).values()) for row in rows
    ]
    assert cells == table
    assert [row.number for row in rows] == list(range(1, len(table) + 1))
    for at, row in enumerate(rows):
        assert list(source.rows(Cursor(row.start, at))) == rows[at:]
    assert sum(chunk.rows for chunk in chunks) == len(table)
    for at, chunk in enumerate(chunks):
        assert all_chunks(source_of(feed, data), limits, chunk.start) == chunks[at:]


@given(TABLES)
def test_every_format_gives_the_same_records_and_rejects(table: Table) -> None:
    outcomes = []
    for kind, written in WAYS.items():
        feed = make_feed(COLUMNS, source=f'format = "{kind}"\nencoding = "utf-8"')
        for packed in PACKINGS.values():
            data = packed(written(table).encode())
            chunks = list(all_chunks(source_of(feed, data), start=START))
            outcomes.append((records_of(chunks), rejects_of(chunks)))

    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_many_rows_give_the_same_bodies_in_every_format() -> None:
    table: Table = [(str(n), f"Zoë, {n}", "1" if n % 7 else "x") for n in range(6_000)]
    limits = ChunkLimits(bytes=200_000, records=10_000, rejects=1_000)

    bodies = {}
    for kind, written in WAYS.items():
        feed = make_feed(COLUMNS, source=f'format = "{kind}"')
        for name, packed in PACKINGS.items():
            chunks = all_chunks(source_of(feed, packed(written(table).encode())), limits)
            bodies[f"{kind}.{name}"] = [(chunk.sha256, chunk.rejects) for chunk in chunks]

    assert len(bodies["csv.plain"]) > 2
    assert all(body == bodies["csv.plain"] for body in bodies.values())
