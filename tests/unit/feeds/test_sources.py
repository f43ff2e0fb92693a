"""What a whole file must be before anything of it is staged, and how its rows are told apart."""

from __future__ import annotations

import pytest

from prefdrop.feeds import SourceError

from .support import EMAIL, all_chunks, make_feed, records_of, source_of, stage

FEED = make_feed(f'email = "{EMAIL}"', top='ignore = ["owner"]')


def test_file_that_does_not_fit_the_feed_is_refused_whole(subtests: pytest.Subtests) -> None:
    for data, problem, column in [
        (b"", "the file is empty", ""),
        (b"\n \n", "the file is empty", ""),
        (b"\xef\xbb\xbf", "the file is empty", ""),
        (b"crm_id,email,extra\n7,a@example.test,1\n", "does not know this column", "extra"),
        (b"crm_id,email,\n7,a@example.test,\n", "does not know this column", "(no name)"),
        (b"crm_id,e-mail\n7,a@example.test\n", "the file does not have it", "email"),
        (b"crm_id,email,email\n7,a,b\n", "names this column twice", "email"),
        (b"7,ana@example.test\n8,bo@example.test\n", "none of the feed's columns", ""),
        (b'{"crm_id": "7"}\n', "this is JSON, not csv", ""),
        (b'[{"crm_id": "7"}]\n', "this is JSON, not csv", ""),
        (b"PAR1\x15\x04", "this is a Parquet file, not csv", ""),
        (b"%PDF-1.7", "this is a PDF, not csv", ""),
        (b'crm_id,"email\n', "the header can't be read", ""),
    ]:
        with subtests.test(data=data):
            source = source_of(FEED, data)

            with pytest.raises(SourceError) as caught:
                source.check()

            assert problem in caught.value.problem
            assert caught.value.column == column
            assert caught.value.message.startswith("drop.csv")
            assert caught.value.hint


def test_a_file_without_a_header_is_refused_without_quoting_its_first_row() -> None:
    with pytest.raises(SourceError) as caught:
        source_of(FEED, "7,ana@example.test\n").check()

    assert "ana@" not in str(caught.value)


@pytest.mark.parametrize(("file_has", "guess"), [("e_mail", "The file has e_mail."), ("zip", "")])
def test_a_missing_column_is_guessed_among_those_the_feed_does_not_know(
    file_has: str, guess: str
) -> None:
    with pytest.raises(SourceError) as caught:
        source_of(FEED, f"crm_id,{file_has}\n7,a\n").check()

    assert caught.value.column == "email"
    assert caught.value.hint.endswith(guess or "in the feed.")


def test_ignored_columns_may_stand_anywhere_and_twice() -> None:
    records, rejects = stage(FEED, "owner,crm_id,owner,email\nx,7,y,ana@example.test\n")

    source_of(FEED, "owner,crm_id,owner,email\n").check()
    assert rejects == []
    assert records[0]["Emails"][0]["EmailAddress"] == "ana@example.test"


def test_a_header_alone_has_no_rows() -> None:
    source = source_of(FEED, "crm_id,email\n")
    source.check()

    (chunk,) = all_chunks(source)

    assert (chunk.records, chunk.rows, chunk.last) == (0, 0, True)
    assert chunk.body == b'{"UserProfilePreferences":[]}'


def test_a_file_without_header_takes_the_names_of_its_feed() -> None:
    feed = make_feed(
        source='format = "csv"\nheader = false\nnames = ["crm_id", "skip"]', top='ignore = ["skip"]'
    )

    records, rejects = stage(feed, "7,a\n8,b\n")

    assert [record["AlternateIds"][0]["AlternateId"] for record in records] == ["7", "8"]
    assert rejects == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_with_which_the_header_fits_the_feed(delimiter: str) -> None:
    data = f"crm_id{delimiter}email\n7{delimiter}ana@example.test\n"

    assert len(stage(FEED, data)[0]) == 1


def test_a_declared_delimiter_overrides_what_the_header_suggests() -> None:
    feed = make_feed(source='format = "csv"\ndelimiter = ";"', columns='"a,b" = "DefaultLocale"')

    records, _ = stage(feed, "crm_id;a,b\n7;x,y\n")

    assert records[0]["DefaultLocale"] == "x,y"


def test_tsv_is_csv_with_tabs() -> None:
    feed = make_feed(f'email = "{EMAIL}"', source='format = "tsv"')

    assert len(stage(feed, "crm_id\temail\n7\tana@example.test\n")[0]) == 1


