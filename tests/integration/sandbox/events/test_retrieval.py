"""Reading events back: which ones, of whom, from when, and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.caller import Json
from tests.integration.sandbox.events.conftest import Account, item

Contact = Callable[..., Json]

URL = "https://hooks.example.test/mypref"
UNKNOWN_ID = "5b0f5c1e-0a52-8f0b-9c56-2d1d6f6e9a10"


@pytest.fixture
def two_people(account: Account, contact: Contact) -> tuple[int, int]:
    """Profile ids of two people who were imported in this order."""
    account.vendor.run(contact("C-1"), contact("C-2", CustomerName={"FirstName": "Bea"}))
    first, second = account.vendor.profiles()
    return first["ProfileId"], second["ProfileId"]


def _read(account: Account, path: str = "", **query: Any) -> tuple[int, str]:
    answer = account.call("GET", path, params=query)
    return answer.status_code, answer.text


def test_an_account_s_events_are_read_in_the_order_of_the_changes(
    account: Account, two_people: tuple[int, int]
) -> None:
    first, second = two_people

    events = account.events()

    assert [(event["ProfileId"], event["EventType"]) for event in events] == [
        (first, "profile.created"), (first, "contacts.alternateid.added"),
        (second, "profile.created"), (second, "standardfield.firstname.added"),
        (second, "contacts.alternateid.added"),
    ]  # fmt: skip
    assert len({event["EventId"] for event in events}) == 5


def test_a_profile_s_events_are_those_of_no_other(
    account: Account, two_people: tuple[int, int]
) -> None:
    _, second = two_people

    events = account.events(f"/Profile/{second}")

    assert [event["ProfileId"] for event in events] == [second] * 3


def test_an_event_is_read_by_its_id_and_is_the_same_each_time(
    account: Account, two_people: tuple[int, int]
) -> None:
    for event in account.events():
        answer = account.call("GET", f"/{event['EventId']}")

        assert answer.json() == event


def test_by_default_only_events_of_subscriptions_are_read(
    account: Account, contact: Contact
) -> None:
    account.vendor.run(contact("C-1"))
    subscription = account.subscribe(URL, "profile.created", State="Paused")
    account.vendor.run(contact("C-2"))
    latest = account.vendor.profiles()[-1]["ProfileId"]

    answer = account.call("GET").json()

    [event] = answer["Events"]
    assert event["ProfileId"] == latest
    assert event["EventType"] == "profile.created"
    assert event["SubscriptionId"] == subscription["Id"]


def test_a_subscription_s_events_are_those_it_tells_of_since_it_was_made(
    account: Account, contact: Contact
) -> None:
    account.vendor.run(contact("C-1"))
    subscription = account.subscribe(URL, "contacts.alternateid.added", State="Paused")
    account.vendor.run(contact("C-2"))

    [event] = account.events(f"/Subscription/{subscription['Id']}")

    assert event["Data"]["AlternateId"] == "C-2"


def test_a_deleted_subscription_has_no_events_any_more(account: Account, contact: Contact) -> None:
    subscription = account.subscribe(URL, "profile.created", State="Paused")
    account.vendor.run(contact("C-1"))

    account.replace(subscription, IsActive=False)

    assert account.call("GET").json()["Events"] == []
    assert _read(account, f"/Subscription/{subscription['Id']}")[0] == 404


def test_a_profile_is_named_by_its_alternate_id_where_the_subscription_asks_for_that(
    account: Account, contact: Contact
) -> None:
    account.subscribe(URL, "profile.created", State="Paused", AlternateIdType="CrmContactId")
    account.vendor.run(contact("C-1"))
    loyal = [{"AlternateIdType": "LoyaltyId", "AlternateId": "L-1"}]
    account.vendor.run({"AlternateIds": loyal}, MatchValue="LoyaltyId")

    named, unnamed = account.call("GET").json()["Events"]

    assert named["ProfileId"] == "C-1"
    assert unnamed["ProfileId"] == account.vendor.profiles()[1]["ProfileId"]


@pytest.mark.usefixtures("two_people")
def test_events_with_a_query_are_those_that_fit(
    subtests: pytest.Subtests, account: Account
) -> None:
    for query, count in [
        ({"eventType": "profile.created"}, 2),
        ({"eventType": "Profile.Created"}, 2),
        ({"eventType": "profile.deleted"}, 0),
        ({"sourceGroupIds[0]": "Integrations"}, 5),
        ({"sourceGroupIds[0]": "Elsewhere"}, 0),
        ({"sourceGroupIds[0]": "Elsewhere", "sourceGroupIds[1]": "Integrations"}, 5),
        ({"locale": "es_US"}, 5),
        ({"locale": "en-us"}, 5),
    ]:
        with subtests.test(query=query):
            assert len(account.events(**query)) == count


def test_an_answer_that_is_cut_off_says_so(account: Account, two_people: tuple[int, int]) -> None:
    whole = account.events()
    account.vendor.switch(events_limit=3)

    answer = account.call("GET", params={"subscribedOnly": "false"}).json()

    assert answer == {"Events": whole[:3], "HasMore": True}
    assert len(account.events(f"/Profile/{two_people[1]}")) == 3


def test_start_and_end_are_both_included(account: Account, contact: Contact) -> None:
    account.vendor.stop_clock()
    for n in range(3):
        account.vendor.run(contact(f"C-{n}"))
        account.vendor.advance(seconds=1.5)
    moments = [event["EventDate"] for event in account.events(eventType="profile.created")]

    found = account.events(startAt=moments[1], endAt=moments[2])

    assert {event["EventDate"] for event in found} == set(moments[1:])


def test_events_with_a_wrong_query_are_refused_by_name(
    subtests: pytest.Subtests, account: Account
) -> None:
    for query, text in [
        ({"startAt": "2026-02-30"}, "startAt"),
        ({"endAt": "tomorrow"}, "endAt"),
        ({"startAt": "2026-01-15T10:00:00Z"}, "15 days"),
        ({"endAt": "2026-01-15T10:00:00Z"}, "before"),
        ({"eventType": "profile.renamed"}, "eventType"),
        ({"subscribedOnly": "perhaps"}, "subscribedOnly"),
        ({"locale": "xx_YY"}, "locale"),
    ]:
        with subtests.test(query=query):
            status, message = _read(account, **query)

            assert status == 400
            assert text in message


def test_start_must_come_before_end(account: Account, contact: Contact) -> None:
    account.vendor.run(contact("C-1"))
    moment = account.events()[0]["EventDate"]

    assert _read(account, startAt=moment, endAt=moment)[0] == 400


def test_events_are_kept_for_fifteen_days(account: Account, contact: Contact) -> None:
    account.vendor.run(contact("C-1"))
    event_id = account.events()[0]["EventId"]
    account.vendor.advance(hours=15 * 24 - 1)
    account.vendor.run(contact("C-2"))
    assert account.types().count("profile.created") == 2

    account.vendor.advance(hours=2)

    assert account.types().count("profile.created") == 1
    assert _read(account, f"/{event_id}")[0] == 404


def test_only_users_who_may_view_event_data_can_read_or_subscribe(account: Account) -> None:
    account.vendor = account.vendor.as_user("demo.no.events", "sandbox-shared-secret-0008")

    for path in ("", "/Profile/9100001", "/Subscription/41", f"/{UNKNOWN_ID}", "/Subscriptions"):
        assert _read(account, path)[0] == 403
    body = {"Name": "n", "Url": URL, "Subscriptions": [item("profile.created")]}
    assert account.call("POST", "/Subscriptions", json=body).status_code == 403


def test_events_of_something_unknown_are_not_found(
    subtests: pytest.Subtests, account: Account
) -> None:
    for path in [
        "/Profile/9999999",
        "/Profile/abc",
        "/Subscription/999",
        f"/{UNKNOWN_ID}",
        "/no-id",
    ]:
        with subtests.test(path=path):
            assert _read(account, path)[0] == 404


def test_a_reset_makes_other_event_ids(account: Account, contact: Contact) -> None:
    account.vendor.run(contact("C-1"))
    before = {event["EventId"] for event in account.events()}
    account.vendor.reset()

    account.vendor.run(contact("C-1"))

    assert before.isdisjoint(event["EventId"] for event in account.events())
