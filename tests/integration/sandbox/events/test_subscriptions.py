"""Subscriptions: what can be asked for, and what each request makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.sandbox.caller import Json
from tests.integration.sandbox.events.conftest import Account, item

Contact = Callable[..., Json]

URL = "https://hooks.example.test/mypref"
BODY = {"Name": "feed", "Url": URL, "Subscriptions": [item("profile.created")]}


def _create(account: Account, **members: Any) -> Any:
    body = {name: value for name, value in {**BODY, **members}.items() if value is not ...}
    return account.call("POST", "/Subscriptions", json=body)


def _listed(account: Account, **query: Any) -> list[Json]:
    answer = account.call("GET", "/Subscriptions", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["Subscriptions"])


def test_a_new_subscription_is_paused_and_has_an_id(account: Account) -> None:
    answer = _create(account, Description="to a queue", LocaleID="es_US")

    created = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/Events/Subscriptions/{created['Id']}")
    assert created | {
        "Name": "feed", "Description": "to a queue", "LocaleId": "es_US", "Url": URL,
        "State": "Paused", "IsMinimized": False, "IsActive": True, "CatchUpOnResume": False,
        "Subscriptions": BODY["Subscriptions"],
    } == created  # fmt: skip


def test_subscriptions_are_listed_all_or_one(account: Account) -> None:
    first = _create(account).json()
    second = _create(account, Url=URL + "2", State="Active").json()

    assert _listed(account) == [first, second]
    assert _listed(account, subscriptionId=second["Id"]) == [second]
    answer = account.call("GET", "/Subscriptions", params={"subscriptionId": 999})
    assert answer.status_code == 404


def test_replacing_empties_what_is_left_out(account: Account) -> None:
    created = _create(account, Description="old", CatchUpOnResume=True, State="Active").json()

    answer = account.call("PUT", f"/Subscriptions/{created['Id']}", json={**BODY, "Name": "new"})

    assert answer.status_code == 200
    assert answer.json() == _listed(account)[0]
    replaced = answer.json()
    assert (replaced["Name"], replaced["Description"]) == ("new", "")
    assert (replaced["State"], replaced["CatchUpOnResume"]) == ("Paused", False)


def test_replacing_with_is_active_false_deletes(account: Account) -> None:
    created = _create(account).json()

    account.replace(created, IsActive=False)

    assert _listed(account) == []
    path = f"/Subscriptions/{created['Id']}"
    assert account.call("PUT", path, json=BODY).status_code == 404


@pytest.mark.parametrize("state", ["Active", "Paused", "Inactive"])
def test_all_documented_states_are_taken(account: Account, state: str) -> None:
    assert _create(account, State=state).json()["State"] == state


@pytest.mark.parametrize(("sent", "stored"), [(True, True), ("true", True), ("False", False)])
def test_is_minimized_may_be_a_boolean_or_a_text(account: Account, sent: Any, stored: bool) -> None:
    assert _create(account, IsMinimized=sent).json()["IsMinimized"] is stored


def test_the_same_event_goes_to_one_url_once(account: Account) -> None:
    first = _create(account).json()

    again = _create(account, Subscriptions=[item("profile.deleted"), item("profile.created")])
    another_event = _create(account, Subscriptions=[item("profile.deleted")])
    another_url = _create(account, Url="https://hooks.example.test/other")

    assert again.status_code == 409
    assert (another_event.status_code, another_url.status_code) == (201, 201)
    assert account.replace(first)["Id"] == first["Id"]
    moved = {**another_url.json(), "Url": URL}
    path = f"/Subscriptions/{moved['Id']}"
    assert account.call("PUT", path, json=moved).status_code == 409


def test_the_url_of_a_deleted_subscription_is_free_again(account: Account) -> None:
    account.replace(_create(account).json(), IsActive=False)

    assert _create(account).status_code == 201


def test_subscription_that_is_wrong_is_refused_and_not_made(
    subtests: pytest.Subtests, account: Account
) -> None:
    for members in [
        {"Name": ...},
        {"Name": " "},
        {"Url": ...},
        {"Url": "http://hooks.example.test/mypref"},
        {"Url": "http://192.0.2.7/mypref"},
        {"Url": "https://"},
        {"Url": "https://hooks.example.test:port/"},
        {"Url": "ftp://127.0.0.1/"},
        {"Url": 7},
        {"State": "Sleeping"},
        {"IsMinimized": "perhaps"},
        {"IsActive": False},
        {"CatchUpOnResume": 1},
        {"AlternateIdType": "Passport"},
        {"Subscriptions": ...},
        {"Subscriptions": []},
        {"Subscriptions": ["profile.created"]},
        {"Subscriptions": [{"Entity": "ProfileActions"}]},
        {"Subscriptions": [{"Entity": "ProfileActions", "EventType": "profile.renamed"}]},
        {"Subscriptions": [{"Entity": "Contacts", "EventType": "profile.created"}]},
        {"Subscriptions": [{"Entity": "Politics", "EventType": "profile.created"}]},
        {"Subscriptions": [item("preference.added", Filters=["NO_SUCH_FILTER"])]},
        {"Subscriptions": [item("preference.added", Filters=[])]},
        {"Subscriptions": [item("preference.added", Filters="NEWS_WEEKLY")]},
        {"Subscriptions": [item("consent.added", ConsentTypes=["NoSuchConsent"])]},
        {"Subscriptions": [item("contacts.email.added", ContactTypes=["Moon"])]},
        {"Subscriptions": [item("customfield.added", CustomFields=["NoSuchField"])]},
        {"Subscriptions": [item("group.added", Groups=["NoSuchGroup"])]},
    ]:
        with subtests.test(members=members):
            answer = _create(account, **members)

            assert answer.status_code == 400, answer.text
            assert answer.json()["Message"]
            assert _listed(account) == []


def test_http_is_taken_on_this_machine_only_where_that_is_switched_on(account: Account) -> None:
    url = "http://localhost:8080/hook"
    assert _create(account, Url=url).status_code == 201

    account.vendor.switch(allow_http_loopback=False)

    assert _create(account, Url=url + "2").status_code == 400


def test_a_misspelt_event_type_of_the_vendor_s_pages_is_understood(account: Account) -> None:
    misspelt = {"Entity": "Consents", "EventType": "consent.elementassocation.deactivated"}

    created = _create(account, Subscriptions=[misspelt]).json()

    kind = created["Subscriptions"][0]["EventType"]
    assert kind == "consent.elementassociation.deactivated"


CONSENT = {"ConsentVersion": "1.0", "Locale": "en_US", "ConsentStatus": 1}
OF_EACH_KIND = {
    "Emails": [
        {
            "EmailAddressType": "Home",
            "EmailAddress": "a@example.test",
            "EmailPreferences": [
                {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1},
                {"FilterId": "OFFERS_EMAIL", "PreferenceType": 1},
            ],
        },
        {"EmailAddressType": "Work", "EmailAddress": "b@example.test"},
    ],
    "Consents": [
        {"ConsentType": "Marketing", **CONSENT, "ConsentVersion": "2.0"},
        {"ConsentType": "PartnerSharing", **CONSENT},
    ],
    "CustomFields": [{"Name": "Tier", "Value": "Gold"}, {"Name": "ShoeSize", "Value": 42}],
    "Groups": [
        {"GroupType": "Region", "GroupName": "North"},
        {"GroupType": "Household", "GroupName": "Ruiz Family"},
    ],
}
NAMED = ("FilterId", "ConsentType", "EmailAddressType", "AlternateIdType", "Name", "GroupType")
"""What names the part of a profile that an event is about."""


def test_subscription_with_a_selector_has_the_events_that_fit(
    subtests: pytest.Subtests, account: Account, contact: Contact
) -> None:
    for selected, named in [
        (item("preference.added", Filters=["news_weekly"]), ["NEWS_WEEKLY"]),
        (item("preference.added", Filters=["AllFilters"]), ["NEWS_WEEKLY", "OFFERS_EMAIL"]),
        (item("preference.added"), ["NEWS_WEEKLY", "OFFERS_EMAIL"]),
        (item("consent.added", ConsentTypes=["PartnerSharing"]), ["PartnerSharing"]),
        (item("contacts.email.added", ContactTypes=["Work"]), ["Work"]),
        (item("contacts.alternateid.added", ContactTypes=["LoyaltyId"]), []),
        (item("customfield.added", CustomFields=["Tier"]), ["Tier"]),
        (item("group.added", Groups=["Region"]), ["Region"]),
    ]:
        with subtests.test(selected=selected):
            account.vendor.reset()
            _create(account, Subscriptions=[selected])
            account.vendor.run(contact("C-1", **OF_EACH_KIND))

            events = account.call("GET").json()["Events"]

            found = [
                next(event["Data"][name] for name in NAMED if name in event["Data"])
                for event in events
            ]
            assert found == named


def test_request_faults_strike_these_routes_too(account: Account) -> None:
    rules = [
        {"route": "subscriptions.create", "nth": 1, "kind": "reset_after"},
        {"route": "events.of_account", "nth": 1, "kind": "status", "status": 503},
    ]
    account.vendor.admin("PUT", "faults", json={"rules": rules})

    with pytest.raises(requests.ConnectionError):
        _create(account)

    assert len(_listed(account)) == 1
    assert _create(account).status_code == 409
    assert account.call("GET").status_code == 503
    assert account.call("GET").status_code == 200
