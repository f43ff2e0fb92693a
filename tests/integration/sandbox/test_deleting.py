"""Imports that delete."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


def test_every_matching_profile_is_removed_completely(vendor: Vendor, contact: Contact) -> None:
    vendor.run(contact("C-1"), contact("C-2"), contact("C-3"))

    status = vendor.run(contact("c-1"), contact("C-3"), ImportAction="Delete")

    assert (status["Status"], status["Processed"]) == ("Completed", 2)
    assert vendor.profile()["AlternateIds"][0]["AlternateId"] == "C-2"


def test_a_value_that_no_profile_has_fails_at_staging(vendor: Vendor, contact: Contact) -> None:
    vendor.run(contact("C-1"))
    token = vendor.initiate(ImportAction="Delete")

    status = vendor.stage(token, contact("C-1"), contact("C-2"), {"ProfileId": 1})

    assert (status["ValidationSuccessful"], status["ValidationFailed"]) == (1, 2)
    assert vendor.reasons(token) == [[": AlternateIdNotMatched"], [": MatchValueMissing"]]


def test_a_profile_that_is_gone_by_then_is_an_exception_of_execution(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.run(contact("C-1"))

    failed = vendor.run_as_failed(contact("C-1"), contact("C-1"), ImportAction="Delete")

    assert failed == [[": ProfileNotFound"]]


def test_without_match_criteria_the_profile_id_decides(vendor: Vendor, contact: Contact) -> None:
    vendor.run(contact("C-1"))
    known = vendor.profile()["ProfileId"]
    plain = {"ImportAction": "Delete", "MatchCriteria": None, "MatchValue": None}

    failed = vendor.run_as_failed(contact("C-1"), {"ProfileId": 1}, {"ProfileId": known}, **plain)

    assert failed == [[": Required"], [": ProfileNotFound"]]
    assert vendor.profiles() == []


def test_the_reason_is_kept_from_the_record_or_else_the_import(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.run(contact("C-1"), contact("C-2"))
    ids = [profile["ProfileId"] for profile in vendor.profiles()]

    vendor.run(
        contact("C-1", ReasonCode="asked-for"), contact("C-2"),
        ImportAction="Delete", ReasonCode="cleanup",
    )  # fmt: skip

    kept = vendor.admin("GET", "deletions")["deletions"]
    assert [(item["profile_id"], item["reason_code"]) for item in kept] == [
        (ids[0], "asked-for"), (ids[1], "cleanup"),
    ]  # fmt: skip


def test_a_deleted_persons_alternate_id_and_profile_id_start_anew(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.run(contact("C-1", CustomerName={"FirstName": "Ana"}))
    before = vendor.profile()["ProfileId"]
    vendor.run(contact("C-1"), ImportAction="Delete")

    vendor.run(contact("C-1"))

    assert vendor.profile()["ProfileId"] > before
    assert "CustomerName" not in vendor.profile()
