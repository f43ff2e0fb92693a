from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds import RejectsWriter
from prefdrop.feeds.spreadsheet import harmless, restored, runs_as_formula

from .support import all_chunks, make_feed, rejects_of, source_of, stage

FEED = make_feed('x = "CustomerName.LastName"')
WHY = ("validation", "Bad", "Not good.")
TAIL = ",1,validation,Bad,Not good."


def line_of(data: bytes | str, feed: bytes = FEED) -> str:
    """The reject of a file's first row, without its line end."""
    source = source_of(feed, data)
    return RejectsWriter(source).row(next(source.rows()), *WHY).decode().rstrip("\r\n")


def test_the_header_keeps_its_text_and_gains_four_columns() -> None:
    source = source_of(FEED, '"x", crm_id,"a ""b"""\r\n')

    assert RejectsWriter(source).header() == b'"x", crm_id,"a ""b""",_row,_stage,_code,_reason\r\n'


def test_row_with_any_quoting_keeps_it(subtests: pytest.Subtests) -> None:
    for row in ['7,"a, ""b"""', '"7",b', "7, b ", '7,"two\nlines"', "7,"]:
        with subtests.test(row=row):
            assert line_of(f"crm_id,x\n{row}\n") == row + TAIL


def test_a_short_row_is_filled_up_so_that_the_reasons_stand_in_their_columns() -> None:
    assert line_of("x,y,crm_id\n7\n") == "7,," + TAIL


def test_the_surplus_cells_of_a_long_row_stand_after_the_reasons_and_survive_another_round() -> (
    None
):
    source = source_of(FEED, "crm_id,x\n7,b,c,=d\n")
    writer = RejectsWriter(source)

    once = writer.header() + writer.row(next(source.rows()), *WHY)

    assert once.splitlines()[1].decode() == f"7,b{TAIL},c,'=d"
    again = source_of(FEED, once)
    (row,) = again.rows()
    assert row.cells == ["7", "b", "c", "=d"]
    assert RejectsWriter(again).header() + RejectsWriter(again).row(row, *WHY) == once


def test_a_reason_may_hold_anything_the_vendor_says() -> None:
    source = source_of(FEED, "crm_id,x\n7,b\n")

    line = RejectsWriter(source).row(next(source.rows()), "execution", "C", "=bad \ud800\r\n")

    assert line == b'7,b,1,execution,C,"\'=bad ?\r\n"\n'


def test_a_reason_is_quoted_where_it_must_be() -> None:
    source = source_of(FEED, "crm_id,x\n7,b\n")

    line = RejectsWriter(source).row(next(source.rows()), "execution", "A,B", 'says "no"\n')

    assert line == b'7,b,1,execution,"A,B","says ""no""\n"\n'


