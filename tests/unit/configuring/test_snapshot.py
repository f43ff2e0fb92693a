"""A snapshot tells what the account has, and claims nothing that it does not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from prefdrop.configuring.snapshot import Snapshot, decode, locales_of
from prefdrop.feeds.account import AccountRules

TAKEN_AT = datetime(2026, 1, 15, 3, tzinfo=UTC)


def snapshot(unread: dict[str, str] | None = None, **parts: Any) -> Snapshot:
    held = {name: tuple(items) for name, items in parts.items()}
    return Snapshot(client_id="DEMO_CLIENT", taken_at=TAKEN_AT, parts=held, unread=unread or {})


def consent(locale: str) -> dict[str, Any]:
    return {"ConsentVersion": "2.0", "LocalizedFields": [{"Locale": locale}]}


MARKETING = {"TypeName": "Marketing", "Versions": [consent("en_US")]}


def test_names_are_taken_from_each_part() -> None:
    account = snapshot(
        alternate_id_types=[{"TypeName": "CrmContactId"}, {"TypeName": "LoyaltyId"}],
        email_types=[{"TypeName": "Home", "RegularExpression": "^.+@.+$"}],
        filters=[{"FilterId": "NEWS_WEEKLY"}],
        consent_types=[{"TypeName": "Marketing", "Versions": [consent("en_US")]}],
        group_types=[{"GroupType": "Household"}],
        group_names=[{"GroupType": "Household", "GroupName": "Ruiz Family"}],
        custom_fields=[
            {"Name": "Level", "Kind": "SelectList", "Picklist": "tier"},
            {"Name": "ShoeSize", "Kind": "Numeric"},
        ],
    ).account()

    assert account.taken_at == TAKEN_AT
    assert account.alternate_id_types == frozenset({"CrmContactId", "LoyaltyId"})
    assert account.filter_ids == frozenset({"NEWS_WEEKLY"})
    assert account.email_pattern == "^.+@.+$"
    assert account.consents == {"Marketing": frozenset({"2.0"})}
    assert account.groups == {"Household": frozenset({"Ruiz Family"})}
    assert account.custom_fields == {"Level": "selectlist", "ShoeSize": "numeric"}


def test_snapshot_not_understood_is_unknown_and_refuses_nothing(subtests: pytest.Subtests) -> None:
    for case, parts in [
        ("not read", {}),
        ("empty", {"filters": [], "email_types": []}),
        (
            "other member names",
            {"filters": [{"Identifier": "NEWS_WEEKLY"}], "email_types": [{"Label": "Home"}]},
        ),
        ("one without a name", {"filters": [{"FilterId": "NEWS_WEEKLY"}, {"Identifier": "X"}]}),
        ("another type", {"filters": [{"FilterId": 5}]}),
    ]:
        with subtests.test(case=case):
            account = snapshot(**parts).account()

            assert account.filter_ids is None
            assert account.email_types is None
            assert account.email_pattern is None


@pytest.mark.parametrize(
    ("unread", "filters"),
    [({"filters": "Forbidden"}, []), ({}, []), ({}, [{"Identifier": "OFFERS"}])],
    ids=["forbidden", "empty", "other member names"],
)
def test_filters_inside_programs_are_no_list_of_all_filters(
    unread: dict[str, str], filters: list[Any]
) -> None:
    programs = [{"ProgramId": "News", "Filters": [{"FilterId": "NEWS_WEEKLY"}]}, {"ProgramId": "B"}]

    assert snapshot(unread, programs=programs, filters=filters).account().filter_ids is None


def test_a_filter_that_only_a_program_names_is_one_too() -> None:
    programs = [{"ProgramId": "News", "Filters": [{"FilterId": "NEWS_WEEKLY"}]}]
    filters = [{"FilterId": "OFFERS"}]

    known = snapshot(programs=programs, filters=filters).account().filter_ids

    assert known == frozenset({"NEWS_WEEKLY", "OFFERS"})


def test_a_name_that_only_the_answer_for_a_locale_has_is_known() -> None:
    held = snapshot(filters=[{"FilterId": "NEWS"}], consent_types=[MARKETING])
    partners = {"TypeName": "Partners", "Versions": [{"ConsentVersion": "1.0"}]}
    parts = {"filters": ({"FilterId": "NOUVELLES"},), "consent_types": (partners,)}

    account = msgspec.structs.replace(held, localized={"fr_CA": parts}).account()

    assert account.filter_ids == frozenset({"NEWS", "NOUVELLES"})
    assert account.consents == {"Marketing": frozenset({"2.0"}), "Partners": frozenset({"1.0"})}


def test_a_field_that_is_listed_with_every_kind_is_held_to_none() -> None:
    fields = [{"Name": "Note", "Kind": kind} for kind in ("Text", "Numeric")]

    assert snapshot(custom_fields=fields).account().custom_fields == {"Note": ""}


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


@pytest.mark.parametrize("versions", [[], [{"ConsentVersion": 2.0}], [{"ConsentVersion": ""}]])
def test_consents_whose_versions_are_not_understood_are_not_known(versions: list[Any]) -> None:
    types = [MARKETING, {"TypeName": "Partners", "Versions": versions}]

    assert snapshot(consent_types=types).account().consents is None


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


def test_file_that_is_no_snapshot_of_this_release_is_refused(subtests: pytest.Subtests) -> None:
    for body in [
        b"",
        b"[]",
        b"{}",
        b'{"version": 2, "client_id": "a", "taken_at": "2026-01-15T03:00:00Z"}',
        b'{"version": 1, "client_id": "a", "taken_at": "2026-01-15T03:00:00"}',
    ]:
        with subtests.test(body=body), pytest.raises(msgspec.DecodeError):
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
