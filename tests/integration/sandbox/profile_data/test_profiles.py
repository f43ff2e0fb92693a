"""One profile: create, read, update, overwrite, by its id and by an alternate id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.profile_data.data import (
    CONSENT,
    CONTACTS_ONLY,
    EMAIL_ONLY,
    NEWS,
    NO_DELETE,
    PREFERENCES_ONLY,
    READER,
    Data,
    crm,
    email,
)

BY_ALTERNATE_ID = "Profile/AlternateId"


def _asked(value: str) -> dict[str, str]:
    return {"alternateIdType": "crmcontactid", "alternateId": value}


class TestCreating:
    def test_a_profile_is_made_with_preferences_and_consents_in_one_call(self, data: Data) -> None:
        answer = data.send(
            "POST",
            "Profile",
            json={
                "AlternateIds": [crm("C-1")],
                "Emails": [email("ana@example.test", NEWS)],
                "Consents": [CONSENT],
            },
        )

        assert answer.status_code == 201
        profile_id = answer.json()["ProfileId"]
        assert answer.headers["Location"].endswith(f"/DEMO_CLIENT/Profile/{profile_id}")
        profile = data.get(profile_id)
        assert profile["Emails"][0]["EmailPreferences"][0]["ProgramId"] == "Newsletters"
        assert profile["Consents"][0]["ConsentStatus"] == 1
        assert profile["SourceId"] == "Integrations"

    def test_an_alternate_id_of_somebody_else_is_a_conflict(self, data: Data) -> None:
        data.create(AlternateIds=[crm("C-1")])

        answer = data.send("POST", "Profile", json={"AlternateIds": [crm("c-1")]})

        assert answer.status_code == 409
        assert answer.json()["ModelState"] == {
            "AlternateIds[0]": ["Another profile already has this alternate id."]
        }

    def test_record_that_breaks_a_rule_is_refused_with_its_place(
        self, subtests: pytest.Subtests, data: Data
    ) -> None:
        for record, status, place in [
            ({"Emails": [email("no address")]}, 400, "Emails[0]"),
            ({"Emails": [{"EmailAddressType": "Club", "EmailAddress": "a@example.test"}]}, 404,
             "Emails[0]"),
            ({"Emails": [email("a@example.test", {"FilterId": "NONE", "PreferenceType": 1})]}, 404,
             "Emails[0].EmailPreferences[0]"),
            ({"CustomerType": 7}, 400, "record"),
            ({"Consents": [CONSENT | {"ConsentVersion": "9"}]}, 404, "Consents[0]"),
            ({"Consents": [CONSENT | {"ConsentVersion": "1.0"}]}, 400, "Consents[0]"),
        ]:  # fmt: skip
            with subtests.test(record=record):
                answer = data.send("POST", "Profile", json=record)

                assert answer.status_code == status
                assert list(answer.json()["ModelState"]) == [place]
                assert data.vendor.profiles() == []

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"'])
    def test_what_is_no_json_object_is_refused(self, data: Data, body: bytes) -> None:
        assert data.send("POST", "Profile", data=body).status_code == 400

    def test_names_are_taken_in_any_case(self, data: Data) -> None:
        profile_id = data.create(emails=[{"emailaddress": "ana@example.test"}])

        assert data.get(profile_id)["Emails"][0]["EmailAddress"] == "ana@example.test"


class TestUpdating:
    def test_a_post_changes_what_it_has_and_leaves_the_rest(self, data: Data) -> None:
        profile_id = data.create(
            CustomerName={"FirstName": "Ana", "LastName": "Ruiz"}, Emails=[email("a@example.test")]
        )

        answer = data.change("POST", profile_id, {"CustomerName": {"LastName": "Okafor"}})

        assert answer.json() == {"ProfileId": profile_id}
        profile = data.get(profile_id)
        assert profile["CustomerName"] == {"FirstName": "Ana", "LastName": "Okafor"}
        assert len(profile["Emails"]) == 1

    def test_a_put_blanks_what_it_leaves_out(self, data: Data) -> None:
        profile_id = data.create(
            CustomerType="Prospect",
            CustomerName={"FirstName": "Ana"},
            AlternateIds=[crm("C-1")],
            Emails=[
                email("a@example.test", NEWS, NEWS | {"FilterId": "NEWS_MONTHLY"}, IsDefault=True),
                email("b@example.test"),
            ],
            Consents=[CONSENT],
            Groups=[{"GroupType": "Region", "GroupName": "North"}],
            ProfileTags=[{"Name": "vip"}],
            CustomFields=[{"Name": "Tier", "Value": "Gold"}],
        )
        before = data.get(profile_id)

        answer = data.change("PUT", profile_id, {"Emails": [email("a@example.test", NEWS)]})

        assert answer.status_code == 200
        profile = data.get(profile_id)
        assert profile["CustomerType"] == "Customer"
        assert profile["CustomerName"] == {}
        assert profile["CreateDate"] == before["CreateDate"]
        assert [item["EmailAddress"] for item in profile["Emails"]] == ["a@example.test"]
        assert "IsDefault" not in profile["Emails"][0]
        [kept] = profile["Emails"][0]["EmailPreferences"]
        assert kept["FilterId"] == "NEWS_WEEKLY"
        for name in ("AlternateIds", "Groups", "ProfileTags", "CustomFields"):
            assert profile[name] == []
        assert [consent["IsActive"] for consent in profile["Consents"]] == [False]

    def test_what_was_read_can_be_put_back_and_nothing_has_changed(self, data: Data) -> None:
        profile_id = data.create(
            AlternateIds=[crm("C-1")],
            Emails=[email("a@example.test", NEWS, IsDefault=True)],
            PhoneNumbers=[{"PhoneNumberType": "Mobile", "PhoneNumber": "617-555-0100"}],
            Consents=[CONSENT],
            CustomFields=[{"Name": "Tier", "Value": "Gold"}],
        )
        data.change("POST", profile_id, {"Consents": [CONSENT | {"Locale": "es_US"}]})
        before = data.get(profile_id)

        assert data.change("PUT", profile_id, before).status_code == 200

        after = data.get(profile_id)
        assert _without_dates(after) == _without_dates(before)

    def test_another_profile_id_in_the_body_is_refused(self, data: Data) -> None:
        profile_id = data.create()

        assert data.change("POST", profile_id, {"ProfileId": 1}).status_code == 400

    def test_profile_that_is_unknown_is_not_found(
        self, subtests: pytest.Subtests, data: Data
    ) -> None:
        for profile_id in ["12345", "no-number", "9" * 30]:
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]:
                with subtests.test(profile_id=profile_id, method=method):
                    body: Any = [] if method == "PATCH" else {}

                    assert data.send(method, f"Profile/{profile_id}", json=body).status_code == 404


class TestDates:
    def test_a_date_without_a_zone_is_us_eastern_and_a_day_is_its_start_or_end(
        self, data: Data
    ) -> None:
        choices = [
            {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1, "CustomerDate": "2021-01-06"},
            {"FilterId": "NEWS_MONTHLY", "PreferenceType": 2, "CustomerDate": "2021-01-06"},
            {"FilterId": "OFFERS_EMAIL", "PreferenceType": 1, "CustomerDate": "2021-07-06T08:00"},
        ]  # fmt: skip

        profile_id = data.create(Emails=[email("a@example.test", *choices)])

        kept = data.get(profile_id)["Emails"][0]["EmailPreferences"]
        assert [item["CustomerDate"] for item in kept] == [
            "2021-01-06T05:00:00Z", "2021-01-07T04:59:59Z", "2021-07-06T12:00:00Z",
        ]  # fmt: skip

    def test_a_consent_shows_when_it_expires(self, data: Data) -> None:
        sharing = CONSENT | {"ConsentType": "PartnerSharing", "ConsentVersion": "1.0"}

        profile_id = data.create(Consents=[sharing | {"ConsentDate": "2020-03-01"}, CONSENT])

        shown = data.get(profile_id)["Consents"]
        assert [(item["ExpirationDate"], item["Expired"]) for item in shown] == [
            ("2021-03-01T05:00:00Z", True), (None, False),
        ]  # fmt: skip


class TestAlternateIds:
    def test_a_profile_is_found_by_an_alternate_id_in_any_case(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C-1")])

        answer = data.send("GET", BY_ALTERNATE_ID, params=_asked("c-1"))

        assert answer.json()["ProfileId"] == profile_id

    def test_a_post_makes_the_profile_if_there_is_none(self, data: Data) -> None:
        first = data.send("POST", BY_ALTERNATE_ID, params=_asked("C-1"), json={})
        second = data.send(
            "POST", BY_ALTERNATE_ID, params=_asked("c-1"), json={"CustomerType": "Prospect"}
        )

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        profile = data.vendor.profile()
        assert profile["CustomerType"] == "Prospect"
        assert profile["AlternateIds"][0]["AlternateId"] == "C-1"

    def test_a_put_keeps_the_alternate_id_it_is_addressed_by(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C-1")], CustomerName={"FirstName": "Ana"})

        data.send("PUT", BY_ALTERNATE_ID, params=_asked("C-1"), json={})

        profile = data.get(profile_id)
        assert profile["CustomerName"] == {}
        assert [item["AlternateId"] for item in profile["AlternateIds"]] == ["C-1"]

    def test_a_patch_changes_the_profile_it_names(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C-1")])
        patch = [{"op": "replace", "path": "/CustomerType", "value": "Prospect"}]

        data.send("PATCH", BY_ALTERNATE_ID, params=_asked("C-1"), json=patch)

        assert data.get(profile_id)["CustomerType"] == "Prospect"

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
    def test_but_for_a_post_an_unknown_one_is_not_found(self, data: Data, method: str) -> None:
        body: Any = [] if method == "PATCH" else {}

        answer = data.send(method, BY_ALTERNATE_ID, params=_asked("C-9"), json=body)

        assert answer.status_code == 404

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
    def test_both_parameters_are_needed_and_the_type_must_exist(
        self, data: Data, method: str
    ) -> None:
        body: Any = [] if method == "PATCH" else {}
        known = data.create(AlternateIds=[crm("C-1")])

        def status(**query: str) -> int:
            return data.send(method, BY_ALTERNATE_ID, params=query, json=body).status_code

        assert status(alternateId="C-1") == 400
        assert status(alternateIdType="CrmContactId") == 400
        assert status(alternateIdType="Nobody", alternateId="C-1") == 404
        assert data.get(known)


class TestEnding:
    def test_a_deleted_profile_is_gone_and_its_reason_is_kept(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C-1")])

        answer = data.send("DELETE", f"Profile/{profile_id}", params={"reasonCode": "asked for"})

        assert (answer.status_code, answer.content) == (204, b"")
        assert data.vendor.profiles() == []
        [deletion] = data.vendor.admin("GET", "deletions")["deletions"]
        assert (deletion["reason_code"], deletion["token"]) == ("asked for", None)
        assert data.create(AlternateIds=[crm("C-1")]) != profile_id

    def test_a_deactivated_profile_is_found_by_its_id_alone(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C-1")], Emails=[email("a@example.test")])

        answer = data.send("POST", f"Profile/{profile_id}/Deactivate", json={"Reason": "left"})

        assert answer.status_code == 200
        profile = data.get(profile_id)
        assert (profile["IsActive"], profile["ReasonCode"]) == (False, "left")
        assert data.found("Profile/Email", emailAddress="a@example.test") == []
        by_alternate_id = {"params": _asked("C-1")}
        assert data.send("GET", BY_ALTERNATE_ID, **by_alternate_id).status_code == 404
        assert data.send("POST", BY_ALTERNATE_ID, json={}, **by_alternate_id).status_code == 409

    def test_an_activated_profile_is_found_again(self, data: Data) -> None:
        profile_id = data.create(Emails=[email("a@example.test")])
        data.send("POST", f"Profile/{profile_id}/Deactivate")

        answer = data.send("POST", f"Profile/{profile_id}/Activate")

        assert answer.status_code == 200
        assert data.found("Profile/Email", emailAddress="a@example.test") == [profile_id]


class TestPermissions:
    def test_who_may_not_look_profiles_up_reads_nothing(self, data: Data) -> None:
        profile_id = data.create(AlternateIds=[crm("C-1")])
        stranger = data.as_user(READER)

        for path in (f"Profile/{profile_id}", f"Profile/Preferences/{profile_id}/History"):
            assert stranger.send("GET", path).status_code == 403
        patch: list[Any] = []
        assert stranger.send("PATCH", f"Profile/{profile_id}", json=patch).status_code == 403
        query = {"emailAddress": "a@example.test"}
        assert stranger.send("GET", "Profile/Email", params=query).status_code == 403

    def test_who_may_not_delete_or_hide_profiles_does_not(self, data: Data) -> None:
        profile_id = data.create()

        assert data.as_user(NO_DELETE).send("DELETE", f"Profile/{profile_id}").status_code == 403
        hidden = data.as_user(PREFERENCES_ONLY).send("POST", f"Profile/{profile_id}/Deactivate")
        assert hidden.status_code == 403
        assert data.get(profile_id)["IsActive"]

    def test_what_a_user_may_not_write_is_refused(self, data: Data) -> None:
        profile_id = data.create(Emails=[email("a@example.test")])

        def status(user: tuple[str, str], **record: Any) -> int:
            return data.as_user(user).change("POST", profile_id, record).status_code

        assert status(PREFERENCES_ONLY, CustomerName={"FirstName": "Ana"}) == 403
        assert status(CONTACTS_ONLY, Emails=[email("a@example.test", NEWS)]) == 403
        assert status(CONTACTS_ONLY, Consents=[CONSENT]) == 403
        mail = {"FilterId": "EVENTS_MAIL", "PreferenceType": 1}
        assert status(EMAIL_ONLY, ProfilePreferences=[mail]) == 403
        assert status(EMAIL_ONLY, Emails=[email("a@example.test", NEWS)]) == 200

    def test_what_a_user_may_not_see_survives_its_put(self, data: Data) -> None:
        mail = {"FilterId": "EVENTS_MAIL", "PreferenceType": 1}
        profile_id = data.create(Emails=[email("a@example.test", NEWS)], ProfilePreferences=[mail])
        clerk = data.as_user(EMAIL_ONLY)
        assert clerk.get(profile_id)["ProfilePreferences"] == []

        assert clerk.change("PUT", profile_id, {}).status_code == 200

        profile = data.get(profile_id)
        assert [item["FilterId"] for item in profile["ProfilePreferences"]] == ["EVENTS_MAIL"]
        assert profile["Emails"] == []


def _without_dates(item: Any) -> Any:
    if isinstance(item, list):
        return [_without_dates(one) for one in item]
    if not isinstance(item, dict):
        return item
    return {
        name: _without_dates(value) for name, value in item.items() if name != "LastModifiedDate"
    }