def test_another_quote_and_none_at_all() -> None:
    single = make_feed('x = "DefaultLocale"', source='format = "csv"\nquote = "\'"')
    none = make_feed('x = "DefaultLocale"', source='format = "csv"\nquote = ""')

    assert stage(single, "crm_id,x\n7,'a,b'\n")[0][0]["DefaultLocale"] == "a,b"
    assert stage(none, 'crm_id,x\n7,"a"\n')[0][0]["DefaultLocale"] == '"a"'


def test_a_row_of_another_width_is_rejected() -> None:
    records, rejects = stage(FEED, "crm_id,email\n7\n8,b@example.test,x\n9,c@example.test\n")

    assert len(records) == 1
    assert [(reject.row, reject.code) for reject in rejects] == [(1, "RaggedRow"), (2, "RaggedRow")]
    assert rejects[0].reason == "The row has 1 cell; the header has 2."


def test_a_feed_may_have_short_rows_padded_and_empty_surplus_cells_dropped() -> None:
    feed = make_feed(f'email = "{EMAIL}"', source='format = "csv"\nragged = "pad"')

    records, rejects = stage(feed, "crm_id,email\n7\n8,b@example.test,,\n9,c@example.test,x\n")

    assert len(records) == 2
    assert [reject.row for reject in rejects] == [3]


def test_blank_lines_are_no_rows() -> None:
    data = "\r\n\ncrm_id,email\r\n\r\n7,ana@example.test\n\n\n8,bo@example.test\n\n"
    source = source_of(FEED, data)
    source.check()

    (chunk,) = all_chunks(source)

    assert chunk.rows == 2
    assert chunk.end.offset == len(data)
    assert [row.raw for row in source.rows()] == [b"7,ana@example.test", b"8,bo@example.test"]


def test_lines_may_end_in_carriage_returns_alone() -> None:
    assert len(stage(FEED, "crm_id,email\r7,a@example.test\r8,b@example.test")[0]) == 2


@pytest.mark.parametrize(
    "bad",
    ['"7,a@example.test', '7,"a"b', '7,"a@example.test', "7,a\rb"],
)
def test_a_row_that_is_no_csv_is_rejected_and_swallows_no_other(bad: str) -> None:
    records, rejects = stage(
        FEED, f"crm_id,email\n1,a@example.test\n{bad}\n3,c@example.test\n4,d@example.test\n"
    )

    assert [record["AlternateIds"][0]["AlternateId"] for record in records] == ["1", "3", "4"]
    assert [(reject.row, reject.code) for reject in rejects] == [(2, "RowNotReadable")]


def test_a_cell_beyond_the_field_limit_is_rejected() -> None:
    _, rejects = stage(FEED, f"crm_id,email\n1,{'a' * 200_000}\n2,b@example.test\n")

    assert [(reject.row, reject.code) for reject in rejects] == [(1, "RowNotReadable")]
    assert "131,072" in rejects[0].reason


def test_an_open_quote_near_the_end_of_a_long_file_costs_one_row() -> None:
    rows = "".join(f"{at},a{at}@example.test\n" for at in range(20_000))

    records, rejects = stage(FEED, f'crm_id,email\n1,"a@example.test\n{rows}')

    assert len(records) == 20_000
    assert [reject.row for reject in rejects] == [1]


def test_bytes_that_do_not_decode_reject_their_row_and_no_other() -> None:
    data = b"crm_id,email\n1,a@example.test\n2,\xff@example.test\n3,c@example.test\n"

    records, rejects = stage(FEED, data)

    assert len(records) == 2
    assert [(reject.row, reject.code) for reject in rejects] == [(2, "RowNotDecodable")]
    assert "cp1252" in rejects[0].reason


def test_a_nul_character_rejects_its_row_and_no_other() -> None:
    records, rejects = stage(
        FEED, "crm_id,email\n1,a@example.test\n2,b\0@example.test\n3,c@example.test\n"
    )

    assert len(records) == 2
    assert [(reject.row, reject.code) for reject in rejects] == [(2, "NulCharacter")]


def test_a_line_beyond_all_measure_ends_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefdrop.feeds.lines.MAX_LINE_BYTES", 1_000_000)
    source = source_of(FEED, b"crm_id,email\n" + b"x" * 2_000_000)

    with pytest.raises(SourceError, match="a line is longer than"):
        all_chunks(source)


def test_records_are_json_whatever_the_cells_hold() -> None:
    feed = make_feed('x = "CustomerName.LastName"')
    cell = 'quote " backslash \\\\ \u2028 \N{GRINNING FACE} \x01\x7f'

    records = records_of(
        all_chunks(source_of(feed, 'crm_id,x\n7,"' + cell.replace('"', '""') + '"\n'))
    )

    assert records[0]["CustomerName"]["LastName"] == cell
