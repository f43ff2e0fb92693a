"""An answer that was not understood is no answer of nothing, nor of somebody else."""

from __future__ import annotations

from typing import Any

import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client, GarbledAnswer, Misconfigured, Unclear
from tests.unit.mypreferences.data_calls import CALLS
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer

SIGN_IN = b"<html><title>Sign in</title>Your session has expired</html>"
WRITES = [name for name in CALLS if assumptions.ROUTES[name].method != "GET"]
SINGLE = {
    "profiles.get": lambda c: c.profiles.get(7),
    "profiles.get_by_alternate_id": lambda c: c.profiles.get_by_alternate_id("Crm", "C-1"),
}
BY_ID = ("profiles.get", "profiles.update", "profiles.overwrite", "profiles.patch")
HISTORIES = [name for name in CALLS if ".history" in name]
GRANTED = {"ConsentType": "Marketing", "ConsentStatus": 1}
REVOKED = {"ConsentType": "Marketing", "ConsentStatus": 3}


def test_change_answered_with_a_page_is_unclear(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [SIGN_IN, b"OK"]:
        for name in WRITES:
            with subtests.test(body=body, name=name):
                vendor.forget()
                vendor.script(answer(200, body, {"Content-Type": "text/html"}))

                with pytest.raises(GarbledAnswer) as raised:
                    CALLS[name](client)

                assert isinstance(raised.value, Unclear)
                assert len(vendor.received) == 1


def test_change_answered_with_nothing_is_done(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for name in [name for name in WRITES if not name.endswith("s.create")]:
        with subtests.test(name=name):
            vendor.forget()
            vendor.script(answer(200, b""))

            CALLS[name](client)


@pytest.mark.parametrize("name", SINGLE)
def test_two_profiles_are_no_answer_to_a_question_for_one(
    vendor: ScriptedVendor, client: Client, name: str
) -> None:
    vendor.script(answer(200, {"Profiles": [{"ProfileId": 7}, {"ProfileId": 8}]}))

    with pytest.raises(GarbledAnswer):
        SINGLE[name](client)


def test_call_by_id_answered_with_another_profile_is_garbled(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [{"ProfileId": 777}, {"ProfileId": "777"}]:
        for name in BY_ID:
            with subtests.test(body=body, name=name):
                vendor.forget()
                vendor.script(answer(200, body))

                with pytest.raises(GarbledAnswer, match="asked for"):
                    CALLS[name](client)


def test_another_user_is_no_answer_to_an_update(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"UserId": 777}))

    with pytest.raises(GarbledAnswer):
        CALLS["users.update"](client)


def test_history_that_is_not_understood_is_garbled(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [
        [{"Emails": [{"EmailAddress": "ana@example.test"}]}],
        b"null",
        {"Preferences": {"Emails": []}},
        {"Emails": {"EmailAddress": "ana@example.test"}},
        {"Emails": [{"EmailAddress": "ana@example.test"}, None]},
        {"Emails": [{"EmailAddress": "ana@example.test", "EmailPreferences": {"FilterId": "A"}}]},
        {"ProfilePreferences": [{"FilterId": "A", "Consents": [None]}]},
        {"ProfileId": 7},
        {"Message": "There is none.", "Errors": []},
        {},
    ]:
        for name in HISTORIES:
            with subtests.test(body=body, name=name):
                vendor.forget()
                vendor.script(answer(200, body))

                with pytest.raises(GarbledAnswer):
                    CALLS[name](client)


def test_a_consent_history_has_the_consents_of_every_level(
    vendor: ScriptedVendor, client: Client
) -> None:
    body = {
        "Addresses": [],
        "Emails": [
            {
                "EmailAddress": "ana@example.test",
                "Consents": [GRANTED],
                "EmailPreferences": [{"FilterId": "NEWS", "Consents": [REVOKED]}],
            }
        ],
        "PhoneNumbers": [{"PhoneNumber": "602-555-0125", "Consents": [REVOKED]}],
        "ProfilePreferences": [{"FilterId": "OFFERS", "Consents": [GRANTED]}],
    }
    vendor.script(answer(200, body), answer(200, {**body, "Consents": [REVOKED]}))

    documented = client.consents.history(7, filter_id="NEWS")
    with_the_profiles = client.consents.history_by_alternate_id("Crm", "C-1")

    assert vendor.received[0].path.endswith("?filterId=NEWS")
    assert documented.emails[0].consents[0].consent_status == 1
    assert [each.consent_status for each in documented.all()] == [1, 3, 1, 3]
    assert [each.consent_status for each in with_the_profiles.all()] == [3, 1, 3, 1, 3]


@pytest.mark.parametrize(
    "body", [{"EmailTypes": {"Id": 1}}, {"EmailTypes": [1]}, {"Message": "bad", "Errors": []}],
    ids=str,
)  # fmt: skip
def test_a_list_that_is_not_understood_is_not_empty(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    with pytest.raises(GarbledAnswer):
        client.configuration.email_types.list()


@pytest.mark.parametrize(
    "named",
    [
        {"emails": [{"EmailAddress": "ana@example.test", "EmailPreferences": []}]},
        {"emails": [{"EmailAddress": "ana@example.test"}]},
        {"phone_numbers": [{"PhoneNumber": "602-555-0125", "PhonePreferences": None}]},
        {"addresses": [{"City": "Springfield"}]},
    ],
    ids=str,
)
def test_a_contact_without_preferences_is_archived_whole_only_if_that_is_said(
    vendor: ScriptedVendor, client: Client, named: dict[str, Any]
) -> None:
    vendor.script(answer(204))

    with pytest.raises(Misconfigured, match="names no preferences"):
        client.preferences.archive(7, **named)
    assert vendor.received == []
    client.preferences.archive(7, **named, whole_contacts=True)

    (collection,) = named.values()
    assert collection in vendor.received[0].json.values()
