"""Exports restricted to given profiles: MatchCriteria, MatchType and Values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.bulk_export.exporter import Exporter, having


@pytest.fixture
def people(exporter: Exporter, contact: Any) -> Exporter:
    """Three profiles with one contact of each kind, in order of their ids."""
    places = [("Customer", "Home"), ("Prospect", "Work")] * 2
    exporter.vendor.run(
        *(
            contact(
                f"C-{number}", CustomerType=kind,
                PhoneNumbers=[{"PhoneNumber": f"202555010{number}", "PhoneNumberType": place}],
                Emails=[{"EmailAddress": f"p{number}@example.test", "EmailAddressType": place}],
            )
            for number, (kind, place) in enumerate(places, 1)
        )
    )  # fmt: skip
    return exporter


def numbers(people: Exporter, **members: Any) -> list[int]:
    """Which of the profiles an export holds, counted from 1."""
    first = people.vendor.profiles()[0]["ProfileId"]
    return [number - first + 1 for number in people.ids(**members)]


def test_values_of_each_criterion_name_the_profiles(
    subtests: pytest.Subtests, people: Exporter
) -> None:
    for criteria, match_type, values, found in [
        ("AlternateId", "CrmContactId", ["c-3", "C-1", "C-9"], [1, 3]),
        ("AlternateID", "crmcontactid", ["C-2"], [2]),
        ("AlternateId", "LoyaltyId", ["C-2"], []),
        ("PhoneNumber", None, ["2025550102", "(202) 555-0104"], [2, 4]),
        ("PhoneNumber", "Home", ["2025550102", "202 555 0103"], [3]),
        ("EmailAddress", None, ["P1@EXAMPLE.TEST"], [1]),
        ("EmailAddress", "Work", ["p1@example.test", "p2@example.test"], [2]),
        ("emailaddress", "work", ["p4@example.test"], [4]),
    ]:
        with subtests.test(criteria=criteria, match_type=match_type, values=values):
            assert (
                numbers(people, MatchCriteria=criteria, MatchType=match_type, Values=values)
                == found
            )


@pytest.mark.parametrize("spelling", ["ProfileId", "ProfileID", "profileid"])
def test_profile_ids_may_be_numbers_or_texts(people: Exporter, spelling: str) -> None:
    ids = people.ids()

    assert people.ids(MatchCriteria=spelling, Values=[ids[2], str(ids[0])]) == [ids[0], ids[2]]
    assert people.ids(MatchCriteria=spelling, MatchType="Prospect", Values=ids) == ids[1::2]


def test_the_segment_the_values_and_the_moment_restrict_together(people: Exporter) -> None:
    people.define("Customers", having("Profile", CustomerType="Customer"))
    matching = {"MatchCriteria": "AlternateId", "MatchType": "CrmContactId"}
    values = ["C-1", "C-2", "C-3"]

    assert numbers(people, name="Customers", Values=values, **matching) == [1, 3]
    later = {"LastDateTime": "2999-01-01", **matching}
    assert numbers(people, name="Customers", Values=values, **later) == []


def test_identifiers_count_while_they_are_active(people: Exporter, contact: Any) -> None:
    old = people.vendor.profiles()[0]
    people.vendor.run(
        {"ProfileId": old["ProfileId"], **contact("C-1b")},
        MatchCriteria=None, MatchValue=None, RefreshAlternateIds=True,
    )  # fmt: skip
    matching = {"MatchCriteria": "AlternateId", "MatchType": "CrmContactId"}

    assert numbers(people, Values=["C-1"], **matching) == []
    assert numbers(people, Values=["C-1b"], **matching) == [1]


def test_a_deactivated_profile_is_found_by_its_profile_id_alone(
    people: Exporter, contact: Any
) -> None:
    people.vendor.run(contact("C-2", IsActive=False))
    profile_id = people.ids()[1]

    assert numbers(people, MatchCriteria="ProfileId", Values=[profile_id]) == [2]
    assert numbers(people, MatchCriteria="EmailAddress", Values=["p2@example.test"]) == []
    assert numbers(people) == [1, 2, 3, 4]


def test_restriction_that_is_wrong_is_refused(
    subtests: pytest.Subtests, exporter: Exporter
) -> None:
    for members, status in [
        ({"MatchCriteria": "Shoe", "Values": ["1"]}, 400),
        ({"MatchCriteria": 7, "Values": ["1"]}, 400),
        ({"MatchCriteria": "ProfileId"}, 400),
        ({"MatchCriteria": "ProfileId", "Values": []}, 400),
        ({"MatchCriteria": "ProfileId", "Values": "9100001"}, 400),
        ({"MatchCriteria": "ProfileId", "Values": ["ana"]}, 400),
        ({"MatchCriteria": "EmailAddress", "Values": [True]}, 400),
        ({"MatchCriteria": "EmailAddress", "Values": [None]}, 400),
        ({"MatchCriteria": "AlternateId", "Values": ["C-1"]}, 400),
        ({"MatchType": "CrmContactId"}, 400),
        ({"Values": ["C-1"]}, 400),
        ({"MatchCriteria": "AlternateId", "MatchType": "Passport", "Values": ["C-1"]}, 404),
        ({"MatchCriteria": "PhoneNumber", "MatchType": "Pager", "Values": ["1"]}, 404),
    ]:
        with subtests.test(members=members):
            answer = exporter.try_initiate(**members)

            assert answer.status_code == status
            assert answer.json()["Message"]


def test_the_body_may_be_missing_but_not_be_anything(exporter: Exporter) -> None:
    exporter.seed(1)

    assert exporter.call("POST", "Segment/AllProfiles").status_code == 200
    assert exporter.call("POST", "Segment/AllProfiles", data=b"[]").status_code == 400
    assert exporter.call("POST", "Segment/AllProfiles", data=b"{").status_code == 400
    plain = {"Content-Type": "text/plain"}
    answer = exporter.call("POST", "Segment/AllProfiles", data=b"{}", headers=plain)
    assert answer.status_code == 415
