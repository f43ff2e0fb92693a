"""A snapshot tells what the account has, and claims nothing that it does not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefdrop.configuring.snapshot import Snapshot, decode, locales_of
from prefdrop.feeds import ConsentVersion, CustomField
from prefdrop.feeds.account import AccountRules

TAKEN_AT = datetime(2026, 1, 15, 3, tzinfo=UTC)


def snapshot(unread: dict[str, str] | None = None, **parts: Any) -> Snapshot:
    held = {name: tuple(items) for name, items in parts.items()}
    return Snapshot(client_id="DEMO_CLIENT", taken_at=TAKEN_AT, parts=held, unread=unread or {})


def consent(locale: str) -> dict[str, Any]:
    return {"ConsentVersion": "2.0", "LocalizedFields": [{"Locale": locale}]}


def test_names_are_taken_from_each_part() -> None:
    account = snapshot(
        alternate_id_types=[{"TypeName": "CrmContactId"}, {"TypeName": "LoyaltyId"}],
        email_types=[{"TypeName": "Home", "RegularExpression": "^.+@.+$"}],
        filters=[{"FilterId": "NEWS_WEEKLY"}],
        consent_types=[{"TypeName": "Marketing", "Versions": [consent("en_US")]}],
        group_types=[{"GroupType": "Household"}],
        group_names=[{"GroupType": "Household", "GroupName": "Ruiz Family"}],
        picklists=[{"Name": "Tier", "Values": [{"Value": "Gold"}]}],
        custom_fields=[
            {"Name": "Level", "Kind": "SelectList", "Picklist": "tier"},
            {"Name": "ShoeSize", "Kind": "Numeric"},
        ],
    ).account()

    assert account.taken_at == TAKEN_AT
    assert account.alternate_id_types == frozenset({"CrmContactId", "LoyaltyId"})
    assert account.filter_ids == frozenset({"NEWS_WEEKLY"})
    assert account.email_pattern == "^.+@.+$"
    assert account.consents == {"Marketing": (ConsentVersion("2.0", frozenset({"en_US"})),)}
    assert account.groups == {"Household": frozenset({"Ruiz Family"})}
    assert account.custom_fields == {
        "Level": CustomField("selectlist", frozenset({"Gold"})),
        "ShoeSize": CustomField("numeric", None),
    }


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"filters": [], "email_types": []},
        {"filters": [{"Identifier": "NEWS_WEEKLY"}], "email_types": [{"Label": "Home"}]},
        {"filters": [{"FilterId": "NEWS_WEEKLY"}, {"Identifier": "X"}]},
        {"filters": [{"FilterId": 5}]},
    ],
    ids=["not read", "empty", "other member names", "one without a name", "another type"],
)
def test_what_cannot_be_understood_is_not_known_and_refuses_nothing(parts: Any) -> None:
    account = snapshot(**parts).account()

    assert account.filter_ids is None
    assert account.email_types is None
    assert account.email_pattern is None


def test_filters_inside_programs_do_where_they_are_not_listed() -> None:
    programs = [{"ProgramId": "News", "Filters": [{"FilterId": "NEWS_WEEKLY"}]}]

    assert snapshot(programs=programs).account().filter_ids == frozenset({"NEWS_WEEKLY"})


@pytest.mark.parametrize("part", ["custom_fields.text", "group_names.Region"])
def test_a_part_of_which_one_request_failed_is_not_known(part: str) -> None:
    account = snapshot(
        {part: "Forbidden"},
        custom_fields=[{"Name": "Level"}],
        group_names=[{"GroupType": "Household", "GroupName": "Ruiz Family"}],
    ).account()

    known = (account.custom_fields, account.groups)
    assert known[0 if part.startswith("custom") else 1] is None
    assert known[1 if part.startswith("custom") else 0] is not None


def test_patterns_that_differ_by_type_are_not_held_against_addresses() -> None:
    types = [{"TypeName": n, "RegularExpression": p} for n, p in (("Home", "a"), ("Work", "b"))]

    assert snapshot(email_types=types).account().email_pattern is None


def test_a_consent_without_texts_is_not_held_to_locales() -> None:
    types = [{"TypeName": "Marketing", "Versions": [{"ConsentVersion": "1.0"}]}]

    consents = snapshot(consent_types=types).account().consents

    assert consents == {"Marketing": (ConsentVersion("1.0", None),)}


def test_locales_are_found_at_any_depth() -> None:
    items = {"a": [{"Versions": [consent("es_US")]}, {"localizedfields": [{"locale": "fr_CA"}]}]}

    assert set(locales_of(items)) == {"es_US", "fr_CA"}


def test_a_snapshot_survives_its_file() -> None:
    written = snapshot(filters=[{"FilterId": "NEWS_WEEKLY", "Odd": [1, None, {"x": "é"}]}])

    read = decode(msgspec.json.format(msgspec.json.encode(written), indent=1))

    assert read == written
    assert read.says_the_same(
        msgspec.structs.replace(written, taken_at=TAKEN_AT + timedelta(days=2))
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 2, "client_id": "a", "taken_at": "2026-01-15T03:00:00Z"}',
        b'{"version": 1, "client_id": "a", "taken_at": "2026-01-15T03:00:00"}',
    ],
)
def test_a_file_that_is_no_snapshot_of_this_release_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(body)


MEMBERS = [
    "TypeName",
    "FilterId",
    "Filters",
    "Versions",
    "ConsentVersion",
    "Name",
    "Values",
    "Value",
    "GroupName",
    "GroupType",
    "RegularExpression",
    "Kind",
    "Picklist",
    "LocalizedFields",
    "Locale",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab(", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3)
    ),
    max_leaves=6,
)
READ = [
    "filters",
    "programs",
    "consent_types",
    "email_types",
    "group_names",
    "custom_fields",
    "picklists",
    "phone_types",
]
ITEMS = st.lists(st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=3), max_size=2)
PARTS = st.dictionaries(st.sampled_from(READ), ITEMS, max_size=3)


@given(PARTS)
def test_whatever_the_vendor_answers_rules_come_of_it_or_none(parts: dict[str, Any]) -> None:
    AccountRules(snapshot(**parts).account())
