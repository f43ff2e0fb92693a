"""Pages of failed records."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


@pytest.fixture
def token(vendor: Vendor, contact: Contact) -> str:
    """An import of 7 records, of which the odd ones up to 9 failed: 5."""
    token = vendor.initiate()
    records = [contact(f"C-{n}", **({"CustomerType": "X"} if n % 2 else {})) for n in range(1, 11)]
    vendor.stage(token, *records)
    return token


def _sequence(page: Json) -> list[int]:
    return [record["SequenceNumber"] for record in page["UserProfilePreferences"]]


def test_offset_is_one_based_and_pages_join(vendor: Vendor, token: str) -> None:
    pages = [vendor.exceptions(token, limit=2, offset=offset) for offset in (1, 3, 5)]

    assert [_sequence(page) for page in pages] == [[1, 3], [5, 7], [9]]
    assert [page["HasMore"] for page in pages] == [True, True, False]
    assert [page["Count"] for page in pages] == [2, 2, 1]
    assert [(page["Limit"], page["Offset"]) for page in pages] == [(2, 1), (2, 3), (2, 5)]


def test_without_a_query_the_first_thousand_come(vendor: Vendor, token: str) -> None:
    page = vendor.exceptions(token)

    assert (page["Limit"], page["Offset"], page["Count"]) == (1000, 1, 5)
    assert page["HasMore"] is False


def test_a_last_page_that_is_full_has_no_more(vendor: Vendor, token: str) -> None:
    assert vendor.exceptions(token, limit=5)["HasMore"] is False


def test_behind_the_end_is_an_empty_page(vendor: Vendor, token: str) -> None:
    page = vendor.exceptions(token, offset=6)

    assert (page["Count"], page["HasMore"], page["UserProfilePreferences"]) == (0, False, [])


def test_an_import_without_failed_records_has_an_empty_page(vendor: Vendor) -> None:
    page = vendor.exceptions(vendor.initiate())

    assert (page["Count"], page["HasMore"], page["TotalResults"]) == (0, False, 0)


def test_total_results_is_capped_at_the_limit_unless_switched(vendor: Vendor, token: str) -> None:
    assert vendor.exceptions(token, limit=2)["TotalResults"] == 2

    vendor.switch(page_total_quirk=False)

    assert vendor.exceptions(token, limit=2)["TotalResults"] == 5


def test_a_page_can_be_made_to_hold_one_more_than_its_limit(vendor: Vendor, token: str) -> None:
    vendor.switch(page_inclusive_quirk=True)

    pages = [vendor.exceptions(token, limit=2, offset=offset) for offset in (1, 3)]

    assert [_sequence(page) for page in pages] == [[1, 3, 5], [5, 7, 9]]
    assert [page["HasMore"] for page in pages] == [True, False]


def test_a_limit_above_the_highest_is_lowered(vendor: Vendor, token: str) -> None:
    assert vendor.exceptions(token, limit=10_000)["Limit"] == 3200


@pytest.mark.parametrize("query", [{"limit": 0}, {"offset": 0}, {"limit": -1}, {"offset": "x"}])
def test_a_page_that_cannot_be_is_a_bad_request(vendor: Vendor, token: str, query: Json) -> None:
    assert vendor.imports("GET", f"/{token}/Exceptions", params=query).status_code == 400


def test_failures_of_execution_follow_those_of_staging(vendor: Vendor, contact: Contact) -> None:
    old = {
        "ConsentType": "Marketing", "ConsentVersion": "1.0", "Locale": "en_US", "ConsentStatus": 1,
    }  # fmt: skip
    token = vendor.initiate()
    vendor.stage(
        token, contact("C-1", Consents=[old]), contact("C-2", CustomerType="X"), contact("C-3")
    )
    before = vendor.exceptions(token)

    vendor.execute(token)

    after = vendor.exceptions(token)
    assert (_sequence(before), _sequence(after)) == ([2], [2, 1])
    assert vendor.reasons(token)[1] == ["Consents[0]: PriorConsentNotAllowed"]
    assert vendor.status(token) | {
        "ValidationFailed": 1, "Exceptions": 1, "Processed": 1, "Pending": 0,
    } == vendor.status(token)  # fmt: skip
