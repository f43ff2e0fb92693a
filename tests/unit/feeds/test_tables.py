"""Parquet files and Excel workbooks give the records that the same rows give as csv."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds import ChunkLimits, RejectsWriter, SourceError, xlsx_rows
from prefdrop.feeds.tables import cell_text, csv_line

from .support import all_chunks, make_feed, records_of, rejects_of, source_of

openpyxl = pytest.importorskip("openpyxl")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLUMNS = """
x = "CustomerName.LastName"
y = { to = "CustomFields[Name=y].Value", optional = true }
"""
FEEDS = {kind: make_feed(COLUMNS, source=f'format = "{kind}"') for kind in ("parquet", "xlsx")}
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=6
).filter(lambda text: text not in openpyxl.cell.cell.ERROR_CODES)
"""No workbook says of `#REF!` whether somebody wrote it or Excel did."""
KEYS = st.text(st.characters(min_codepoint=48, max_codepoint=122), min_size=1, max_size=5)


def parquet_of(rows: list[tuple[Any, ...]], names: str = "crm_id,x,y", group: int = 3) -> bytes:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return table_of(dict(zip(names.split(","), columns, strict=False)), group)


def table_of(columns: dict[str, Any], group: int = 3) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out, row_group_size=group)
    return out.getvalue()


def xlsx_of(rows: list[tuple[Any, ...]], names: str = "crm_id,x,y", title: str = "People") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append(names.split(","))
    for number, row in enumerate(rows, 2):
        for place, value in enumerate(row, 1):
            cell = sheet.cell(row=number, column=place, value=value)
            if isinstance(value, str):
                # Else the library takes what looks like a formula for one.
                cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WRITERS = {"parquet": parquet_of, "xlsx": xlsx_of}


@pytest.mark.parametrize("kind", FEEDS)
@given(rows=st.lists(st.tuples(KEYS, TEXTS, TEXTS), min_size=1, max_size=8), most=st.integers(1, 3))
def test_rows_are_the_same_as_in_csv_and_from_any_chunk_on(
    kind: str, rows: list[tuple[str, str, str]], most: int
) -> None:
    lines = "".join(csv_line(row) + "\n" for row in [("crm_id", "x", "y"), *rows])
    expected = records_of(all_chunks(source_of(make_feed(COLUMNS), lines)))
    data = WRITERS[kind](rows)
    limits = ChunkLimits(bytes=10_000, records=most, rejects=2)
    source = source_of(FEEDS[kind], data)

    source.check()
    chunks = all_chunks(source, limits)

    assert records_of(chunks) == expected
    for at, chunk in enumerate(chunks):
        assert all_chunks(source_of(FEEDS[kind], data), limits, chunk.start) == chunks[at:]


@pytest.mark.parametrize("kind", FEEDS)
def test_rejects_are_csv_that_the_same_feed_reads(kind: str) -> None:
    data = WRITERS[kind]([("7", "=b", 'a "q", and\nmore'), ("8", "c", "")])
    source = source_of(FEEDS[kind], data)
    writer = RejectsWriter(source)
    rows = list(source.rows())

    again = writer.header() + b"".join(writer.row(row, "local", "C", "why") for row in rows)

    assert writer.extension == "csv"
    assert again.decode() == (
        "crm_id,x,y,_row,_stage,_code,_reason\n"
        '7,\'=b,"a ""q"", and\nmore",1,local,C,why\n8,c,,2,local,C,why\n'
    )
    dropped = source_of(FEEDS[kind], again)
    dropped.check()
    assert [row.cells for row in dropped.rows()] == [row.cells for row in rows]
    assert records_of(all_chunks(dropped)) == records_of(all_chunks(source))


def test_a_rejects_file_that_was_saved_as_a_workbook_is_a_rejects_file() -> None:
    data = xlsx_of(
        [("7", "'=b", 12, "local", "C", "why"), ("8", "c", 14, "local", "C", "why")],
        "crm_id,x,_row,_stage,_code,_reason",
    )
    source = source_of(FEEDS["xlsx"], data)
    rows = list(source.rows())

    source.check()

    assert [row.cells for row in rows] == [["7", "=b"], ["8", "c"]]
    assert [row.origin for row in rows] == [12, 14]
    line = RejectsWriter(source).row(rows[0], "local", "C", "why")
    assert line == b"7,'=b,1,local,C,why\n"


def test_typed_value_becomes_the_text_of_a_csv_file(subtests: pytest.Subtests) -> None:
    for value, text in [
        (None, ""),
        ("a", "a"),
        (True, "true"),
        (7, "7"),
        (1001.0, "1001"),
        (1.5, "1.5"),
        (float("nan"), ""),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 14), "2026-01-14"),
        (datetime(2026, 1, 14, 9, 0, 0, 5000), "2026-01-14T09:00:00.005000"),
        (
            datetime(2026, 1, 14, 9, tzinfo=timezone(timedelta(hours=-5))),
            "2026-01-14T14:00:00Z",
        ),
        (time(9, 30), "09:30:00"),
        (b"caf\xc3\xa9", "caf\u00e9"),
        ([1, 2], "[1, 2]"),
        ({"a": date(2026, 1, 14)}, '{"a": "2026-01-14"}'),
    ]:
        with subtests.test(value=value):
            assert cell_text(value) == text
            if value is not None and value == value:
                assert cells_of(table_of({"crm_id": ["7"], "x": [value]})) == [["7", text]]


def cells_of(data: bytes) -> list[list[str] | None]:
    return [row.cells for row in source_of(FEEDS["parquet"], data).rows()]


def test_moments_of_any_resolution_are_read() -> None:
    moment = datetime(2026, 1, 14, 14, tzinfo=UTC)
    local = pyarrow.array([moment.replace(tzinfo=None)], pyarrow.timestamp("ns"))
    zoned = pyarrow.array([moment], pyarrow.timestamp("ns", tz="America/New_York"))

    data = table_of({"crm_id": [7], "x": local, "y": zoned})

    assert cells_of(data) == [["7", "2026-01-14T14:00:00", "2026-01-14T14:00:00Z"]]


def test_a_dictionary_of_texts_reads_as_its_texts() -> None:
    texts = pyarrow.array(["a", None, "a"]).dictionary_encode()

    assert cells_of(table_of({"crm_id": [1, 2, 3], "x": texts})) == [
        ["1", "a"],
        ["2", ""],
        ["3", "a"],
    ]


def test_a_row_with_bytes_or_signs_that_are_no_text_is_rejected_alone() -> None:
    raw = pyarrow.array([b"a", b"\xff", b"a\0b", b"\xc3\xa9"])
    for column in (raw, raw.view(pyarrow.string())):
        source = source_of(FEEDS["parquet"], table_of({"crm_id": [1, 2, 3, 4], "x": column}))
        writer = RejectsWriter(source)

        chunks = all_chunks(source)
        lines = [writer.row(row, "local", "C", "why") for row in source.rows()]
        again = source_of(FEEDS["parquet"], writer.header() + b"".join(lines))

        names = [record["CustomerName"]["LastName"] for record in records_of(chunks)]
        assert names == ["a", "\u00e9"]
        assert [(each.row, each.code) for each in rejects_of(chunks)] == [
            (2, "RowNotDecodable"),
            (3, "NulCharacter"),
        ]
        assert b"\n2,\xff,2,local" in b"".join(lines)
        assert all_chunks(again)[0].body == chunks[0].body
        assert [each.code for each in rejects_of(all_chunks(again))] == [
            "RowNotDecodable",
            "NulCharacter",
        ]


def test_a_sheet_may_have_blank_rows_formats_and_errors() -> None:
    rows = [
        (),
        (7, datetime(2026, 1, 14), None),
        (),
        (8.0, "#N/A", None),
        (9, datetime(2026, 1, 14, 9, 30), 1.5),
    ]
    source = source_of(FEEDS["xlsx"], xlsx_of(rows))

    read = list(source.rows())

    assert [row.cells for row in read] == [
        ["7", "2026-01-14", ""],
        ["8", "#N/A", ""],
        ["9", "2026-01-14T09:30:00", "1.5"],
    ]
    assert [(row.number, row.start) for row in read] == [(1, 2), (2, 4), (3, 5)]
    assert [each.code for each in rejects_of(all_chunks(source))] == ["NotAValue"]


def test_a_feed_may_name_the_sheet() -> None:
    feed = make_feed(COLUMNS, source='format = "xlsx"\nsheet = "People"')
    other = make_feed(COLUMNS, source='format = "xlsx"\nsheet = "Pets"')
    data = xlsx_of([("7", "a", "b")])

    source_of(feed, data).check()
    with pytest.raises(SourceError, match="no sheet Pets") as caught:
        source_of(other, data).check()

    assert "It has: People." in caught.value.hint


@pytest.mark.parametrize("kind", FEEDS)
def test_a_column_that_the_feed_does_not_know_is_named(kind: str) -> None:
    data = WRITERS[kind]([("7", "a", "b")], "crm_id,x,z")

    with pytest.raises(SourceError, match="column z: the feed does not know this column"):
        source_of(FEEDS[kind], data).check()


@pytest.mark.parametrize(("kind", "library"), [("parquet", "pyarrow"), ("xlsx", "openpyxl")])
def test_a_missing_library_is_named_with_its_extra(
    kind: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = WRITERS[kind]([("7", "a", "b")])
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(SourceError, match=f"needs the library {library}") as caught:
        source_of(FEEDS[kind], data).check()

    assert f"pip install 'prefdrop[{kind}]'" in caught.value.hint


def test_table_that_is_cut_short_is_refused(subtests: pytest.Subtests) -> None:
    for keep in [0.1, 0.5, 0.99]:
        for kind in FEEDS:
            with subtests.test(keep=keep, kind=kind):
                data = WRITERS[kind]([(str(number), "a", "b") for number in range(50)])

                with pytest.raises(SourceError, match="damaged"):
                    source_of(FEEDS[kind], data[: int(len(data) * keep)]).check()


def test_a_damaged_row_group_ends_the_reading_with_its_row() -> None:
    rows = [(str(number), f"a{number}", "b") for number in range(9)]
    data = bytearray(parquet_of(rows))
    middle = data.index(b"a7") - 10
    data[middle : middle + 12] = b"\xff" * 12

    with pytest.raises(SourceError, match=r"row \d"):
        list(source_of(FEEDS["parquet"], bytes(data)).rows())


def test_a_workbook_that_can_not_fit_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_rows, "MAX_TEXT_BYTES", 10)

    with pytest.raises(SourceError, match="more than 10 bytes of texts") as caught:
        source_of(FEEDS["xlsx"], xlsx_of([("7", "a", "b")])).check()

    assert "CSV UTF-8" in caught.value.hint


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("rows.csv", "crm_id,x\n7,a\n")

    with pytest.raises(SourceError, match="no Excel workbook"):
        source_of(FEEDS["xlsx"], out.getvalue()).check()
