"""Execution: which profile a record changes, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]

NEWS = {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1, "CustomerDate": "2026-01-10T12:00:00Z"}
SMS = {"FilterId": "OFFERS_SMS", "PreferenceType": 1}
CONSENT = {
    "ConsentType": "Marketing",
    "ConsentVersion": "2.0",
    "Locale": "en_US",
    "ConsentStatus": 1,
}


def _email(address: str = "ana@example.test", *preferences: Json, **members: Any) -> Json:
    found = {"EmailPreferences": list(preferences)} if preferences else {}
    return {"EmailAddressType": "Home", "EmailAddress": address, **members, **found}


def _phone(*preferences: Json, **members: Any) -> Json:
    return {"PhoneNumberType": "Home", "PhoneNumber": "617-555-0100", **members,
            "PhonePreferences": list(preferences)}  # fmt: skip


def _loyalty(value: str) -> Json:
    return {"AlternateIdType": "LoyaltyId", "AlternateId": value}


def _consents(holder: Json) -> list[tuple[str, str, int, bool]]:
    return [
        (item["ConsentVersion"], item["Locale"], item["ConsentStatus"], item["IsActive"])
        for item in holder["Consents"]
    ]


class TestMatching:
    def test_an_alternate_id_is_matched_without_case_and_updates_the_profile(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("c-1", CustomerName={"FirstName": "Ana", "LastName": "Ruiz"}))

        vendor.run(contact("C-1", CustomerName={"LastName": "Okafor"}))

        assert vendor.profile()["CustomerName"] == {"FirstName": "Ana", "LastName": "Okafor"}

    def test_two_records_of_one_import_can_mean_one_profile(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        status = vendor.run(contact("C-1"), contact("C-1", CustomerType="Prospect"))

        assert status["Processed"] == 2
        assert vendor.profile()["CustomerType"] == "Prospect"

    def test_the_same_value_of_another_type_is_somebody_else(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run({"AlternateIds": [_loyalty("C-1")]}, MatchValue="LoyaltyId")

        vendor.run(contact("C-1"))

        assert len(vendor.profiles()) == 2

    def test_without_match_criteria_a_profile_id_updates(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1"))
        known = vendor.profile()["ProfileId"]

        vendor.run(
            {"ProfileId": known, "CustomerType": "Prospect"}, MatchCriteria=None, MatchValue=None
        )

        assert vendor.profile()["CustomerType"] == "Prospect"

    @pytest.mark.parametrize("record", [{}, {"ProfileId": 12345}], ids=["absent", "unknown"])
    def test_without_match_criteria_anything_else_creates_a_profile_each_time(
        self, vendor: Vendor, record: Json
    ) -> None:
        for _ in range(2):
            vendor.run(record, MatchCriteria=None, MatchValue=None)

        first, second = vendor.profiles()
        assert first["ProfileId"] != second["ProfileId"] != 12345

    def test_with_match_criteria_a_profile_id_does_not_matter(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1"), contact("C-2"))
        first = vendor.profiles()[0]["ProfileId"]

        vendor.run(contact("C-2", ProfileId=first, CustomerType="Prospect"))

        assert [profile["CustomerType"] for profile in vendor.profiles()] == [
            "Customer", "Prospect",
        ]  # fmt: skip
        assert vendor.profiles()[0]["ProfileId"] == first


class TestUpsert:
    def test_a_new_profile_has_the_accounts_defaults(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1"))

        profile = vendor.profile()
        assert profile | {
            "IsActive": True, "DefaultLocale": "en_US", "RegistrationConfirmed": False,
            "CustomerType": "Customer", "UserId": "demo.api.user", "SourceId": "Integrations",
        } == profile  # fmt: skip

    def test_what_is_not_sent_stays(self, vendor: Vendor, contact: Contact) -> None:
        full = contact(
            "C-1", Emails=[_email("ana@example.test", NEWS, IsDefault=True)],
            PhoneNumbers=[_phone(IsMobile=True)], Consents=[CONSENT],
            Groups=[{"GroupType": "Region", "GroupName": "North"}], ProfileTags=[{"Name": "vip"}],
            CustomFields=[{"Name": "Tier", "Value": "Gold"}],
        )  # fmt: skip
        vendor.run(full)
        before = vendor.profile()

        vendor.run(contact("C-1"))

        after = vendor.profile()
        assert before.pop("LastModifiedDate") <= after.pop("LastModifiedDate")
        assert after == before

    def test_a_matching_contact_keeps_the_properties_that_are_left_out(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1", PhoneNumbers=[_phone(IsMobile=True, IsDefault=True)]))

        vendor.run(contact("C-1", PhoneNumbers=[{**_phone(), "PhoneNumber": "(617) 555 0100"}]))

        [phone] = vendor.profile()["PhoneNumbers"]
        assert phone | {"IsMobile": True, "IsDefault": True, "IsActive": True} == phone
        assert phone["PhoneNumber"] == "(617) 555 0100"

    def test_a_new_default_takes_over(self, vendor: Vendor, contact: Contact) -> None:
        vendor.run(contact("C-1", Emails=[_email("a@example.test", IsDefault=True)]))

        vendor.run(contact("C-1", Emails=[_email("b@example.test", IsDefault=True)]))

        defaults = [email["IsDefault"] for email in vendor.profile()["Emails"]]
        assert defaults == [False, True]

    def test_an_explicit_null_clears_a_member(self, vendor: Vendor, contact: Contact) -> None:
        vendor.run(contact("C-1", CustomerName={"FirstName": "Ana", "LastName": "Ruiz"}))

        vendor.run(contact("C-1", CustomerName={"LastName": None}))

        assert vendor.profile()["CustomerName"] == {"FirstName": "Ana", "LastName": None}

    def test_an_explicit_null_sets_a_member_of_the_profile_back(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(
            contact("C-1", DefaultLocale="es_US", CustomerType="Prospect",
                    RegistrationConfirmed=True, CustomerName={"FirstName": "Ana"},
                    Emails=[_email("a@example.test")])
        )  # fmt: skip

        vendor.run(
            contact("C-1", DefaultLocale=None, CustomerType=None, RegistrationConfirmed=None,
                    CustomerName=None, Emails=None)
        )  # fmt: skip

        profile = vendor.profile()
        assert (profile["DefaultLocale"], profile["CustomerType"]) == ("en_US", "Customer")
        assert profile["RegistrationConfirmed"] is False
        assert "CustomerName" not in profile
        assert len(profile["Emails"]) == 1

    def test_a_record_sets_a_profile_inactive_and_active_again(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1", IsActive=False))
        assert vendor.profile()["IsActive"] is False

        vendor.run(contact("C-1", IsActive=True))
        assert vendor.profile()["IsActive"] is True

    def test_a_contact_without_type_gets_the_default_type(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1", Emails=[{"EmailAddress": "ana@example.test"}]))

        assert vendor.profile()["Emails"][0]["EmailAddressType"] == "Home"


class TestPreferences:
    def test_customer_date_of_any_form_is_stored_as_utc(
        self, subtests: pytest.Subtests, vendor: Vendor, contact: Contact
    ) -> None:
        for sent, kind, stored in [
            ("2026-01-14T09:00:00Z", 1, "2026-01-14T09:00:00Z"),
            ("2026-01-14T09:00:00.250Z", 1, "2026-01-14T09:00:00.250Z"),
            ("2026-01-14T09:00:00+02:00", 1, "2026-01-14T07:00:00Z"),
            ("2026-01-14T09:00:00", 1, "2026-01-14T14:00:00Z"),
            ("2026-07-14T09:00:00", 1, "2026-07-14T13:00:00Z"),
            ("2021-01-06", 1, "2021-01-06T05:00:00Z"),
            ("2021-01-06", 2, "2021-01-07T04:59:59Z"),
            ("2021-07-06", 2, "2021-07-07T03:59:59Z"),
        ]:
            with subtests.test(sent=sent, kind=kind):
                vendor.reset()
                preference = NEWS | {"CustomerDate": sent, "PreferenceType": kind}

                vendor.run(contact("C-1", Emails=[_email("a@example.test", preference)]))

                [kept] = vendor.profile()["Emails"][0]["EmailPreferences"]
                assert kept["CustomerDate"] == stored

    def test_a_preference_shows_what_its_filter_says(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.stop_clock()

        vendor.run(contact("C-1", Emails=[_email("a@example.test", {
            "FilterId": "NEWS_WEEKLY", "PreferenceType": 1})]))  # fmt: skip

        profile = vendor.profile()
        [kept] = profile["Emails"][0]["EmailPreferences"]
        assert kept | {
            "ProgramId": "Newsletters", "ChannelId": "Email", "FrequencyId": "Weekly",
            "PreferenceStatus": "Active", "CustomerDate": profile["CreateDate"],
        } == kept  # fmt: skip

    def test_an_older_preference_is_not_honored(self, vendor: Vendor, contact: Contact) -> None:
        vendor.run(contact("C-1", Emails=[_email("a@example.test", NEWS)]))
        stale = NEWS | {"PreferenceType": 2, "CustomerDate": "2025-12-31T00:00:00Z"}

        status = vendor.run(
            contact("C-1", CustomerType="Prospect", Emails=[_email("a@example.test", stale)])
        )

        assert (status["NotHonored"], status["Processed"], status["Exceptions"]) == (1, 0, 0)
        assert vendor.profile()["CustomerType"] == "Customer"
        assert vendor.profile()["Emails"][0]["EmailPreferences"][0]["PreferenceType"] == 1
        assert vendor.exceptions(status["token"])["Count"] == 0

    def test_the_same_preference_again_is_processed(self, vendor: Vendor, contact: Contact) -> None:
        record = contact("C-1", Emails=[_email("a@example.test", NEWS)])

        assert vendor.run(record)["Processed"] == 1
        assert vendor.run(record)["Processed"] == 1

    def test_of_a_newer_and_an_older_preference_the_newer_is_applied(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        monthly = NEWS | {"FilterId": "NEWS_MONTHLY"}
        vendor.run(contact("C-1", Emails=[_email("a@example.test", NEWS, monthly)]))
        older = NEWS | {"PreferenceType": 2, "CustomerDate": "2026-01-09T00:00:00Z"}
        newer = monthly | {"PreferenceType": 2, "CustomerDate": "2026-01-11T00:00:00Z"}

        status = vendor.run(contact("C-1", Emails=[_email("a@example.test", older, newer)]))

        assert status["Processed"] == 1
        kept = vendor.profile()["Emails"][0]["EmailPreferences"]
        assert [item["PreferenceType"] for item in kept] == [1, 2]

    def test_sms_preferences_need_a_mobile_number(self, vendor: Vendor, contact: Contact) -> None:
        failed = vendor.run_as_failed(
            contact("C-1", PhoneNumbers=[_phone(SMS)]),
            contact("C-2", PhoneNumbers=[_phone(SMS, PhoneNumberType="Mobile")]),
            contact("C-3", PhoneNumbers=[_phone(SMS, IsMobile=True)]),
            contact("C-3", PhoneNumbers=[_phone(SMS)]),
            contact("C-4", PhoneNumbers=[_phone(SMS, PhoneNumberType="Mobile", IsMobile=False)]),
        )

        place = "PhoneNumbers[0].PhonePreferences[0]: NumberNotMobile"
        assert failed == [[place], [place]]
        assert len(vendor.profiles()) == 2

    def test_a_number_that_stops_being_mobile_archives_its_sms_preferences(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        calls = {"FilterId": "OFFERS_CALLS", "PreferenceType": 1}
        vendor.run(contact("C-1", PhoneNumbers=[_phone(SMS, calls, IsMobile=True)]))

        vendor.run(contact("C-1", PhoneNumbers=[_phone(IsMobile=False)]))

        kept = vendor.profile()["PhoneNumbers"][0]["PhonePreferences"]
        assert [item["PreferenceStatus"] for item in kept] == ["Archived", "Active"]


class TestConsents:
    def test_an_older_version_needs_allow_prior_consents(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        old = contact("C-1", Consents=[CONSENT | {"ConsentVersion": "1.0"}])

        assert vendor.run_as_failed(old) == [["Consents[0]: PriorConsentNotAllowed"]]
        assert vendor.profiles() == []
        assert vendor.run(old, AllowPriorConsents=True)["Processed"] == 1
        assert _consents(vendor.profile()) == [("1.0", "en_US", 1, True)]

    def test_not_even_then_over_a_newer_one_on_the_profile(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1", Consents=[CONSENT]))
        old = contact("C-1", Consents=[CONSENT | {"ConsentVersion": "1.0"}])

        failed = vendor.run_as_failed(old, AllowPriorConsents=True)

        assert failed == [["Consents[0]: NewerConsentOnProfile"]]

    def test_a_newer_version_takes_the_place_of_an_older(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        old = contact("C-1", Consents=[CONSENT | {"ConsentVersion": "1.0"}])
        vendor.run(old, AllowPriorConsents=True)

        vendor.run(contact("C-1", Consents=[CONSENT]))

        assert _consents(vendor.profile()) == [
            ("1.0", "en_US", 1, False), ("2.0", "en_US", 1, True),
        ]  # fmt: skip

    @pytest.mark.parametrize("versions", [("1.0", "2.0"), ("2.0", "1.0")])
    def test_of_two_versions_in_one_record_the_newer_is_in_force(
        self, vendor: Vendor, contact: Contact, versions: tuple[str, str]
    ) -> None:
        both = [CONSENT | {"ConsentVersion": version} for version in versions]

        vendor.run(contact("C-1", Consents=both), AllowPriorConsents=True)

        assert sorted(_consents(vendor.profile())) == [
            ("1.0", "en_US", 1, False), ("2.0", "en_US", 1, True),
        ]  # fmt: skip

    def test_another_locale_deactivates_the_one_before(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1", Consents=[CONSENT]))

        vendor.run(contact("C-1", Consents=[CONSENT | {"Locale": "es_US"}]))

        assert _consents(vendor.profile()) == [
            ("2.0", "en_US", 1, False), ("2.0", "es_US", 1, True),
        ]  # fmt: skip

    def test_the_same_consent_is_updated_in_place(self, vendor: Vendor, contact: Contact) -> None:
        vendor.run(contact("C-1", Consents=[CONSENT]))

        vendor.run(contact("C-1", Consents=[CONSENT | {"ConsentStatus": 3}]))

        assert _consents(vendor.profile()) == [("2.0", "en_US", 3, True)]

    def test_an_older_consent_is_not_honored(self, vendor: Vendor, contact: Contact) -> None:
        revoked = CONSENT | {"ConsentStatus": 3, "ConsentDate": "2026-02-01T00:00:00Z"}
        older = CONSENT | {"ConsentDate": "2026-01-31T00:00:00Z"}
        vendor.run(contact("C-1", Consents=[revoked]))

        statuses = [
            vendor.run(contact("C-1", CustomerType="Prospect", Consents=[one]))
            for one in (older, older | {"Locale": "es_US"})
        ]

        assert [(one["NotHonored"], one["Processed"]) for one in statuses] == [(1, 0)] * 2
        profile = vendor.profile()
        assert profile["CustomerType"] == "Customer"
        assert [one["ConsentStatus"] for one in profile["Consents"]] == [3]

    def test_of_a_newer_and_an_older_consent_the_newer_is_applied(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        newer = CONSENT | {"ConsentDate": "2026-02-01T00:00:00Z"}
        revoked = CONSENT | {"ConsentStatus": 3, "ConsentDate": "2026-01-31T00:00:00Z"}
        vendor.run(contact("C-1", Consents=[newer]))

        mixed = [_email("a@example.test", Consents=[revoked])]
        status = vendor.run(contact("C-1", Consents=[revoked], Emails=mixed))

        assert status["Processed"] == 1
        profile = vendor.profile()
        assert [one["ConsentStatus"] for one in profile["Consents"]] == [1]
        assert [one["ConsentStatus"] for one in profile["Emails"][0]["Consents"]] == [3]

    def test_an_older_opt_out_revokes_no_consent(self, vendor: Vendor, contact: Contact) -> None:
        sharing = CONSENT | {"ConsentType": "PartnerSharing", "ConsentVersion": "1.0"}
        partners = {"FilterId": "PARTNER_NEWS", "PreferenceType": 1,
                    "CustomerDate": "2026-02-01T00:00:00Z"}  # fmt: skip
        vendor.run(contact("C-1", Consents=[sharing], Emails=[_email("a@example.test", partners)]))
        older = partners | {"PreferenceType": 2, "CustomerDate": "2026-01-01T00:00:00Z"}

        vendor.run(contact("C-1", Emails=[_email("a@example.test", older, NEWS)]))

        assert [item["ConsentStatus"] for item in vendor.profile()["Consents"]] == [1]

    def test_opting_out_of_a_linked_preference_revokes_the_consent(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        sharing = CONSENT | {"ConsentType": "PartnerSharing", "ConsentVersion": "1.0"}
        partners = {"FilterId": "PARTNER_NEWS", "PreferenceType": 1}
        vendor.run(
            contact("C-1", Consents=[sharing, CONSENT], Emails=[_email("a@example.test", partners)])
        )

        out = partners | {"PreferenceType": 2}
        vendor.run(contact("C-1", Emails=[_email("a@example.test", out)]))

        assert [item["ConsentStatus"] for item in vendor.profile()["Consents"]] == [3, 1]


class TestConflicts:
    def test_an_alternate_id_of_another_profile_is_refused(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        first, second = contact("C-1"), contact("C-2")
        first["AlternateIds"].append(_loyalty("LY7"))
        second["AlternateIds"].append(_loyalty("ly7"))

        failed = vendor.run_as_failed(first, second, contact("C-3"))

        assert failed == [["AlternateIds[1]: AlternateIdInUse"]]
        assert len(vendor.profiles()) == 2

    def test_a_failed_record_leaves_nothing_of_itself(
        self, vendor: Vendor, contact: Contact
    ) -> None:
        vendor.run(contact("C-1"))
        before = vendor.profile()
        bad = contact("C-1", CustomerType="Prospect", Emails=[_email()], PhoneNumbers=[_phone(SMS)])

        assert len(vendor.run_as_failed(bad)) == 1
        assert vendor.profile() == before


class TestRefresh:
    @pytest.fixture
    def full(self, contact: Contact) -> Json:
        record = contact(
            "C-1",
            Emails=[_email("a@example.test", NEWS, IsDefault=True), _email("b@example.test")],
            PhoneNumbers=[_phone(SMS, IsMobile=True)],
            Groups=[{"GroupType": "Region", "GroupName": "North"},
                    {"GroupType": "Region", "GroupName": "South"}],
            ProfileTags=[{"Name": "vip"}, {"Name": "new"}],
            CustomFields=[{"Name": "Tier", "Value": "Gold"}, {"Name": "ShoeSize", "Value": 42}],
        )  # fmt: skip
        record["AlternateIds"].append(_loyalty("LY7"))
        return dict(record)

    def test_alternate_ids_that_are_left_out_are_deactivated_and_free_for_others(
        self, vendor: Vendor, contact: Contact, full: Json
    ) -> None:
        vendor.run(full)

        vendor.run(contact("C-1"), RefreshAlternateIds=True)

        assert [item["IsActive"] for item in vendor.profile()["AlternateIds"]] == [True, False]
        other = contact("C-2")
        other["AlternateIds"].append(_loyalty("LY7"))
        assert vendor.run(other)["Processed"] == 1
        assert vendor.run_as_failed(full) == [["AlternateIds[1]: AlternateIdInUse"]]

    @pytest.mark.parametrize("preserve", [None, True, False])
    def test_contacts_that_are_left_out_are_deactivated_with_or_without_preferences(
        self, vendor: Vendor, contact: Contact, full: Json, preserve: bool | None
    ) -> None:
        vendor.run(full)
        record = contact("C-1", Emails=[_email("b@example.test")])
        if preserve is not None:
            record["PreservePreferences"] = preserve

        vendor.run(record, RefreshContacts=True)

        profile = vendor.profile()
        first, second = profile["Emails"]
        assert [first["IsActive"], second["IsActive"]] == [False, True]
        assert profile["PhoneNumbers"][0]["IsActive"] is False
        status = "Archived" if preserve is False else "Active"
        assert first["EmailPreferences"][0]["PreferenceStatus"] == status
        assert profile["PhoneNumbers"][0]["PhonePreferences"][0]["PreferenceStatus"] == status
        assert "PreservePreferences" not in profile

    def test_refreshed_contacts_can_be_made_to_lose_their_preferences_always(
        self, vendor: Vendor, contact: Contact, full: Json
    ) -> None:
        vendor.switch(refresh_contacts="archive")
        vendor.run(full)

        vendor.run(contact("C-1", PreservePreferences=True), RefreshContacts=True)

        kept = vendor.profile()["Emails"][0]["EmailPreferences"]
        assert kept[0]["PreferenceStatus"] == "Archived"

    def test_a_contact_that_comes_back_is_active_again(
        self, vendor: Vendor, contact: Contact, full: Json
    ) -> None:
        vendor.run(full)
        vendor.run(contact("C-1", PreservePreferences=False), RefreshContacts=True)

        vendor.run(contact("C-1", Emails=[_email("a@example.test", NEWS)]))

        email = vendor.profile()["Emails"][0]
        assert (email["IsActive"], email["IsDefault"]) == (True, True)
        assert email["EmailPreferences"][0]["PreferenceStatus"] == "Active"

    def test_groups_are_deactivated_tags_and_custom_fields_deleted(
        self, vendor: Vendor, contact: Contact, full: Json
    ) -> None:
        vendor.run(full)
        record = contact(
            "C-1", Groups=[{"GroupType": "Region", "GroupName": "South"}],
            ProfileTags=[{"Name": "VIP"}], CustomFields=[{"Name": "Tier", "Value": "Silver"}],
        )  # fmt: skip

        vendor.run(record, RefreshGroups=True, RefreshTags=True, RefreshCustomFields=True)

        profile = vendor.profile()
        assert [item["IsActive"] for item in profile["Groups"]] == [False, True]
        assert profile["ProfileTags"] == [{"Name": "VIP"}]
        assert profile["CustomFields"] == [{"Name": "Tier", "Value": "Silver"}]

    def test_without_the_flags_nothing_is_taken_away(
        self, vendor: Vendor, contact: Contact, full: Json
    ) -> None:
        vendor.run(full)
        before = vendor.profile()

        vendor.run(contact("C-1", PreservePreferences=False))

        assert vendor.profile() | {"LastModifiedDate": None} == before | {"LastModifiedDate": None}
