"""A row that is exported means the record it was made of: the feed makes the same one of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefdrop.exporting.loading import export_layout, load_export
from prefdrop.exporting.rows import RowWriter
from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed

MAPPING = """
[columns]
id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
first = "CustomerName.FirstName"
active = "IsActive"
home = "Emails[EmailAddressType=Home].EmailAddress"
work = "Emails[EmailAddressType=Work].EmailAddress"
news = { to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType", values = { Y = 1, N = 2, "" = "" } }
news_at = { to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].CustomerDate", datetime = "%d.%m.%Y %H:%M:%S", timezone = "America/New_York", overlap = "later" }
seen = { to = "CustomFields[Name=Seen].Value", type = "integer" }
store = "CustomFields[Name=Store].Value"
tags = { to = "ProfileTags[].Name", split = "|" }
consent = { to = "Consents[ConsentType=Marketing].ConsentStatus", values = { granted = 1, denied = 2 } }
since = { to = "Consents[ConsentType=Marketing].ConsentDate", datetime = "epoch" }
one = "Groups[1].GroupName"
two = "Groups[2].GroupName"
[constants]
"Consents[ConsentType=Marketing].ConsentVersion" = "2.0"
"Consents[ConsentType=Marketing].Locale" = "en_US"
"Groups[1].GroupType" = "Household"
"Groups[2].GroupType" = "Region"
"""  # noqa: E501
FEED = load_feed(
    b'[import]\nname = "p"\nmatch_alternate_id = "CrmContactId"\n[source]\nformat = "csv"\n'
    + MAPPING.encode(),
    file="people.toml",
)
EXPORT = load_export(
    b'[export]\nsegment = "S"\n[output]\nformat = "csv"\n' + MAPPING.encode(), file="people.toml"
)

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00|\r"), min_size=1, max_size=9)
names = words.filter(lambda text: text == text.strip())
local_times = st.datetimes(datetime(1971, 1, 1), datetime(2025, 1, 1)).map(
    lambda moment: moment.strftime("%d.%m.%Y %H:%M:%S").rjust(19, "0")
)


def or_empty(cells: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | cells


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """Rows that the feed takes: what a record must have is there if anything of it is."""
    home = draw(or_empty(st.integers(1, 999).map(lambda n: f"p{n}@example.test")))
    news = draw(or_empty(st.sampled_from("YN"))) if home else ""
    consent = draw(or_empty(st.sampled_from(["granted", "denied"])))
    return [
        draw(names),
        draw(or_empty(names)),
        draw(or_empty(st.sampled_from(["true", "false"]))),
        home,
        draw(or_empty(st.just("w@example.test"))),
        news,
        draw(or_empty(local_times)) if news else "",
        draw(or_empty(st.integers(-9, 10**6).map(str))),
        draw(or_empty(words)),
        "|".join(draw(st.lists(names, max_size=3))),
        consent,
        draw(or_empty(st.integers(0, 1_700_000_000).map(str))) if consent else "",
        draw(or_empty(names)),
        draw(or_empty(names)),
    ]


def record_of(row: list[str]) -> dict[str, Any] | None:
    """What the feed makes of a row; None where it rejects it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(FEED.columns), row])
    body = text.getvalue().encode()
    source = Source(FEED, lambda at: io.BytesIO(body[at:]), size=len(body), file="people.csv")
    limits = ChunkLimits(bytes=10**7, records=10, rejects=10)
    (chunk,) = source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC))
    if chunk.rejects:
        return None
    (records,) = json.loads(chunk.body).values()
    return dict(records[0])


@pytest.fixture
def writer() -> RowWriter:
    return RowWriter(export_layout(EXPORT), tuple(EXPORT.columns))


@given(row=rows())
def test_the_feed_makes_the_same_record_of_a_row_that_was_exported(row: list[str]) -> None:
    writer = RowWriter(export_layout(EXPORT), tuple(EXPORT.columns))
    record = record_of(row)
    if record is None:  # a local time that the clocks skipped
        return

    exported = writer.row(record)

    assert record_of(exported) == record
    assert not writer.inexpressible


def test_what_the_vendor_deactivated_is_passed_over(writer: RowWriter) -> None:
    old = {"EmailAddressType": "Home", "EmailAddress": "old@example.test", "IsActive": False}
    new = {"EmailAddressType": "home", "EmailAddress": "new@example.test", "IsActive": True}

    row = dict(zip(EXPORT.columns, writer.row({"Emails": [old, new]}), strict=True))

    assert row["home"] == "new@example.test"


def test_values_that_no_cell_stands_for_are_left_empty_and_counted(writer: RowWriter) -> None:
    consent = {"ConsentType": "Marketing", "ConsentStatus": 3, "ConsentVersion": "2.0"}

    row = dict(zip(EXPORT.columns, writer.row({"Consents": [consent]}), strict=True))

    assert row["consent"] == ""
    assert writer.inexpressible == {
        "consent": 1,
        "Consents[ConsentType=Marketing].Locale": 1,
    }


def test_a_date_that_the_column_s_format_shortens_is_written_and_counted(
    writer: RowWriter,
) -> None:
    news = {"FilterId": "NEWS", "PreferenceType": 1, "CustomerDate": "2025-03-04T12:00:00.5Z"}
    email = {"EmailAddressType": "Home", "EmailPreferences": [news]}

    row = dict(zip(EXPORT.columns, writer.row({"Emails": [email]}), strict=True))

    assert row["news_at"] == "04.03.2025 07:00:00"
    assert writer.inexpressible == {"news_at": 1}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_date_that_the_zone_s_calendar_does_not_reach_is_left_empty_and_counted(
    moment: str,
) -> None:
    zone = "America/New_York" if moment.startswith("0") else "Asia/Tokyo"
    writer = writer_of(
        f'seen = {{ to = "LastModifiedDate", datetime = "%d.%m.%Y", timezone = "{zone}" }}\n'
        '[members]\n"LastModifiedDate" = "date"'
    )

    assert writer.row({"LastModifiedDate": moment}) == [""]
    assert writer.inexpressible == {"seen": 1}


@pytest.mark.parametrize("odd", [{"Emails": [None]}, {"Emails": "text"}, {"CustomerName": "Ana"}])
def test_what_is_no_object_where_one_belongs_is_counted_and_fails_nothing(
    writer: RowWriter, odd: dict[str, Any]
) -> None:
    assert set(writer.row(odd)) == {""}

    assert writer.inexpressible == {next(iter(odd)): 1}


def test_constants_of_the_record_and_of_its_objects_are_compared() -> None:
    writer = writer_of(
        'first = "CustomerName.FirstName"\n[constants]\n'
        '"DefaultLocale" = "en_US"\n"CustomerName.Prefix" = "Mr"'
    )

    writer.row({"DefaultLocale": "fr_FR", "CustomerName": {"FirstName": "Ana", "Prefix": "Ms"}})

    assert writer.inexpressible == {"DefaultLocale": 1, "CustomerName.Prefix": 1}


def writer_of(mapping: str) -> RowWriter:
    text = f'[export]\nsegment = "S"\n[output]\nformat = "csv"\n[columns]\n{mapping}\n'
    export = load_export(text.encode(), file="people.toml")
    return RowWriter(export_layout(export), tuple(export.columns))
