"""Who may export, and what of the profiles each user gets to see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.bulk_export.exporter import ALL, Exporter
from tests.integration.sandbox.caller import Json

NO_EXPORT = ("no.export", 9)
EMAIL_ONLY = ("email.only", 3)
CONTACTS_ONLY = ("contacts.only", 4)
PREFERENCES_ONLY = ("preferences.only", 5)


@pytest.fixture
def person(exporter: Exporter, contact: Any) -> Exporter:
    """One profile with something of everything."""
    consent = {"ConsentType": "Marketing", "ConsentVersion": "2.0", "Locale": "en_US"}
    news = {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1}
    offers = {"FilterId": "OFFERS_CALLS", "PreferenceType": 2}
    exporter.vendor.run(
        contact(
            "C-1", CustomerName={"FirstName": "Ana"}, ProfileTags=[{"Name": "vip"}],
            Emails=[{"EmailAddress": "ana@example.test", "EmailPreferences": [news]},
                    {"EmailAddress": "quiet@example.test"}],
            PhoneNumbers=[{"PhoneNumber": "+12025550143", "PhonePreferences": [offers]}],
            Consents=[{**consent, "ConsentStatus": 1}],
        )
    )  # fmt: skip
    return exporter


def test_a_user_without_permission_cannot_export_a_segment(exporter: Exporter) -> None:
    token, other = exporter.initiate(), exporter.as_user(*NO_EXPORT)

    assert other.try_initiate().status_code == 403
    assert other.call("GET", f"{token}/Status").status_code == 403
    assert other.try_page(token).status_code == 403
    assert other.commit(token, keepFiles="false").status_code == 403
    assert exporter.page(token)["Count"] == 0


def test_with_a_segment_group_that_user_learns_it_from_the_status(exporter: Exporter) -> None:
    exporter.define_group("Everyone", ALL)
    other = exporter.as_user(*NO_EXPORT)

    token = other.initiate("Everyone", "SegmentGroup")

    assert other.status(token) == {
        "AccessToken": int(token), "Status": "Failed", "RowCount": None, "ByteCount": None,
    }  # fmt: skip
    assert other.try_page(token, "SegmentGroup").status_code == 403
    assert exporter.state(token) == "Failed"
    assert exporter.try_page(token, "SegmentGroup").status_code == 403


def test_a_group_that_another_user_exported_is_failed_to_one_without_permission(
    exporter: Exporter,
) -> None:
    exporter.define_group("Everyone", ALL)
    token = exporter.initiate("Everyone", "SegmentGroup")

    assert exporter.as_user(*NO_EXPORT).state(token) == "Failed"
    assert exporter.state(token) == "Complete"


def test_preferences_of_other_channels_are_out(person: Exporter) -> None:
    [record] = person.as_user(*EMAIL_ONLY).export()

    [profile] = person.vendor.profiles()
    profile["PhoneNumbers"][0]["PhonePreferences"] = []
    assert record == profile


def test_without_preferences_these_and_consents_are_out(person: Exporter) -> None:
    [record] = person.as_user(*CONTACTS_ONLY).export()

    [profile] = person.vendor.profiles()
    del profile["PhoneNumbers"][0]["PhonePreferences"], profile["Consents"]
    for email in profile["Emails"]:
        email.pop("EmailPreferences", None)
    assert record == profile


def test_without_profiles_only_what_carries_preferences_is_in(person: Exporter) -> None:
    [record] = person.as_user(*PREFERENCES_ONLY).export()

    [profile] = person.vendor.profiles()
    assert "CustomerName" not in record
    assert "AlternateIds" not in record
    assert "ProfileTags" not in record
    assert record["Emails"] == profile["Emails"][:1]
    assert record["PhoneNumbers"] == profile["PhoneNumbers"]
    assert record["Consents"] == profile["Consents"]


def test_the_size_is_that_of_what_the_user_sees(person: Exporter) -> None:
    other = person.as_user(*CONTACTS_ONLY)
    token = other.initiate()
    size = other.status(token)["ByteCount"]
    body = other.try_page(token).content

    assert size == len(body[body.index(b"[") + 1 : body.rindex(b"]")])


def test_records_may_have_what_reading_a_profile_adds(person: Exporter) -> None:
    person.vendor.switch(export_records="completed")

    [record] = person.export()

    preference: Json = record["Emails"][0]["EmailPreferences"][0]
    assert (preference["MatchType"], preference["ExpirationDate"]) == ("Expressed", "")
    assert record["Consents"][0]["Expired"] is False
    read = person.vendor.call("GET", f"{person.vendor.client_id}/Profile/{record['ProfileId']}")
    assert record["Consents"] == read.json()["Consents"]
    assert record["Emails"][0] == read.json()["Emails"][0]
