from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from itertools import pairwise

from prefdrop.feeds import ChunkLimits, Cursor, LocalReject, Source, identifiers_of, load_feed

from .support import (
    EMAIL,
    NOW,
    START,
    WIDE,
    all_chunks,
    make_feed,
    records_of,
    rejects_of,
    source_of,
)

FEED = make_feed(f'email = "{EMAIL}"')
HEADER = "crm_id,email\n"


def file_of(count: int) -> str:
    return HEADER + "".join(f"{at},a{at}@example.test\n" for at in range(1, count + 1))


def test_a_chunk_is_filled_as_far_as_the_next_record_allows() -> None:
    limit = 1_000

    chunks = all_chunks(source_of(FEED, file_of(200)), ChunkLimits(limit, 10_000, 100))

    for chunk, after in pairwise(chunks):
        first_after = after.body[len(b'{"UserProfilePreferences":[') :].index(b"]}]}") + 4
        assert len(chunk.body) <= limit < len(chunk.body) + 1 + first_after


def test_a_chunk_says_what_it_is() -> None:
    chunk, last = all_chunks(source_of(FEED, file_of(3)), ChunkLimits(10_000, 2, 100))

    assert chunk.sha256 == hashlib.sha256(chunk.body).hexdigest()
    assert (chunk.records, chunk.rows, chunk.last) == (2, 2, False)
    assert (last.records, last.rows, last.last) == (1, 1, True)
    assert (chunk.start, last.start, last.end.row) == (START, chunk.end, 3)


def test_a_chunk_that_takes_the_last_record_is_the_last() -> None:
    (chunk,) = all_chunks(source_of(FEED, file_of(2)), ChunkLimits(10_000, 2, 100))

    assert (chunk.records, chunk.last) == (2, True)


def test_a_record_that_fits_no_request_is_rejected_and_one_that_just_fits_is_not() -> None:
    source = source_of(FEED, file_of(1))
    size = len(all_chunks(source)[0].body)

    (fits,) = all_chunks(source, ChunkLimits(size, 10, 10))
    (misses,) = all_chunks(source, ChunkLimits(size - 1, 10, 10))

    assert (fits.records, fits.rejects) == (1, [])
    assert (misses.records, misses.rejects[0].code) == (0, "RecordTooLarge")
    assert misses.rows == 1


def test_a_chunk_ends_when_it_has_gathered_its_rejects() -> None:
    data = HEADER + ",x\n" * 5 + "7,ana@example.test\n"

    chunks = all_chunks(source_of(FEED, data), ChunkLimits(10_000, 100, 2))

    assert [(len(chunk.rejects), chunk.records) for chunk in chunks] == [(2, 0), (2, 0), (1, 1)]
    assert [reject.row for reject in rejects_of(chunks)] == [1, 2, 3, 4, 5]


def test_limits_of_nothing_still_make_progress() -> None:
    chunks = all_chunks(source_of(FEED, file_of(3)), ChunkLimits(10_000, 0, 0))

    assert [chunk.rows for chunk in chunks] == [1, 1, 1]


def test_rows_that_the_vendor_refused_are_rejected_with_its_reason() -> None:
    refused = {
        2: LocalReject(2, "StageRefused", "The vendor refused the whole request for this record.")
    }

    (chunk,) = source_of(FEED, file_of(3)).chunks(START, WIDE, now=NOW, refused=refused)

    assert chunk.rejects == [refused[2]]
    assert len(records_of([chunk])) == 2


def test_the_same_input_and_present_give_the_same_bytes() -> None:
    first = all_chunks(source_of(FEED, file_of(50)), ChunkLimits(2_000, 100, 2))
    second = all_chunks(source_of(FEED, file_of(50)), ChunkLimits(2_000, 100, 2))

    assert first == second


def test_what_lies_in_the_future_depends_on_the_present_given() -> None:
    feed = make_feed('at = { to = "CustomFields[Name=at].Value", datetime = "iso8601" }')
    source = source_of(feed, "crm_id,at\n7,2026-11-01T13:00:00Z\n")

    (before,) = source.chunks(START, WIDE, now=NOW)
    (after,) = source.chunks(START, WIDE, now=NOW + timedelta(hours=1))

    assert (before.records, after.records) == (0, 1)


def test_streams_that_give_a_few_bytes_at_a_time_are_read_whole() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 7))

    data = file_of(300).encode()
    source = Source(
        load_feed(FEED, file="crm.toml"), lambda at: Slow(data[at:]), size=len(data), file="f"
    )

    source.check()
    assert all_chunks(source) == all_chunks(source_of(FEED, data))


def test_streams_are_closed_even_when_reading_stops_early() -> None:
    data = file_of(300).encode()
    opened: list[io.BytesIO] = []

    def open_at(offset: int) -> io.BytesIO:
        opened.append(io.BytesIO(data[offset:]))
        return opened[-1]

    source = Source(load_feed(FEED, file="crm.toml"), open_at, size=len(data), file="f")
    chunks = source.chunks(START, ChunkLimits(1_000, 10, 10), now=NOW)
    rows = source.rows()
    source.check()
    next(chunks)
    next(rows)

    chunks.close()  # type: ignore[attr-defined]
    rows.close()  # type: ignore[attr-defined]

    assert opened
    assert all(stream.closed for stream in opened)


def test_identifiers_of_a_row_equal_those_of_the_record_the_vendor_echoes() -> None:
    feed = make_feed(
        f'email = "{EMAIL}"\nphone = "PhoneNumbers[PhoneNumberType=Mobile].PhoneNumber"'
    )
    source = source_of(feed, "crm_id,email,phone\nAb-7,Ana@Example.test,+1 (602) 555-0125\n,x,\n")
    good, bad = source.rows()
    echoed = {
        "alternateids": [{"alternateIdType": "CRMCONTACTID", "AlternateId": "AB-7"}],
        "Emails": [{"EmailAddress": "ana@example.test", "Exceptions": []}, None],
        "PhoneNumbers": [{"PhoneNumber": "16025550125"}],
    }

    assert source.identifiers(good) == identifiers_of(echoed)
    assert len(source.identifiers(good)) == 3
    assert source.identifiers(bad) == frozenset()


def test_identifiers_do_not_depend_on_the_present() -> None:
    feed = make_feed('at = { to = "CustomFields[Name=at].Value", datetime = "iso8601" }')
    source = source_of(feed, "crm_id,at\n7,2199-01-01T00:00:00Z\n")

    assert source.identifiers(next(source.rows())) == {"alternate:crmcontactid:7"}


def test_a_time_of_day_takes_no_identifier_away() -> None:
    feed = make_feed('at = { to = "CustomFields[Name=at].Value", datetime = "%Y-%m-%d", '
        'timezone = "UTC", time_of_day = "23:59:59" }')  # fmt: skip
    source = source_of(feed, "crm_id,at\n7,2026-01-14\n")

    assert source.identifiers(next(source.rows())) == {"alternate:crmcontactid:7"}


def test_a_profile_id_identifies_as_number_and_as_text() -> None:
    assert (
        identifiers_of({"ProfileId": 12}) == identifiers_of({"profileid": "12"}) == {"profile:12"}
    )


def test_rows_can_be_read_from_any_cursor() -> None:
    source = source_of(FEED, file_of(5))
    third = list(source.rows())[2]

    (row, *_) = source.rows(Cursor(third.start, 2))

    assert row == third
