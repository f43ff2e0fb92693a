"""Preferences and consents: submitted, archived, added, and what they were."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.caller import Json
from tests.integration.sandbox.profile_data.data import (
    CONSENT,
    CONTACTS_ONLY,
    EMAIL_ONLY,
    NEWS,
    Data,
    crm,
    email,
)

MONTHLY = NEWS | {"FilterId": "NEWS_MONTHLY"}
MAIL = {"FilterId": "EVENTS_MAIL", "PreferenceType": 1}
OUT = NEWS | {"PreferenceType": 2, "CustomerDate": "2026-02-01T00:00:00Z"}
SUBMIT = "Profile/Preferences/AlternateIdType/CrmContactId/AlternateId"


def _states(holder: Json, collection: str = "EmailPreferences") -> list[tuple[str, int, str]]:
    return [
        (item["FilterId"], item["PreferenceType"], item["PreferenceStatus"])
        for item in holder[collection]
    ]


class TestSubmitting:
    def test_contacts_that_are_missing_are_added(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C/1")], Emails=[email("a@example.test")])

        sent = {"Emails": [email("b@example.test", NEWS)]}
        answer = data.send("POST", f"{SUBMIT}/c%2F1", json=sent)

        assert (answer.status_code, answer.json()) == (200, {"ProfileId": profile_id})
        first, second = data.get(profile_id)["Emails"]
        assert first["EmailPreferences"] == []
        assert _states(second) == [("NEWS_WEEKLY", 1, "Active")]

    def test_a_profile_that_is_missing_is_made(self, data: Data) -> None:
        answer = data.send("POST", f"{SUBMIT}/C-1", json={"ProfilePreferences": [MAIL]})

        assert answer.status_code == 201
        profile = data.get(answer.json()["ProfileId"])
        assert profile["AlternateIds"][0]["AlternateId"] == "C-1"
        assert _states(profile, "ProfilePreferences") == [("EVENTS_MAIL", 1, "Active")]

    def test_blanks_at_the_ends_of_an_alternate_id_belong_to_it(self, data: Data) -> None:
        number = data.send("POST", f"{SUBMIT}/%20lead", json={}).json()["ProfileId"]

        read = data.send(
            "GET",
            "Profile/AlternateId",
            params={"alternateIdType": "CrmContactId", "alternateId": " lead"},
        )

        assert read.json()["ProfileId"] == number
        assert data.send("POST", f"{SUBMIT}/lead", json={}).json()["ProfileId"] != number

    def test_nothing_but_contacts_preferences_and_consents_is_written(self, data: Data) -> None:
        answer = data.send("POST", f"{SUBMIT}/C-1", json={"CustomerType": "Prospect"})

        assert data.get(answer.json()["ProfileId"])["CustomerType"] == "Customer"

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("Profile/Preferences/AlternateIdType/Nobody/AlternateId/C-1", {}),
            (f"{SUBMIT}/C-1", {"ProfilePreferences": [MAIL | {"FilterId": "NOTHING"}]}),
            (f"{SUBMIT}/C-1", {"Emails": [email("a@example.test", EmailAddressType="Club")]}),
        ],
        ids=["alternate id type", "filter", "e-mail type"],
    )
    def test_an_unknown_type_is_not_found(self, data: Data, path: str, body: Any) -> None:
        assert data.send("POST", path, json=body).status_code == 404
        assert data.vendor.profiles() == []

    def test_it_needs_the_permission_for_preferences(self, data: Data) -> None:
        assert data.as_user(CONTACTS_ONLY).send("POST", f"{SUBMIT}/C-1", json={}).status_code == 403


class TestConsents:
    def test_consents_are_added(self, data: Data) -> None:
        profile_id = data.create()

        answer = data.send("POST", f"Consents/{profile_id}", json={"Consents": [CONSENT]})

        assert answer.status_code == 200
        assert data.get(profile_id)["Consents"][0]["ConsentType"] == "Marketing"

    @pytest.mark.parametrize(
        ("consents", "status"),
        [(None, 400), ([], 400), ([CONSENT | {"ConsentType": "Nothing"}], 404), ([{}], 400)],
    )
    def test_wrong_ones_are_refused(self, data: Data, consents: Any, status: int) -> None:
        profile_id = data.create()

        answer = data.send("POST", f"Consents/{profile_id}", json={"Consents": consents})

        assert answer.status_code == status

    def test_an_older_one_does_not_take_the_place_of_a_newer(self, data: Data) -> None:
        profile_id = data.create(Consents=[CONSENT])
        revoked = CONSENT | {"ConsentStatus": 3, "ConsentDate": "2026-02-01T00:00:00Z"}

        for consent in (revoked, CONSENT, CONSENT | {"Locale": "es_US"}):
            answer = data.send("POST", f"Consents/{profile_id}", json={"Consents": [consent]})
            assert answer.status_code == 200

        [kept] = data.get(profile_id)["Consents"]
        assert (kept["ConsentStatus"], kept["Locale"]) == (3, "en_US")

    def test_superseded_consents_are_read_unless_told_otherwise(self, data: Data) -> None:
        profile_id = data.create(Consents=[CONSENT])
        newer = CONSENT | {"Locale": "es_US"}
        data.send("POST", f"Consents/{profile_id}", json={"Consents": [newer]})

        everything = data.get(profile_id)["Consents"]
        current = data.get(profile_id, includeConsentHistory="false")["Consents"]

        assert [item["Locale"] for item in everything] == ["en_US", "es_US"]
        assert [item["Locale"] for item in current] == ["es_US"]

    def test_every_state_of_a_consent_is_in_its_history(self, data: Data) -> None:
        profile_id = data.create(
            AlternateIds=[crm("C-1")], Consents=[CONSENT],
            Emails=[email("a@example.test", Consents=[CONSENT]), email("b@example.test")],
        )  # fmt: skip
        revoked = CONSENT | {"ConsentStatus": 3, "ConsentDate": "2026-02-01T00:00:00Z"}
        data.send("POST", f"Consents/{profile_id}", json={"Consents": [revoked]})

        by_id = data.send("GET", f"Consents/{profile_id}/History").json()
        path = "Consents/AlternateIdType/CrmContactId/AlternateId/c-1/History"

        assert data.send("GET", path).json() == by_id
        assert [item["ConsentStatus"] for item in by_id["Consents"]] == [1, 3]
        [contact] = by_id["Emails"]
        assert (contact["EmailAddress"], len(contact["Consents"])) == ("a@example.test", 1)

    def test_consents_of_preferences_are_in_the_history_and_are_told_by_filter(
        self, data: Data
    ) -> None:
        linked = NEWS | {"Consents": [CONSENT]}
        profile_id = data.create(
            Consents=[CONSENT], Emails=[email("a@example.test", linked, MONTHLY)]
        )

        whole = data.send("GET", f"Consents/{profile_id}/History").json()
        of_one, of_another = (
            data.send("GET", f"Consents/{profile_id}/History", params={"filterId": name}).json()
            for name in ("news_weekly", "NEWS_MONTHLY")
        )

        assert len(whole["Consents"]) == 1
        for history in (whole, of_one):
            [preference] = history["Emails"][0]["EmailPreferences"]
            assert (preference["FilterId"], len(preference["Consents"])) == ("NEWS_WEEKLY", 1)
        assert (of_one["Consents"], of_another["Emails"]) == ([], [])


class TestArchiving:
    @pytest.fixture
    def profile_id(self, data: Data) -> int:
        return data.create(
            Emails=[email("a@example.test", NEWS, MONTHLY), email("b@example.test", NEWS)],
            ProfilePreferences=[MAIL],
        )

    def _archive(self, data: Data, profile_id: int, **body: Any) -> int:
        path = f"Profile/Preferences/{profile_id}/Archive"
        return data.send("PUT", path, json=body).status_code

    def test_all_preferences_of_a_contact_or_single_ones_are_archived(
        self, data: Data, profile_id: int
    ) -> None:
        named = [email("A@example.test", {"FilterId": "news_weekly"}), email("b@example.test")]

        assert self._archive(data, profile_id, Emails=named, Reason_Code="tidy") == 204

        first, second = data.get(profile_id)["Emails"]
        assert _states(first) == [("NEWS_MONTHLY", 1, "Active")]
        assert second["EmailPreferences"] == []
        kept = data.vendor.profile()["Emails"][1]["EmailPreferences"][0]
        assert (kept["PreferenceStatus"], kept["ReasonCode"]) == ("Archived", "tidy")

    def test_global_deactivate_archives_everything(self, data: Data, profile_id: int) -> None:
        assert self._archive(data, profile_id, GlobalDeactivate=True) == 204

        profile = data.get(profile_id)
        assert profile["ProfilePreferences"] == []
        assert all(item["EmailPreferences"] == [] for item in profile["Emails"])

    def test_preferences_of_the_profile_are_named_by_their_filters(
        self, data: Data, profile_id: int
    ) -> None:
        named = [{"FilterId": "EVENTS_MAIL"}]

        assert self._archive(data, profile_id, ProfilePreferences=named) == 204

        profile = data.get(profile_id)
        assert profile["ProfilePreferences"] == []
        assert len(profile["Emails"][0]["EmailPreferences"]) == 2

    def test_preference_that_is_not_there_is_not_archived(
        self, subtests: pytest.Subtests, data: Data, profile_id: int
    ) -> None:
        for body, status in [
            ({}, 400),
            ({"GlobalDeactivate": "yes"}, 400),
            ({"Emails": [{}]}, 400),
            ({"Emails": "all"}, 400),
            ({"ProfilePreferences": [{"PreferenceType": 1}]}, 400),
            ({"GlobalDeactivate": True, "Reason_Code": "x" * 257}, 400),
            ({"Emails": [email("nobody@example.test")]}, 404),
            ({"ProfilePreferences": [{"FilterId": "NEWS_WEEKLY"}]}, 404),
        ]:
            with subtests.test(body=body):
                assert self._archive(data, profile_id, **body) == status

                assert len(data.get(profile_id)["Emails"][0]["EmailPreferences"]) == 2

    def test_it_needs_the_permission_for_each_channel(self, data: Data, profile_id: int) -> None:
        clerk, nobody = data.as_user(EMAIL_ONLY), data.as_user(CONTACTS_ONLY)

        assert self._archive(clerk, profile_id, Emails=[email("a@example.test")]) == 204
        assert self._archive(clerk, profile_id, GlobalDeactivate=True) == 403
        assert self._archive(nobody, profile_id, GlobalDeactivate=True) == 403
        assert data.get(profile_id)["ProfilePreferences"]


class TestHistory:
    def test_every_state_is_shown_under_its_contact(self, data: Data) -> None:
        profile_id = data.create(
            AlternateIds=[crm("C-1")],
            Emails=[email("a@example.test", NEWS, MONTHLY), email("b@example.test")],
            ProfileTags=[{"Name": "vip"}],
        )
        data.change("POST", profile_id, {"Emails": [email("a@example.test", OUT)]})
        data.send(
            "PUT", f"Profile/Preferences/{profile_id}/Archive",
            json={"Emails": [email("a@example.test", {"FilterId": "NEWS_WEEKLY"})]},
        )  # fmt: skip

        history = data.send("GET", f"Profile/Preferences/{profile_id}/History").json()

        [contact] = history["Emails"]
        assert _states(contact) == [
            ("NEWS_WEEKLY", 1, "Active"), ("NEWS_WEEKLY", 2, "Archived"),
            ("NEWS_MONTHLY", 1, "Active"),
        ]  # fmt: skip
        assert "ProfileTags" not in history

        by_alternate_id = data.send(
            "GET", f"{SUBMIT}/C-1/History", params={"filterId": "news_monthly"}
        ).json()
        assert _states(by_alternate_id["Emails"][0]) == [("NEWS_MONTHLY", 1, "Active")]

    def test_imports_make_history_too(self, data: Data) -> None:
        record = {"AlternateIds": [crm("C-1")], "Emails": [email("a@example.test", NEWS)]}
        data.vendor.run(record)
        data.vendor.run(record | {"Emails": [email("a@example.test", OUT)]})
        data.vendor.run(record | {"Emails": [email("a@example.test", OUT)]})

        history = data.send("GET", f"{SUBMIT}/C-1/History").json()

        assert [item["PreferenceType"] for item in history["Emails"][0]["EmailPreferences"]] == [
            1, 2,
        ]  # fmt: skip

    @pytest.mark.parametrize("path", ["Profile/Preferences/12345/History", f"{SUBMIT}/C-9/History"])
    def test_an_unknown_profile_has_none(self, data: Data, path: str) -> None:
        assert data.send("GET", path).status_code == 404

    def test_an_unknown_filter_is_not_found(self, data: Data) -> None:
        profile_id = data.create()

        answer = data.send(
            "GET", f"Profile/Preferences/{profile_id}/History", params={"filterId": "NOTHING"}
        )

        assert answer.status_code == 404


class TestEvents:
    def test_changes_by_calls_make_events(self, data: Data) -> None:
        data.send("POST", f"{SUBMIT}/C-1", json={"ProfilePreferences": [MAIL]})
        profile_id = data.vendor.profile()["ProfileId"]
        data.send("POST", f"Profile/{profile_id}/Deactivate")
        data.send("DELETE", f"Profile/{profile_id}")

        query = {"subscribedOnly": "false"}
        answer = data.send("GET", f"Events/Profile/{profile_id}", params=query)

        kinds = [event["EventType"] for event in answer.json()["Events"]]
        assert kinds[0] == "profile.created"
        assert {"preference.added", "profile.deactivated"} <= set(kinds)
        assert kinds[-1] == "profile.deleted"
