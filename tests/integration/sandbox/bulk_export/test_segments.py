"""What segments find, and groups as the set algebra they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.integration.sandbox.bulk_export.exporter import ALL, Exporter, having
from tests.integration.sandbox.caller import Json

OPERATIONS = {"AND": set.intersection, "OR": set.union, "EXCEPT": set.difference}


def email(address: str, *preferences: Json, **members: Any) -> Json:
    """A contact element with preferences."""
    return {"EmailAddress": address, "EmailPreferences": preferences, **members}


def preference(filter_id: str, kind: int = 1, **members: Any) -> Json:
    """A preference as it is staged."""
    return {"FilterId": filter_id, "PreferenceType": kind, **members}


@pytest.fixture
def people(exporter: Exporter, contact: Any) -> Exporter:
    """Three profiles, called Ana, Ben and Chi."""
    marketing = {"ConsentType": "Marketing", "ConsentVersion": "2.0", "Locale": "en_US"}
    exporter.vendor.run(
        contact(
            "C-1", CustomerName={"FirstName": "Ana"}, CustomerType="Prospect",
            Emails=[email("ana@example.test", preference("NEWS_WEEKLY"), IsDefault=True)],
            Groups=[{"GroupType": "Region", "GroupName": "North"}],
            CustomFields=[{"Name": "ShoeSize", "Value": 38}],
        ),
        contact(
            "C-2", CustomerName={"FirstName": "Ben"},
            Emails=[email("ben@sub.example.test", preference("NEWS_WEEKLY", 2))],
            Consents=[{**marketing, "ConsentStatus": 1}],
            CustomFields=[{"Name": "ShoeSize", "Value": 44}, {"Name": "Tier", "Value": "Gold"}],
        ),
        contact(
            "C-3", CustomerName={"FirstName": "Chi"}, ProfileTags=[{"Name": "vip"}],
            PhoneNumbers=[{
                "PhoneNumber": "+1 202 555 0143", "PhoneNumberType": "Mobile",
                "PhonePreferences": [preference(
                    "OFFERS_SMS", PreferenceAttributes=[{"Key": "campaign", "Value": "jan26"}]
                )],
            }],
            ProfilePreferences=[preference("NEWS_WEEKLY")],
            Consents=[{**marketing, "ConsentStatus": 2}],
        ),
    )  # fmt: skip
    return exporter


def names(exporter: Exporter, *rows: Json, **members: Any) -> list[str]:
    """First names in a segment of these rows."""
    exporter.define("Tried", *rows, **members)
    return [record["CustomerName"]["FirstName"] for record in exporter.export("Tried")]


def shoes(**test: float) -> Json:
    """A row about the size of shoes."""
    where = [{"member": "Name", "is": ["ShoeSize"]}, {"member": "Value", **test}]
    return {"within": "CustomFields", "where": where}


def test_segment_row_of_each_kind_finds_its_profiles(
    subtests: pytest.Subtests, people: Exporter
) -> None:
    for row, found in [
        (having("Profile", CustomerType="prospect"), ["Ana"]),
        (having("Profile", **{"CustomerName.FirstName": "BEN"}), ["Ben"]),
        (having("Profile", RegistrationConfirmed=True), []),
        (having("Profile", IsActive=True), ["Ana", "Ben", "Chi"]),
        ({"where": [{"member": "CustomerType", "is_not": ["Prospect"]}]}, ["Ben", "Chi"]),
        ({"where": [{"member": "ProfileTags", "exists": False}]}, ["Ana", "Ben", "Chi"]),
        ({"where": [{"member": "ProfileTags.Name", "exists": True}]}, ["Chi"]),
        ({"where": [{"member": "Emails.EmailAddress", "contains": "@SUB."}]}, ["Ben"]),
        ({"where": [{"member": "Emails.EmailAddress", "starts_with": "an"}]}, ["Ana"]),
        (having("Preferences", FilterId="NEWS_WEEKLY"), ["Ana", "Ben", "Chi"]),
        (having("Preferences", FilterId="NEWS_WEEKLY", PreferenceType=1), ["Ana", "Chi"]),
        (having("ProfilePreferences", FilterId="NEWS_WEEKLY"), ["Chi"]),
        (having("Preferences", **{"PreferenceAttributes.Value": "jan26"}), ["Chi"]),
        (having("Consents", ConsentType="Marketing", ConsentStatus=1), ["Ben"]),
        ({**having("Consents", ConsentType="Marketing"), "absent": True}, ["Ana"]),
        (having("PhoneNumbers", PhoneNumberType="Mobile"), ["Chi"]),
        (having("Emails", IsDefault=True), ["Ana"]),
        (having("Groups", GroupType="Region", GroupName="North"), ["Ana"]),
        (having("AlternateIds", AlternateId="c-2"), ["Ben"]),
        (having("ProfileTags", Name="vip"), ["Chi"]),
        (having("CustomFields", Name="Tier", Value="gold"), ["Ben"]),
        (shoes(at_least=40), ["Ben"]),
        (shoes(at_most=40), ["Ana"]),
        ({"where": [{"member": "CreateDate", "at_least": "2026-01-01"}]}, ["Ana", "Ben", "Chi"]),
        ({"where": [{"member": "CreateDate", "at_most": "2026-01-01"}]}, []),
    ]:  # fmt: skip
        with subtests.test(row=row):
            assert names(people, row) == found


def test_all_rows_must_hold_unless_any_of_them_may(people: Exporter) -> None:
    rows = [having("ProfileTags", Name="vip"), having("Groups", GroupName="North")]

    assert names(people, *rows) == []
    assert names(people, *rows, match="any") == ["Ana", "Chi"]


def test_archived_and_inactive_items_are_exported_and_can_be_asked_for(
    people: Exporter, contact: Any
) -> None:
    record = contact("C-1", Emails=[email("new@example.test")], PreservePreferences=False)
    people.vendor.run(record, RefreshContacts=True)

    assert names(people, having("Preferences", PreferenceStatus="Archived")) == ["Ana"]
    [ana] = people.export("Tried")
    [old, new] = ana["Emails"]
    assert (old["IsActive"], new["IsActive"]) == (False, True)
    assert old["EmailPreferences"][0]["IsActive"] is False


def test_every_account_has_the_segment_all_profiles(people: Exporter) -> None:
    assert people.export() == people.vendor.profiles()
    assert people.export("allprofiles") == people.vendor.profiles()


def test_the_account_file_defines_segments_and_groups(exporter: Exporter) -> None:
    assert list(exporter.admin("GET", "segments")["segments"]) == [
        ALL, "Gold members", "Newsletter readers", "North",
    ]  # fmt: skip
    exporter.seed(200)

    gold, north = set(exporter.ids("Gold members")), set(exporter.ids("North"))

    assert gold
    assert north - gold
    assert set(exporter.ids("North without gold", "SegmentGroup")) == north - gold


def test_names_may_hold_what_paths_may_not(exporter: Exporter) -> None:
    seeded = exporter.seed(1)
    name = "50 % off / tea & biscuits? é"

    exporter.define(name)
    exporter.define_group(name, name, ("AND", ALL))

    assert exporter.ids(name) == seeded
    assert exporter.ids(name, "SegmentGroup") == seeded


@pytest.mark.parametrize("family", ["Segment", "SegmentGroup"])
def test_unknown_segments_are_not_found(exporter: Exporter, family: str) -> None:
    assert exporter.try_initiate("Nobody", family).status_code == 404


def test_a_segment_is_no_group_and_a_group_no_segment(exporter: Exporter) -> None:
    exporter.define_group("Everyone", ALL)

    assert exporter.try_initiate(ALL, "SegmentGroup").status_code == 404
    assert exporter.try_initiate("Everyone").status_code == 404


def test_segment_definition_without_meaning_is_refused(
    subtests: pytest.Subtests, exporter: Exporter
) -> None:
    for path, definition in [
        ("segments/Bad", {"rows": [{"within": "Wallets", "where": []}]}),
        ("segments/Bad", {"rows": [{"where": [{"member": "IsActive"}]}]}),
        ("segments/Bad", {"columns": []}),
        ("segments/AllProfiles", {"rows": []}),
        ("segment_groups/Bad", {"first": "Nobody"}),
        ("segment_groups/Bad", {"first": ALL, "then": [{"operator": "XOR", "segment": ALL}]}),
    ]:
        with subtests.test(path=path, definition=definition):
            url = exporter.vendor.process.admin_url + path
            answer = exporter.vendor._session.put(url, json=definition, timeout=30)

            assert answer.status_code == 400


def test_a_group_of_a_segment_that_is_gone_ends_in_error(exporter: Exporter) -> None:
    exporter.define("Short-lived")
    exporter.define_group("Everyone", ALL, ("OR", "Short-lived"))
    exporter.admin("DELETE", "segments/Short-lived")

    token = exporter.initiate("Everyone", "SegmentGroup")

    assert exporter.status(token) == {
        "AccessToken": int(token), "Status": "Error", "RowCount": None, "ByteCount": None,
    }  # fmt: skip
    assert exporter.try_page(token, "SegmentGroup").status_code == 400


SEGMENTS = ("A", "B", "C", "D")
subsets = st.sets(st.integers(0, 11))
steps = st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), st.sampled_from(SEGMENTS)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.tuples(*[subsets] * 4), first=st.sampled_from(SEGMENTS), then=steps)
def test_groups_combine_segments_from_left_to_right(
    exporter: Exporter, members: tuple[set[int], ...], first: str, then: list[tuple[str, str]]
) -> None:
    ids = sorted(exporter.changes()) or exporter.seed(12)
    sets = {
        name: {ids[place] for place in some} for name, some in zip(SEGMENTS, members, strict=True)
    }
    for name, some in sets.items():
        exporter.define(name, {"where": [{"member": "ProfileId", "is": sorted(some)}]})
    exporter.define_group("Combined", first, *then)

    expected = set(sets[first])
    for operator, name in then:
        expected = OPERATIONS[operator](expected, sets[name])

    assert exporter.ids("Combined", "SegmentGroup") == sorted(expected)
