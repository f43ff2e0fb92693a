from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds.dates import DateRule, date_parser, utc_text

from .support import reject_one, stage_one

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    NEW_YORK,
    *map(ZoneInfo, ("UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati")),
]
FORMATS = [
    "%m/%d/%Y %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%d %b %Y, %I:%M %p",
    "%d.%m.%yT%H:%M:%S",
    "iso8601",
]


def read(text: str, format: str, zone: str = "America/New_York", **options: str) -> str:
    return date_parser(DateRule(format, ZoneInfo(zone), **options))(text)  # type: ignore[arg-type]


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2068, 12, 31)).map(
        lambda at: at.replace(microsecond=0)
    ),
    st.sampled_from(FORMATS),
    st.sampled_from(ZONES),
)
def test_the_quick_ways_read_what_strptime_reads(at: datetime, format: str, zone: ZoneInfo) -> None:
    parse = date_parser(DateRule(format, zone, gap="shift"))
    text = at.isoformat() if format == "iso8601" else at.strftime(format)
    same = datetime.fromisoformat(text) if format == "iso8601" else datetime.strptime(text, format)

    assert parse(text) == parse(text) == utc_text(same.replace(tzinfo=zone))


def test_date_of_each_format_leaves_in_utc(subtests: pytest.Subtests) -> None:
    for text, format, expected in [
        ("01/14/2026 09:00", "%m/%d/%Y %H:%M", "2026-01-14T14:00:00Z"),
        ("7/4/2026 9:05", "%m/%d/%Y %H:%M", "2026-07-04T13:05:00Z"),
        ("12/31/2025 23:30", "%m/%d/%Y %H:%M", "2026-01-01T04:30:00Z"),
        ("2026-01-14T09:00:00Z", "iso8601", "2026-01-14T09:00:00Z"),
        ("2026-01-14T09:00:00+02:00", "iso8601", "2026-01-14T07:00:00Z"),
        ("2026-01-14T00:30:00+02:00", "iso8601", "2026-01-13T22:30:00Z"),
        ("2026-01-14 09:00", "iso8601", "2026-01-14T14:00:00Z"),
        ("2026-01-14T09:00:00.250Z", "iso8601", "2026-01-14T09:00:00.250000Z"),
        ("2026-01-14", "iso8601", "2026-01-14T05:00:00Z"),
        ("20260114", "%Y%m%d", "2026-01-14T05:00:00Z"),
        ("1768381200", "epoch", "2026-01-14T09:00:00Z"),
        ("1768381200500", "epoch_ms", "2026-01-14T09:00:00.500000Z"),
        ("14/Jan/2026:09:00:00 +0100", "%d/%b/%Y:%H:%M:%S %z", "2026-01-14T08:00:00Z"),
    ]:
        with subtests.test(text=text, format=format):
            assert read(text, format) == expected


def test_text_that_is_no_date_of_the_format_is_a_fault(subtests: pytest.Subtests) -> None:
    for text, format in [
        ("02/30/2026 09:00", "%m/%d/%Y %H:%M"),
        ("14/01/2026 09:00", "%m/%d/%Y %H:%M"),
        ("01/14/2026 24:00", "%m/%d/%Y %H:%M"),
        (" 01/14/2026 09:00", "%m/%d/%Y %H:%M"),
        ("yesterday", "iso8601"),
        ("20260114", "iso8601"),
        ("2026-W03-3", "iso8601"),
        ("12.5", "epoch"),
        ("999999999999999", "epoch"),
    ]:
        with subtests.test(text=text, format=format):
            assert read(text, format) == "~NotADate"


def test_a_local_time_that_was_skipped_is_a_fault_unless_the_feed_says_shift() -> None:
    skipped = "03/08/2026 02:30"

    assert read(skipped, "%m/%d/%Y %H:%M") == "~NoSuchTime"
    assert read(skipped, "%m/%d/%Y %H:%M", gap="shift") == "2026-03-08T07:30:00Z"


def test_a_local_time_that_came_twice_is_the_earlier_one_unless_the_feed_says_otherwise() -> None:
    twice = "11/01/2026 01:30"

    assert read(twice, "%m/%d/%Y %H:%M") == "2026-11-01T05:30:00Z"
    assert read(twice, "%m/%d/%Y %H:%M", overlap="later") == "2026-11-01T06:30:00Z"
    assert read(twice, "%m/%d/%Y %H:%M", overlap="reject") == "~AmbiguousTime"


def test_a_date_without_a_time_is_the_start_of_the_day_or_what_the_feed_says() -> None:
    columns = """
    [columns.x]
    to = "CustomFields[Name=since].Value"
    datetime = "%m/%d/%Y"
    timezone = "America/New_York"
    """

    start = stage_one(columns, "01/06/2021")
    end = stage_one(columns + 'time_of_day = "23:59:59"', "01/06/2021")

    assert start["CustomFields"][0]["Value"] == "2021-01-06T05:00:00Z"
    assert end["CustomFields"][0]["Value"] == "2021-01-07T04:59:59Z"


def test_a_date_column_without_a_format_takes_iso_dates_that_name_their_zone() -> None:
    columns = 'x = "ProfilePreferences[1].CustomerDate"\n'

    assert reject_one(columns, "2026-01-14T09:00:00").code == "NoTimeZone"


def test_dates_of_the_source_take_its_time_zone() -> None:
    columns = 'x = { to = "CustomFields[Name=since].Value", datetime = "%Y-%m-%d %H:%M" }'
    source = 'format = "csv"\ntimezone = "Asia/Kolkata"'

    record = stage_one(columns, "2026-01-14 09:00", source=source)

    assert record["CustomFields"][0]["Value"] == "2026-01-14T03:30:00Z"


def test_a_date_in_the_future_rejects_its_row_but_a_few_minutes_of_clock_difference_do_not() -> (
    None
):
    columns = 'x = { to = "CustomFields[Name=since].Value", datetime = "iso8601" }'

    assert stage_one(columns, "2026-11-01T12:04:59Z")
    assert reject_one(columns, "2026-11-01T12:05:01Z").code == "DateInFuture"
    assert reject_one(columns, "2199-05-01T12:00:00Z").reason == "Column x lies in the future."


def test_a_day_that_begins_an_hour_late_begins_when_it_does() -> None:
    assert read("2024-03-31", "%Y-%m-%d", "Asia/Beirut") == "2024-03-30T22:00:00Z"
    assert read("2024-03-31", "iso8601", "Asia/Beirut") == "2024-03-30T22:00:00Z"
    assert read("2024-03-31 00:30", "%Y-%m-%d %H:%M", "Asia/Beirut") == "~NoSuchTime"


def test_a_date_of_today_is_not_in_the_future_because_its_feed_puts_it_at_the_end_of_the_day() -> (
    None
):
    columns = """
    [columns.x]
    to = "CustomFields[Name=since].Value"
    datetime = "%Y-%m-%d"
    timezone = "America/New_York"
    time_of_day = "23:59:59"
    """

    assert stage_one(columns, "2026-11-01")["CustomFields"][0]["Value"] == "2026-11-02T04:59:59Z"
    assert reject_one(columns, "2026-11-02").code == "DateInFuture"


def test_a_parser_forgets_rather_than_grows() -> None:
    parse = date_parser(DateRule("%Y-%m-%d", ZoneInfo("UTC")))
    first = datetime(1000, 1, 1, tzinfo=UTC)

    days = [first + timedelta(days=at) for at in range(70_000)]

    assert all(parse(day.strftime("%Y-%m-%d")) == utc_text(day) for day in days)