def test_cell_that_a_spreadsheet_would_run_is_made_harmless(subtests: pytest.Subtests) -> None:
    for cell, written in [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("+1 (602) 555.0125", "+1 (602) 555.0125"),
        ("-17.5", "-17.5"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("'quoted", "'quoted"),
        ('"=1,2"', '"\'=1,2"'),
        ("a=b", "a=b"),
    ]:
        with subtests.test(cell=cell):
            assert line_of(f"crm_id,x\n7,{cell}\n") == f"7,{written}{TAIL}"


@given(st.text(st.sampled_from("'=@+-\t\r1 (a"), max_size=6))
def test_making_harmless_can_always_be_undone(cell: str) -> None:
    assert restored(harmless(cell)) == cell
    assert not runs_as_formula(harmless(cell))


def test_an_apostrophe_in_an_ordinary_file_stays() -> None:
    records, _ = stage(FEED, "crm_id,x\n7,'=1\n")

    assert records[0]["CustomerName"]["LastName"] == "'=1"


def test_an_apostrophe_that_a_rejects_file_added_is_taken_off() -> None:
    data = "crm_id,x,_row,_stage,_code,_reason\n7,'=1,1,local,C,r\n8,'plain,2,local,C,r\n"

    records, rejects = stage(FEED, data)

    assert rejects == []
    assert [record["CustomerName"]["LastName"] for record in records] == ["=1", "'plain"]


def test_the_columns_of_a_rejects_file_may_stand_anywhere() -> None:
    data = "_code,crm_id,_row,x,_stage,_reason\nC,7,1,b,local,r\n"

    assert line_of(data) == "7,b" + TAIL
    assert stage(FEED, data)[0][0]["CustomerName"] == {"LastName": "b"}


def test_a_file_with_only_some_of_those_columns_is_no_rejects_file() -> None:
    feed = make_feed('x = "CustomerName.LastName"\n_code = "DefaultLocale"')

    records, _ = stage(feed, "crm_id,x,_code\n7,'=1,en\n")

    assert records[0]["DefaultLocale"] == "en"


def test_a_row_that_is_no_csv_is_kept_whole_in_one_cell_and_rejected_again() -> None:
    source = source_of(FEED, 'crm_id,x\n7,"open\n8,b\n')
    writer = RejectsWriter(source)
    bad, good = source.rows()

    again = writer.header() + writer.row(bad, *WHY) + writer.row(good, *WHY)

    assert b'"7,""open"' in again
    chunks = all_chunks(source_of(FEED, again))
    assert [(reject.row, reject.code) for reject in rejects_of(chunks)] == [(1, "RaggedRow")]
    assert chunks[0].records == 1


def test_a_row_that_does_not_decode_keeps_its_bytes() -> None:
    source = source_of(FEED, b"crm_id,x\n7,caf\xe9\n")
    writer = RejectsWriter(source)
    bad = next(source.rows())

    again = writer.header() + writer.row(bad, "local", "RowNotDecodable", bad.fault)

    assert again.endswith(
        b"\n7,caf\xe9,1,local,RowNotDecodable," + again.partition(b"Decodable,")[2]
    )
    assert [reject.code for reject in stage(FEED, again)[1]] == ["RowNotDecodable"]


def test_rejects_of_a_file_without_header_get_one_and_can_be_dropped_again() -> None:
    feed = make_feed(
        'x = "CustomerName.LastName"',
        source='format = "csv"\nheader = false\nnames = ["crm_id", "x"]',
    )
    source = source_of(feed, "7,=b\n")
    writer = RejectsWriter(source)

    again = writer.header() + writer.row(next(source.rows()), *WHY)

    assert again == f"crm_id,x,_row,_stage,_code,_reason\n7,'=b{TAIL}\n".encode()
    assert stage(feed, again)[0][0]["CustomerName"] == {"LastName": "=b"}


def test_a_file_without_quotes_gets_reasons_without_delimiters() -> None:
    feed = make_feed('x = "CustomerName.LastName"', source='format = "csv"\nquote = ""')
    source = source_of(feed, 'crm_id,x\n7,"b\n')

    line = RejectsWriter(source).row(next(source.rows()), "local", "C", "one, two\nthree")

    assert line == b'7,"b,1,local,C,one  two three\n'


def test_row_of_a_rejects_file_knows_its_first_number(subtests: pytest.Subtests) -> None:
    for number, origin in [
        ("12", 12),
        (" 12 ", 12),
        ('"12"', 12),
        ("", None),
        ("0", None),
        ("x", None),
        ("1.5", None),
    ]:
        with subtests.test(number=number):
            data = f"crm_id,_row,x,_stage,_code,_reason\n7,{number},b,local,C,r\n"

            assert [row.origin for row in source_of(FEED, data).rows()] == [origin]


def test_a_row_without_a_number_or_of_an_ordinary_file_has_no_origin() -> None:
    short = "crm_id,x,_row,_stage,_code,_reason\n7,b\n"
    ordinary = "crm_id,x\n7,b\n"

    assert [row.origin for row in source_of(FEED, short).rows()] == [None]
    assert [row.origin for row in source_of(FEED, ordinary).rows()] == [None]


def test_object_of_a_rejects_file_knows_its_first_number(subtests: pytest.Subtests) -> None:
    for kind in ["jsonl", "json"]:
        for number, origin in [
            ("12", 12),
            ('"12"', 12),
            ("null", None),
            ("true", None),
            ("1.5", None),
            ("-3", None),
        ]:
            with subtests.test(kind=kind, number=number):
                why = f'"_row":{number},"_stage":"local","_code":"C","_reason":"r"'
                second = '{"_raw":"{no","_row":3,"_stage":"l","_code":"C","_reason":""}'
                data = f'{{"crm_id":"7",{why}}}\n{second}'
                feed = make_feed(source=f'format = "{kind}"')

                rows = list(source_of(feed, data).rows())

                assert [row.origin for row in rows] == [origin, 3]
                assert rows[0].value == {"crm_id": "7"}
                assert [bool(row.fault) for row in rows] == [False, True]
