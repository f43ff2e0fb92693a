"""What happens to a profile, and which events tell of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.caller import Json
from tests.integration.sandbox.events.conftest import Account

Ana = Callable[..., Json]

NEWS = {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1, "CustomerDate": "2026-01-10T12:00:00Z"}
CONSENT = {"ConsentType": "Marketing", "ConsentVersion": "2.0", "Locale": "en_US",
           "ConsentStatus": 1, "ConsentDate": "2026-01-10T12:00:00Z"}  # fmt: skip
PARTNER = {**CONSENT, "ConsentType": "PartnerSharing", "ConsentVersion": "1.0"}
PARTNER_NEWS = {**NEWS, "FilterId": "PARTNER_NEWS"}
SMS = {**NEWS, "FilterId": "OFFERS_SMS"}


def _email(address: str = "ana@example.test", *preferences: Json, **members: Any) -> Json:
    found = {"EmailPreferences": list(preferences)} if preferences else {}
    return {"EmailAddressType": "Home", "EmailAddress": address, **members, **found}


def _phone(**members: Any) -> Json:
    return {"PhoneNumberType": "Mobile", "PhoneNumber": "617-555-0100", **members}


def _parts(events: list[Json]) -> list[str]:
    """Event types without those of the profile as a whole."""
    return [event["EventType"] for event in events if event["Entity"] != "ProfileActions"]


def _later(account: Account, before: Json, after: Json, **flags: Any) -> list[Json]:
    """The events of the second of two imports."""
    account.vendor.run(before)
    known = len(account.events())
    account.vendor.run(after, **flags)
    return account.events()[known:]


def test_a_new_profile_is_created_and_each_of_its_parts_added(account: Account, ana: Ana) -> None:
    account.vendor.run(
        ana(
            CustomerName={"FirstName": "Ana", "Prefix": "Dr"},
            Emails=[_email("ana@example.test", NEWS)],
            Consents=[CONSENT],
            Groups=[{"GroupType": "Region", "GroupName": "North"}],
            ProfileTags=[{"Name": "vip"}],
            CustomFields=[{"Name": "Tier", "Value": "Gold"}],
        )
    )

    assert account.types() == [
        "profile.created", "standardfield.prefix.added", "standardfield.firstname.added",
        "contacts.alternateid.added", "contacts.email.added", "preference.added", "consent.added",
        "customfield.added", "group.added", "tag.added",
    ]  # fmt: skip


def test_an_event_says_what_happened_to_whom_when_and_by_whom(account: Account, ana: Ana) -> None:
    account.vendor.run(ana(Emails=[_email()]))
    profile = account.vendor.profile()

    [event] = account.events(eventType="contacts.email.added")

    moment = event["EventDate"]
    assert event | {
        "Entity": "Contacts", "Subject": "", "Name": "Email added", "RecordedBy": "demo.api.user",
        "ProfileId": profile["ProfileId"], "CreateDate": moment, "RecordedDate": moment,
        "Data": {"EmailAddressType": "Home", "EmailAddress": "ana@example.test"},
    } == event  # fmt: skip
    assert event["Description"]
    assert moment.endswith("Z")
    assert "PreviousData" not in event


def test_a_preference_names_the_contact_that_has_it(account: Account, ana: Ana) -> None:
    account.vendor.run(ana(Emails=[_email("ana@example.test", NEWS)]))

    [event] = account.events(eventType="preference.added")

    assert event["Data"] | {
        "FilterId": "NEWS_WEEKLY", "PreferenceType": 1, "EmailAddressType": "Home",
        "EmailAddress": "ana@example.test", "ProgramId": "Newsletters",
    } == event["Data"]  # fmt: skip


def test_an_import_that_changes_nothing_makes_no_event(account: Account, ana: Ana) -> None:
    record = ana(Emails=[_email("ana@example.test", NEWS)], Consents=[CONSENT])

    assert _later(account, record, record) == []


def test_a_changed_profile_is_told_short_and_in_full(account: Account, ana: Ana) -> None:
    events = _later(account, ana(Emails=[_email()]), ana(CustomerType="Prospect"))

    assert [event["EventType"] for event in events] == [
        "profile.updated", "profile.updated full", "contacts.customertype.updated",
    ]  # fmt: skip
    short, full, change = events
    assert "Emails" not in short["Data"]
    assert full["Data"] == account.vendor.profile()
    assert change["PreviousData"] == {"CustomerType": "Customer"}


CHANGES = [
    (
        "the type of a preference",
        {"Emails": [_email("a@example.test", NEWS)]},
        {"Emails": [_email("a@example.test", {**NEWS, "PreferenceType": 2})]},
        {},
        ["preference.updated"],
    ),
    (
        "the frequency of a preference",
        {"Emails": [_email("a@example.test", NEWS)]},
        {"Emails": [_email("a@example.test", {**NEWS, "FrequencyId": "Daily"})]},
        {},
        ["preference.updated"],
    ),
    (
        "only the consents of a preference",
        {"Emails": [_email("a@example.test", NEWS)]},
        {"Emails": [_email("a@example.test", {**NEWS, "Consents": [CONSENT]})]},
        {},
        ["consent.filterassociation.created"],
    ),
    (
        "a contact removed with its preferences",
        {"Emails": [_email("a@example.test", NEWS)]},
        {"PreservePreferences": False},
        {"RefreshContacts": True},
        ["contacts.email.deleted", "preference.archived"],
    ),
    (
        "a contact removed without them",
        {"Emails": [_email("a@example.test", NEWS)]},
        {},
        {"RefreshContacts": True},
        ["contacts.email.deleted"],
    ),
    (
        "a number that is no longer mobile",
        {"PhoneNumbers": [_phone(IsMobile=True, PhonePreferences=[SMS])]},
        {"PhoneNumbers": [_phone(IsMobile=False)]},
        {},
        ["contacts.phone.updated", "preference.archived"],
    ),
    (
        "an opt-out of a preference that is linked to a consent",
        {"Emails": [_email("a@example.test", PARTNER_NEWS)], "Consents": [PARTNER]},
        {"Emails": [_email("a@example.test", {**PARTNER_NEWS, "PreferenceType": 2})]},
        {},
        ["preference.updated", "consent.updated"],
    ),
    (
        "a linked consent that is revoked",
        {"Emails": [_email("a@example.test", PARTNER_NEWS)], "Consents": [PARTNER]},
        {"Consents": [{**PARTNER, "ConsentStatus": 3}]},
        {},
        ["preference.archived", "consent.updated"],
    ),
    (
        "a consent in another locale",
        {"Consents": [CONSENT]},
        {"Consents": [{**CONSENT, "Locale": "es_US"}]},
        {},
        ["consent.added", "consent.deactivated"],
    ),
    (
        "a contact's value that is changed without its consents",
        {"Emails": [_email("a@example.test", Consents=[CONSENT])]},
        {"Emails": [_email("b@example.test")], "PreserveConsents": False},
        {"RefreshContacts": True},
        ["contacts.email.updated", "consent.elementassociation.deactivated"],
    ),
    (
        "an e-mail moved to another type",
        {"Emails": [_email("a@example.test")]},
        {"Emails": [_email("a@example.test", EmailAddressType="Work")]},
        {"RefreshContacts": True},
        ["contacts.email.updated", "contacts.email.added"],
    ),
    (
        "another alternate id",
        {},
        {
            "AlternateIds": [
                {"AlternateIdType": "LoyaltyId", "AlternateId": "L-1"},
                {"AlternateIdType": "CrmContactId", "AlternateId": "C-1"},
            ]
        },
        {},
        ["contacts.alternateid.added"],
    ),
    (
        "tags and custom fields that a refresh replaces",
        {"ProfileTags": [{"Name": "a"}], "CustomFields": [{"Name": "Tier", "Value": "Gold"}]},
        {"ProfileTags": [{"Name": "b"}], "CustomFields": [{"Name": "ShoeSize", "Value": 42}]},
        {"RefreshTags": True, "RefreshCustomFields": True},
        ["customfield.added", "customfield.deleted", "tag.added", "tag.deleted"],
    ),
    (
        "a group that a refresh drops",
        {"Groups": [{"GroupType": "Region", "GroupName": "North"}]},
        {},
        {"RefreshGroups": True},
        ["group.deleted"],
    ),
    (
        "locale and registration",
        {},
        {"DefaultLocale": "fr_CA", "RegistrationConfirmed": True},
        {},
        ["standardfield.defaultlocale.updated", "standardfield.registrationstatus.updated"],
    ),
]


def test_change_of_each_kind_has_the_documented_events(
    subtests: pytest.Subtests, account: Account, ana: Ana
) -> None:
    for case, before, after, flags, kinds in CHANGES:
        with subtests.test(case=case):
            account.vendor.reset()
            events = _later(account, ana(**before), ana(**after), **flags)

            assert _parts(events) == kinds


UPDATES = [
        (
            {"CustomerName": {"FirstName": "Ana"}}, {"CustomerName": {"FirstName": "Anna"}},
            "standardfield.firstname.updated", {"FirstName": "Ana"},
        ),
        (
            {}, {"DefaultLocale": "fr_CA"},
            "standardfield.defaultlocale.updated", {"DefaultLocale": "en_US"},
        ),
        (
            {"CustomFields": [{"Name": "Tier", "Value": "Gold"}]},
            {"CustomFields": [{"Name": "Tier", "Value": "Silver"}]},
            "customfield.updated", {"Name": "Tier", "Value": "Gold"},
        ),
        (
            {"Emails": [_email("ana@example.test", IsDefault=True)]},
            {"Emails": [_email("ana@example.test", IsDefault=False)]},
            "contacts.email.updated",
            {"EmailAddressType": "Home", "EmailAddress": "ana@example.test", "IsDefault": True},
        ),
        ({"CustomerName": {"Prefix": "Dr"}}, {"CustomerName": {"Prefix": "Mrs"}},
         "standardfield.prefix.updated", None),
        ({"Emails": [_email("a@example.test", NEWS)]},
         {"Emails": [_email("a@example.test", {**NEWS, "PreferenceType": 2})]},
         "preference.updated", None),
    ]  # fmt: skip


def test_update_event_has_the_previous_data_if_documented(
    subtests: pytest.Subtests, account: Account, ana: Ana
) -> None:
    for before, after, kind, previous in UPDATES:
        with subtests.test(kind=kind, previous=previous):
            account.vendor.reset()
            events = _later(account, ana(**before), ana(**after))

            [event] = [event for event in events if event["EventType"] == kind]
            assert event.get("PreviousData") == previous


def test_a_deleted_profile_is_told_by_one_event_and_its_history_stays(
    account: Account, ana: Ana
) -> None:
    account.vendor.run(ana(Emails=[_email()]))
    profile_id = account.vendor.profile()["ProfileId"]

    account.vendor.run(ana(), ImportAction="Delete")

    kinds = [event["EventType"] for event in account.events(f"/Profile/{profile_id}")]
    assert kinds == [
        "profile.created", "contacts.alternateid.added", "contacts.email.added", "profile.deleted",
    ]  # fmt: skip


def test_a_profile_that_an_import_sets_inactive_is_deactivated(account: Account, ana: Ana) -> None:
    events = _later(account, ana(), ana(IsActive=False))

    assert [event["EventType"] for event in events] == ["profile.deactivated"]


def test_a_record_that_fails_makes_no_event(account: Account, ana: Ana) -> None:
    account.vendor.run(ana(CustomerType="Unheard of"))

    assert account.events() == []


def test_imports_make_no_events_when_that_is_switched_off(account: Account, ana: Ana) -> None:
    account.vendor.switch(import_events=False)

    account.vendor.run(ana())

    assert account.events() == []


def test_events_stay_what_they_were_when_later_changes_make_none(
    account: Account, ana: Ana
) -> None:
    account.vendor.run(ana(CustomerName={"FirstName": "Ana"}))
    first = account.events()
    account.vendor.switch(import_events=False)
    account.vendor.run(ana(CustomerName={"FirstName": "Anna"}, Emails=[_email()]))
    assert account.events() == first

    account.vendor.switch(import_events=True)
    account.vendor.run(ana(CustomerName={"FirstName": "Hannah"}))

    assert account.events()[: len(first)] == first
    [event] = account.events(eventType="standardfield.firstname.updated")
    assert (event["Data"], event["PreviousData"]) == (
        {"FirstName": "Hannah"},
        {"FirstName": "Anna"},
    )


def test_a_data_call_is_told_as_it_is_made(account: Account) -> None:
    client = account.vendor.client_id

    def kinds_of(method: str, path: str, body: Any = None) -> list[str]:
        known = len(account.events())
        answer = account.vendor.call(method, f"{client}/Profile{path}", json=body)
        assert answer.status_code < 300, answer.text
        return [event["EventType"] for event in account.events()[known:]]

    created = kinds_of("POST", "", {"CustomerName": {"FirstName": "Ana"}, "Emails": [_email()]})
    path = f"/{account.vendor.profile()['ProfileId']}"

    assert created == [
        "profile.created", "standardfield.firstname.added", "contacts.email.added",
    ]  # fmt: skip
    patch = [{"op": "replace", "path": "/CustomerName/FirstName", "value": "Anna"}]
    assert kinds_of("PATCH", path, patch) == [
        "profile.updated", "profile.updated full", "standardfield.firstname.updated",
    ]  # fmt: skip
    assert kinds_of("PUT", path, {"CustomerName": {"FirstName": "Anna"}}) == [
        "profile.replaced", "contacts.email.deleted",
    ]  # fmt: skip
    assert kinds_of("POST", f"{path}/Deactivate", {"Reason": "moved"}) == ["profile.deactivated"]
    assert kinds_of("POST", f"{path}/Activate", {}) == ["profile.reactivated"]
    assert kinds_of("DELETE", path) == ["profile.deleted"]


def test_a_call_that_is_refused_is_never_told(account: Account) -> None:
    client = account.vendor.client_id
    account.vendor.call("POST", f"{client}/Profile", json={"CustomerName": {"FirstName": "Ana"}})
    known = account.events()
    path = f"{client}/Profile/{account.vendor.profile()['ProfileId']}"

    answer = account.vendor.call("PUT", path, json={"CustomerType": "Unheard of"})

    assert answer.status_code == 404
    assert account.events() == known
