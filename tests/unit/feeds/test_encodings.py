from __future__ import annotations

import codecs

import pytest

from prefdrop.feeds import ChunkLimits, RejectsWriter
from prefdrop.feeds.dialect import known_encoding

from .support import all_chunks, make_feed, records_of, rejects_of, source_of

TABLE = "crm_id,x\r\n1,Jos\u00e9\r\n2,\u201cna\u00efve\u201d\r\n3,caf\u00e9 \u20ac\r\n"
NAMES = ["Jos\u00e9", "\u201cna\u00efve\u201d", "caf\u00e9 \u20ac"]
COLUMNS = 'x = "CustomerName.LastName"'
WIDE_TABLE = TABLE + "4,\N{GRINNING FACE}\u010a\u0100\u0a0d\r\n"


def names_in(feed: bytes, data: bytes) -> list[str]:
    source = source_of(feed, data)
    source.check()
    return [record["CustomerName"]["LastName"] for record in records_of(all_chunks(source))]


def test_encoding_that_is_not_declared_is_recognised(subtests: pytest.Subtests) -> None:
    for encoding in ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]:
        with subtests.test(encoding=encoding):
            assert names_in(make_feed(COLUMNS), TABLE.encode(encoding)) == NAMES


def test_encoding_that_is_declared_is_used(subtests: pytest.Subtests) -> None:
    for encoding in ["utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "UTF-8"]:
        with subtests.test(encoding=encoding):
            feed = make_feed(COLUMNS, source=f'format = "csv"\nencoding = "{encoding}"')

            assert names_in(feed, TABLE.encode(encoding)) == NAMES


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1252", "\u20ac"),
        ("ISO-8859-15", "\u20ac"),
        ("cp1250", "\u017d"),
        ("utf8", "\u017d"),
    ],
)
def test_encodings_go_by_all_their_names(encoding: str, text: str) -> None:
    feed = make_feed(COLUMNS, source=f'format = "csv"\nencoding = "{encoding}"')

    assert names_in(feed, f"crm_id,x\n1,{text}\n".encode(encoding)) == [text]


def test_encoding_whose_bytes_can_be_mistaken_is_refused(subtests: pytest.Subtests) -> None:
    for encoding in ["shift_jis", "gbk", "euc_jp", "cp037", "utf-7", "utf-32", "hex"]:
        with subtests.test(encoding=encoding):
            assert known_encoding(encoding) is None


def test_latin_1_takes_every_byte() -> None:
    feed = make_feed(COLUMNS, source='format = "csv"\nencoding = "latin-1"')

    assert names_in(feed, b"crm_id,x\n1,\x80\xff\n") == ["\x80\xff"]


def test_a_byte_order_mark_wins_over_what_the_feed_declares() -> None:
    feed = make_feed(COLUMNS, source='format = "csv"\nencoding = "cp1252"')

    assert names_in(feed, TABLE.encode("utf-8-sig")) == NAMES


def test_utf_16_keeps_exact_positions() -> None:
    data = WIDE_TABLE.encode("utf-16-be")
    feed = make_feed(COLUMNS, source='format = "csv"\nencoding = "utf-16-be"')
    source = source_of(feed, data)
    limits = ChunkLimits(bytes=150, records=1, rejects=9)

    chunks = all_chunks(source, limits)

    rows = list(source.rows())
    assert b"".join(data[row.start : row.end] for row in rows) == data[len("crm_id,x\r\n") * 2 :]
    assert len(chunks) == 4
    for at, chunk in enumerate(chunks):
        assert all_chunks(source_of(feed, data), limits, chunk.start) == chunks[at:]


def test_broken_utf_16_rejects_its_row_and_no_other() -> None:
    good, bad = "1,a\n".encode("utf-16-le"), b"2\0,\0\x00\xd8\n\0"
    data = codecs.BOM_UTF16_LE + "crm_id,x\n".encode("utf-16-le") + good + bad + good

    chunks = all_chunks(source_of(make_feed(COLUMNS), data))

    assert len(records_of(chunks)) == 2
    assert [(reject.row, reject.code) for reject in rejects_of(chunks)] == [(2, "RowNotDecodable")]


def test_one_odd_byte_is_a_damaged_row_and_not_another_encoding() -> None:
    data = b"crm_id,x\n1,caf\xe9\n2,tea\n"

    chunks = all_chunks(source_of(make_feed(COLUMNS), data))

    assert [(reject.row, reject.code) for reject in rejects_of(chunks)] == [(1, "RowNotDecodable")]


def test_rejects_of_any_encoding_can_be_dropped_again(subtests: pytest.Subtests) -> None:
    for declared in [False, True]:
        for encoding in ["cp1252", "utf-16", "utf-16-le"]:
            with subtests.test(declared=declared, encoding=encoding):
                kind = f'format = "csv"\nencoding = "{encoding}"' if declared else 'format = "csv"'
                feed = make_feed(COLUMNS, source=kind)
                source = source_of(feed, TABLE.encode(encoding))
                writer = RejectsWriter(source)
                third = list(source.rows())[2]

                rejects = writer.header() + writer.row(third, "validation", "X", "Ungültig")

                assert (
                    rejects.decode("utf-8-sig").splitlines()[0]
                    == "crm_id,x,_row,_stage,_code,_reason"
                )
                assert names_in(feed, rejects) == [NAMES[2]]
