"""A row that is exported means the record it was made of: the feed makes the same one of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop.exporting.loading import load_export
from prefdrop.exporting.rolls import RecordUnreadable
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

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00|"), min_size=1, max_size=9)
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
    return RowWriter(EXPORT)


@given(row=rows())
def test_the_feed_makes_the_same_record_of_a_row_that_was_exported(row: list[str]) -> None:
    writer = RowWriter(EXPORT)
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


def test_an_item_of_constants_alone_is_compared_where_its_holder_is_written() -> None:
    writer = writer_of(
        'mail = "Emails[EmailAddressType=Home].EmailAddress"\n[constants]\n'
        '"Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType" = 1\n'
        '"CustomFields[Name=Origin].Value" = "crm"'
    )
    opted_in = {"FilterId": "news", "PreferenceType": 1}
    home = {"EmailAddressType": "Home", "EmailAddress": "a@example.test"}
    origin = {"CustomFields": [{"Name": "Origin", "Value": "crm"}]}
    news, field = (
        "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType",
        "CustomFields[Name=Origin].Value",
    )

    def counted(record: dict[str, Any]) -> dict[str, int]:
        writer.row(record)
        return dict(writer.take_tally().inexpressible)

    assert counted(origin | {"Emails": [home | {"EmailPreferences": [opted_in]}]}) == {}
    assert counted(origin) == {}
    assert counted({"Emails": [home | {"EmailPreferences": [opted_in]}]}) == {field: 1}
    assert counted(origin | {"Emails": [home]}) == {news: 1}
    for other in ({"PreferenceType": 2}, {"IsActive": False}, {"PreferenceStatus": "Expired"}):
        record = origin | {"Emails": [home | {"EmailPreferences": [opted_in | other]}]}
        assert counted(record) == {news: 1}


def test_items_without_discriminator_go_to_the_path_whose_constants_they_hold() -> None:
    writer = writer_of(
        'any = "Groups[1].GroupName"\nregion = "Groups[2].GroupName"\n[constants]\n'
        '"Groups[2].GroupType" = "Region"\n'
        '"Groups[3].GroupType" = "Base"\n"Groups[3].GroupName" = "All"'
    )
    groups = [("Base", "All"), ("Region", "North"), ("Household", "Ruiz")]

    row = writer.row({"Groups": [{"GroupType": t, "GroupName": n} for t, n in groups]})

    assert row == ["Ruiz", "North"]
    assert not writer.inexpressible


def test_pieces_of_a_split_column_leave_the_other_items_to_their_paths() -> None:
    writer = writer_of(
        'homes = { to = "Groups[].GroupName", split = "|" }\nregion = "Groups[2].GroupName"\n'
        '[constants]\n"Groups[].GroupType" = "Household"\n"Groups[2].GroupType" = "Region"'
    )
    groups = [("Household", "A"), ("Region", "North"), ("Household", "B")]

    row = writer.row({"Groups": [{"GroupType": t, "GroupName": n} for t, n in groups]})

    assert row == ["A|B", "North"]


def test_an_item_beyond_the_one_that_its_path_can_show_is_counted_with_its_profile() -> None:
    writer = writer_of(
        'locale_en = "Consents[ConsentType=Marketing].ConsentStatus"\n'
        'tag = "ProfileTags[1].Name"\n'
        '[constants]\n"Consents[ConsentType=Marketing].Locale" = "en_US"'
    )
    french = {"ConsentType": "Marketing", "Locale": "fr_FR", "ConsentStatus": 2}
    english = {"ConsentType": "Marketing", "Locale": "en_US", "ConsentStatus": 1}

    row = writer.row(
        {"ProfileId": 7, "Consents": [french, english], "ProfileTags": [{"Name": "a"}]}
    )
    shown = writer.take_tally()
    writer.row({"ProfileId": 8, "Consents": [english, dict(english)]})
    writer.row({"ProfileId": 9, "ProfileTags": [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}]})

    assert (row, shown.inexpressible) == (["1", "a"], {})
    counted = writer.take_tally()
    assert counted.inexpressible == {"Consents[ConsentType=Marketing]": 1, "ProfileTags[1]": 2}
    assert counted.examples == {"Consents[ConsentType=Marketing]": 8, "ProfileTags[1]": 9}


LAPSED = {
    "ProfileId": 7,
    "IsActive": False,
    "Emails": [
        {
            "EmailAddressType": "Home",
            "EmailAddress": "a@example.test",
            "EmailPreferences": [
                {"FilterId": "NEWS", "PreferenceType": 1, "PreferenceStatus": "Expired"}
            ],
        },
        {"EmailAddressType": "Work", "EmailAddress": "w@example.test", "IsActive": False},
    ],
    "Consents": [{"ConsentType": "Marketing", "ConsentStatus": 1, "Expired": True}],
}
PREFERENCES = """
home = "Emails[EmailAddressType=Home].EmailAddress"
work = "Emails[EmailAddressType=Work].EmailAddress"
news = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType"
consent = "Consents[ConsentType=Marketing].ConsentStatus"
"""


@pytest.mark.parametrize(
    ("option", "cells"),
    [("", ["", ""]), ('expired = "skip"', ["", ""]), ('expired = "keep"', ["1", "1"])],
)
def test_what_has_expired_is_counted_and_shown_only_if_the_export_says_so(
    option: str, cells: list[str]
) -> None:
    writer = writer_of(PREFERENCES, option)

    assert writer.row(LAPSED) == ["a@example.test", "", *cells]

    tally = writer.take_tally()
    assert tally.lapsed == {"inactive_profiles": 1, "deactivated_items": 1, "expired_items": 2}
    assert tally.inexpressible == {}


@pytest.mark.parametrize("half", [b'"\\ud83d"', b'"\\ude00a"', b'"\xff"', b'"a\xed\xa0\x80"'])
def test_half_a_character_costs_its_cell_alone_and_says_whose_it_was(half: bytes) -> None:
    writer = writer_of('id = "ProfileId"\nfirst = "CustomerName.FirstName"')

    row = writer.row_of(b'{"ProfileId":9100231,"CustomerName":{"FirstName":' + half + b"}}")

    assert row == ["9100231", ""]
    tally = writer.take_tally()
    assert (tally.inexpressible, tally.examples) == ({"first": 1}, {"first": 9_100_231})


def test_a_record_that_nobody_can_read_is_named_by_its_profile() -> None:
    writer = writer_of('id = "ProfileId"')

    with pytest.raises(RecordUnreadable) as caught:
        writer.row_of(b'{"ProfileId":9100231,"Emails":' + b"[" * 100_000 + b"]" * 100_000 + b"}")

    assert "9100231" in caught.value.message
    assert "jsonl" in caught.value.hint


def writer_of(mapping: str, output: str = "") -> RowWriter:
    text = f'[export]\nsegment = "S"\n[output]\nformat = "csv"\n{output}\n[columns]\n{mapping}\n'
    return RowWriter(load_export(text.encode(), file="people.toml"))
