"""Compiled rows are those of the careful way: the same cells, and the same counts, of any record.

The careful way is what the other tests hold to the feed that reads the rows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from prefdrop.exporting.loading import load_export
from prefdrop.exporting.rows import RowWriter

EXAMPLE = (Path(__file__).parents[3] / "exports/crm-contacts.toml").read_bytes()
HEAD = '[export]\nsegment = "S"\n[output]\nformat = "csv"\n'
OPTIONS = """
[columns]
id = "ProfileId"
active = "IsActive"
first = { to = "CustomerName.FirstName", default = "none" }
last = { to = "CustomerName.LastName", trim = true, case = "upper" }
home = { to = "Emails[EmailAddressType=Home].EmailAddress", required = true }
work_default = "Emails[EmailAddressType=WORK].IsDefault"
news = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType"
news_at = { to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].CustomerDate", datetime = "%Y-%m-%d %H:%M", timezone = "Europe/Berlin" }
seen = { to = "CustomFields[Name=Seen].Value", type = "integer" }
tier = "CustomFields[Name=Tier].Value"
tags = { to = "ProfileTags[].Name", split = "|" }
group = "Groups[1].GroupName"
status = "Consents[ConsentType=Marketing].ConsentStatus"
since = { to = "Consents[ConsentType=Marketing].ConsentDate", datetime = "epoch" }
[constants]
"DefaultLocale" = "en_US"
"CustomerName.Prefix" = "Mr"
"Groups[1].GroupType" = "Household"
"Emails[EmailAddressType=Home].IsDefault" = true
"Emails[EmailAddressType=Home].EmailPreferences[FilterId=OFFERS].PreferenceType" = 2
"CustomFields[Name=Origin].Value" = "crm"
"PhoneNumbers[PhoneNumberType=Mobile].IsMobile" = true
"""  # noqa: E501
REFUSED_COLUMNS = '[columns]\nname = ["CustomerName.FirstName", "CustomerName.LastName"]\n'
TWO_NAMELESS = '[columns]\none = "Groups[1].GroupName"\ntwo = "Groups[2].GroupName"\n'
EXPORTS = {
    "example": EXAMPLE,
    "options": (HEAD + OPTIONS).encode(),
    "expired": (HEAD + 'expired = "keep"\n' + OPTIONS).encode(),
    "several_members": (HEAD + REFUSED_COLUMNS).encode(),
    "several_items": (HEAD + TWO_NAMELESS).encode(),
}
WRITERS = {
    name: (RowWriter(load_export(text, file="p.toml")), RowWriter(load_export(text, file="p.toml")))
    for name, text in EXPORTS.items()
}

ODD: list[Any] = [
    None,
    "",
    0,
    1,
    2,
    1.0,
    True,
    False,
    "a",
    "1",
    "a\r",
    "\0",
    "\ud83d",
    "x" * 400,
    [],
    {},
    [1],
]
odd: st.SearchStrategy[Any] = st.sampled_from(ODD)


def mostly(*plain: Any) -> st.SearchStrategy[Any]:
    """What a member of a plain record holds, and now and then what none does."""
    usual = [*plain] * 10 + [None, ""]
    return st.sampled_from(usual * (600 // len(usual)) + ODD)


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these members."""
    return st.fixed_dictionaries({}, optional=members)


