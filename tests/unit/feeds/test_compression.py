from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from prefdrop.feeds import ChunkLimits, RejectsWriter, Source, SourceError, load_feed

from .support import all_chunks, make_feed, source_of

FEED = make_feed('x = "CustomerName.LastName"')
PLAIN = b"crm_id,x\n" + b"".join(b"%d,name %d\n" % (at, at) for at in range(3_000))
LIMITS = ChunkLimits(bytes=20_000, records=10_000, rejects=100)


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


PACKED = {
    "gzip": gzip.compress(PLAIN),
    "gzip of several members": gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:]),
    "zip": zipped(("folder/", b""), ("folder/data.csv", PLAIN)),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_compressed_file_gives_the_chunks_of_its_content_at_any_cursor(kind: str) -> None:
    plain = all_chunks(source_of(FEED, PLAIN), LIMITS)

    source = source_of(FEED, PACKED[kind])
    source.check()

    assert all_chunks(source, LIMITS) == plain
    assert all_chunks(source_of(FEED, PACKED[kind]), LIMITS, plain[2].start) == plain[2:]


@pytest.mark.parametrize("kind", PACKED)
def test_the_streams_below_are_closed(kind: str) -> None:
    opened: list[io.BytesIO] = []

    def open_at(offset: int) -> io.BytesIO:
        opened.append(io.BytesIO(PACKED[kind][offset:]))
        return opened[-1]

    source = Source(
        load_feed(FEED, file="crm.toml"), open_at, size=len(PACKED[kind]), file="drop.csv.gz"
    )

    all_chunks(source)

    assert all(stream.closed for stream in opened)


def test_rejects_of_a_compressed_file_are_plain() -> None:
    source = source_of(FEED, PACKED["gzip"])
    writer = RejectsWriter(source)
    first = next(source.rows())

    assert writer.header() + writer.row(first, "local", "C", "r") == (
        b"crm_id,x,_row,_stage,_code,_reason\n0,name 0,1,local,C,r\n"
    )


def test_file_that_cannot_be_unpacked_is_refused(subtests: pytest.Subtests) -> None:
    for data, problem in [
        (PACKED["gzip"][:-200], "damaged or cut short"),
        (b"\x1f\x8b\x08\x00rubbish rubbish", "damaged or cut short"),
        (PACKED["zip"][:-40], "damaged or cut short"),
        (zipped(("a.csv", PLAIN), ("b.csv", PLAIN)), "the zip holds 2 files"),
        (zipped(), "the zip holds 0 files"),
        (zipped(("[Content_Types].xml", b""), ("xl/x.xml", b"")), "an Office document"),
    ]:
        with subtests.test(data=data), pytest.raises(SourceError, match=problem):
            all_chunks(source_of(FEED, data))


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefdrop.feeds.compression.FREE_BYTES", 200_000)
    bomb = gzip.compress(PLAIN[:9] + b"1,a\n" * 500_000)

    with pytest.raises(SourceError, match="unpacks to more than 500 times its size"):
        all_chunks(source_of(FEED, bomb))
