"""What an initiate request may ask for."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest

from tests.integration.sandbox.caller import Vendor


def test_the_answer_carries_token_state_expiry_and_an_echo(vendor: Vendor) -> None:
    request = {
        "Name": "crm-nightly-0142", "DataStageDuration": 5, "ImportAction": "Add",
        "MatchCriteria": "AlternateIdType", "MatchValue": "CrmContactId",
        "RefreshContacts": True, "AllowPriorConsents": False, "ReasonCode": "cleanup",
    }  # fmt: skip

    answer = vendor.imports("POST", json=request).json()

    assert isinstance(answer["AccessToken"], int)
    assert answer["Status"] == "Initiated"
    assert answer | request == answer
    assert answer["RefreshTags"] is False


def test_only_a_name_is_required(vendor: Vendor) -> None:
    answer = vendor.imports("POST", json={"Name": "n"})

    assert answer.status_code == 200
    assert answer.json() | {"ImportAction": "Add", "DataStageDuration": 3} == answer.json()
    assert "MatchCriteria" not in answer.json()


def test_import_with_a_wrong_parameter_is_refused(
    subtests: pytest.Subtests, vendor: Vendor
) -> None:
    for request_body in [
        {},
        {"Name": ""},
        {"Name": "n" * 101},
        {"Name": 5},
        {"Name": "n", "DataStageDuration": 11},
        {"Name": "n", "DataStageDuration": -1},
        {"Name": "n", "DataStageDuration": "3"},
        {"Name": "n", "DataStageDuration": True},
        {"Name": "n", "ImportAction": "Replace"},
        {"Name": "n", "ImportAction": ["Add"]},
        {"Name": "n", "MatchCriteria": "EmailAddress", "MatchValue": "Home"},
        {"Name": "n", "MatchCriteria": "AlternateIdType"},
        {"Name": "n", "MatchValue": "CrmContactId"},
        {"Name": "n", "RefreshGroups": "true"},
        {"Name": "n", "AllowPriorConsents": 1},
        {"Name": "n", "ReasonCode": "r" * 257},
        ["Name"],
    ]:
        with subtests.test(request_body=request_body):
            answer = vendor.imports("POST", json=request_body)

            assert answer.status_code == 400
            assert answer.json()["Message"]
            assert vendor.books()["tokens"] == []


def test_the_limits_of_ranges_are_inside(vendor: Vendor) -> None:
    for days in (0, 10):
        body = {"Name": "n" * 100, "DataStageDuration": days, "ReasonCode": "r" * 256}
        assert vendor.imports("POST", json=body).status_code == 200


def test_broken_json_is_a_bad_request(vendor: Vendor) -> None:
    assert vendor.imports("POST", data=b'{"Name": ').status_code == 400


def test_a_body_of_another_type_is_not_taken(vendor: Vendor) -> None:
    answer = vendor.imports("POST", data="Name=n", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415


def test_member_names_bind_in_any_case(vendor: Vendor) -> None:
    answer = vendor.imports("POST", json={"name": "n", "dataStageDuration": 7})

    assert answer.json()["DataStageDuration"] == 7


def test_an_unknown_alternate_id_type_is_not_found(vendor: Vendor) -> None:
    body = {"Name": "n", "MatchCriteria": "AlternateIdType", "MatchValue": "Nickname"}

    assert vendor.imports("POST", json=body).status_code == 404


def test_deleting_needs_its_own_permission(vendor: Vendor) -> None:
    other = vendor.as_user("demo.no.delete", "sandbox-shared-secret-0002")
    body = {"Name": "n", "ImportAction": "Delete"}

    assert other.imports("POST", json=body).status_code == 403
    assert vendor.imports("POST", json=body).status_code == 200


@pytest.mark.parametrize(("hours", "zone"), [(6, "utc"), (12, "utc"), (12, "eastern")])
def test_expires_lies_the_tokens_life_ahead_of_the_date_header(
    vendor: Vendor, hours: int, zone: str
) -> None:
    vendor.switch(token_hours=hours, expires_zone=zone)
    vendor.stop_clock()

    answer = vendor.imports("POST", json={"Name": "n"})

    expires = datetime.fromisoformat(answer.json()["Expires"])
    if zone == "eastern":
        assert expires.tzinfo is None
        expires = expires.replace(tzinfo=ZoneInfo("America/New_York"))
    assert expires - parsedate_to_datetime(answer.headers["Date"]) == timedelta(hours=hours)


def test_tokens_can_be_strings(vendor: Vendor) -> None:
    vendor.switch(token_type="string")

    token = vendor.imports("POST", json={"Name": "n"}).json()["AccessToken"]

    assert isinstance(token, str)
    assert vendor.status(token)["AccessToken"] == token