def many(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A collection of such objects, some of them lapsed."""
    lapsing = {
        "IsActive": mostly(True, True, True, False),
        "PreferenceStatus": mostly("Active", "Active", "Active", "Expired"),
        "Expired": mostly(False, False, False, True),
    }
    item = st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in KEYS},
        optional={name: each for name, each in members.items() if name not in KEYS} | lapsing,
    )
    items = st.lists(item, max_size=3)
    return st.integers(0, 20).flatmap(
        lambda one: odd if one == 20 else st.lists(odd | item, max_size=2) if one == 19 else items
    )


KEYS = {"AlternateIdType", "EmailAddressType", "PhoneNumberType", "FilterId", "ConsentType", "Name"}
moments = mostly("2026-01-02T09:00:00Z", "2026-01-02T09:00:30.5Z", "2025-10-26T00:30:00Z", "soon")
preferences = many(
    FilterId=mostly("NEWS", "NEWS_WEEKLY", "OFFERS", "OFFERS_SMS", "news"),
    PreferenceType=mostly(1, 2, 3),
    CustomerDate=moments,
)
records = some(
    ProfileId=mostly(9_100_001, 2**70),
    IsActive=mostly(True, False),
    DefaultLocale=mostly("en_US"),
    CustomerType=mostly("Customer"),
    CustomerName=some(
        FirstName=mostly("Ana", "none"), LastName=mostly("Ruiz", "RAO"), Prefix=mostly("Mr")
    )
    | odd,
    AlternateIds=many(
        AlternateIdType=mostly("CrmContactId", "LoyaltyId", "crmcontactid"),
        AlternateId=mostly("C-1", "C-2"),
    ),
    Emails=many(
        EmailAddressType=mostly("Home", "Work", "home"),
        EmailAddress=mostly("p@example.test", "wrong"),
        IsDefault=mostly(True, False),
        EmailPreferences=preferences,
    ),
    PhoneNumbers=many(
        PhoneNumberType=mostly("Mobile", "Home"),
        PhoneNumber=mostly("+1 202 555 0167"),
        IsMobile=mostly(True, False),
        PhonePreferences=preferences,
    ),
    Consents=many(
        ConsentType=mostly("Marketing", "Terms"),
        ConsentVersion=mostly("2.0"),
        Locale=mostly("en_US", "fr_CA"),
        ConsentStatus=mostly(1, 2, 3, 4),
        ConsentDate=moments,
    ),
    Groups=many(GroupType=mostly("Household", "Region"), GroupName=mostly("North", "Ruiz")),
    ProfileTags=many(Name=mostly("a", "b", "a|b")),
    CustomFields=many(Name=mostly("Seen", "Origin", "Tier"), Value=mostly("crm", "7", 7, "07")),
)


def both(name: str, raw: bytes) -> tuple[Any, Any]:
    """What each way makes of a record, and what it counts."""
    compiled, careful = WRITERS[name]
    return (
        (compiled.row_of(raw), compiled.take_tally()),
        (careful.careful_row_of(raw), careful.take_tally()),
    )


NEWS = {"FilterId": "NEWS", "PreferenceType": 1}


@given(record=records)
@example(record={"Emails": [{"EmailAddressType": "Home", "EmailAddress": ""}]})
@example(record={"ProfileTags": [{"Name": ""}, {"Name": "a"}, {}]})
@example(record={"CustomFields": [{"Name": "Tier", "Value": 7}]})
@example(record={"CustomerType": "x" * 101, "CustomFields": [{"Name": "Origin"}]})
@example(record={"CustomerType": "a\0"})
@example(record={"Emails": [{"EmailAddressType": "Home", "EmailPreferences": [NEWS]}]})
@example(record={"IsActive": False, "ProfileId": "9100001"})
def test_compiled_row_of_any_record_is_that_of_the_careful_way(record: dict[str, Any]) -> None:
    raw = json.dumps(record).encode()

    differing = {
        name: (found, expected)
        for name in EXPORTS
        for found, expected in [both(name, raw)]
        if found != expected
    }

    assert differing == {}


def test_row_of_odd_json_is_the_same_either_way(subtests: pytest.Subtests) -> None:
    for raw in [
        b'{"ProfileId":7,"Other":"\xff","CustomerName":{"FirstName":"Ana"}}',
        b'{"ProfileId":7,"Other":1e999,"CustomerName":{"FirstName":"Ana"}}',
        b'{"ProfileId":7,"CustomerName":{"FirstName":"\xff"}}',
        b'{"ProfileId":7,"CustomerName":{"FirstName":"Ana"},"CustomerName":null}',
        b'{"ProfileId":1.0,"IsActive":1,"CustomerName":{"FirstName":"\\u0041na"}}',
        b'{"Profile\\u0049d":-0}',
    ]:
        with subtests.test(raw=raw):
            found, expected = both("options", raw)

            assert found == expected


MARKETING = {"ConsentType": "Marketing", "ConsentVersion": "2.0", "ConsentStatus": 1}


@pytest.mark.parametrize(
    "record",
    [
        {"ProfileId": 9_100_001, "CustomerName": {"FirstName": "Ana"}, "Consents": [MARKETING]},
        {"Consents": [MARKETING | {"Locale": "fr_CA"}, {"ConsentType": "Terms"}]},
        {"IsActive": False, "Consents": [MARKETING, MARKETING | {"IsActive": False}]},
    ],
    ids=["plain", "other constants", "lapsed"],
)
def test_a_plain_record_never_takes_the_careful_way(
    record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RowWriter(load_export(EXAMPLE, file="p.toml"))
    monkeypatch.setattr(writer, "careful_row_of", None)

    assert "granted" in writer.row_of(json.dumps(record).encode())
