"""Events and subscriptions of the client against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from prefdrop.mypreferences import (
    BadRequest,
    Client,
    Conflict,
    Forbidden,
    NotFound,
    Subscription,
    select_all_events,
    select_event,
)
from tests.integration.clients.conftest import Admin, Connect
from tests.integration.clients.people import bring, person

UNHEARD = "http://127.0.0.1:9/unheard"
"""Nobody listens there."""

EVERYTHING = Subscription(
    name="everything", url=UNHEARD, state="Paused", subscriptions=select_all_events()
)


@pytest.fixture(autouse=True)
def loopback(admin: Admin, client: Client) -> None:
    admin("settings", {"allow_http_loopback": True}, "PATCH")


def test_what_an_import_changes_can_be_asked_for_in_each_way(client: Client) -> None:
    subscription = client.subscriptions.create(EVERYTHING)
    assert subscription.id is not None
    bring(client, person(1), person(2))
    bring(client, person(2, CustomerName={"FirstName": "Ana"}))

    of_account = client.events.of_account()
    profile_ids = sorted({int(event.profile_id or 0) for event in of_account})
    of_second = client.events.of_profile(profile_ids[1])
    of_subscription = client.events.of_subscription(subscription.id)
    one = client.events.get(of_account[0].event_id)

    assert len(profile_ids) == 2
    assert not of_account.not_understood
    assert {event.event_id for event in of_second} == {
        event.event_id for event in of_account if event.profile_id == profile_ids[1]
    }
    assert [event.event_id for event in of_subscription] == [event.event_id for event in of_account]
    assert one == of_account[0]
    types = {event.event_type for event in of_second}
    assert {"profile.created", "preference.added", "standardfield.firstname.added"} <= types
    for event in of_account:
        assert event.subscription_id == subscription.id
        assert event.entity
        assert event.occurred_at is not None
        assert event.occurred_at.tzinfo is not None


def test_an_answer_can_be_narrowed_by_type_and_time(client: Client, admin: Admin) -> None:
    bring(client, person(1))
    admin("clock", {"advance": 3600})
    bring(client, person(2))
    (first, second) = client.events.of_account(event_type="profile.created", subscribed_only=False)
    assert first.occurred_at is not None
    assert second.occurred_at is not None
    between = first.occurred_at + timedelta(minutes=1)

    earlier = client.events.of_account(end_at=between, subscribed_only=False)
    later = client.events.of_account(start_at=between, subscribed_only=False)

    assert {event.profile_id for event in earlier} == {first.profile_id}
    assert {event.profile_id for event in later} == {second.profile_id}
    assert client.events.of_account() == []
    with pytest.raises(BadRequest, match="15 days"):
        client.events.of_account(start_at=datetime.now(UTC) - timedelta(days=16))


def test_an_update_says_what_was_there_before(client: Client) -> None:
    bring(client, person(1, CustomerName={"FirstName": "Ana"}))
    bring(client, person(1, CustomerName={"FirstName": "Eva"}))

    (event,) = client.events.of_account(
        event_type="standardfield.firstname.updated", subscribed_only=False
    )

    assert "Eva" in str(event.data)
    assert "Ana" in str(event.previous_data)


def test_a_subscription_to_an_alternate_id_type_answers_with_that_id(client: Client) -> None:
    client.subscriptions.create(
        msgspec.structs.replace(EVERYTHING, alternate_id_type="CrmContactId")
    )
    bring(client, person(1))

    assert {event.profile_id for event in client.events.of_account()} == {"C-1"}


def test_events_that_are_not_there_or_not_permitted_are_refused(
    client: Client, connect: Connect
) -> None:
    for unknown in (
        lambda: client.events.get("no-such-event"),
        lambda: client.events.of_profile(4711),
        lambda: client.events.of_subscription(4711),
    ):
        with pytest.raises(NotFound):
            unknown()

    with pytest.raises(Forbidden, match="permission"):
        connect("demo.no.events").events.of_account()


def test_a_subscription_lives_from_its_creation_to_its_deletion(client: Client) -> None:
    created = client.subscriptions.create(EVERYTHING)
    assert created.id is not None

    resumed = client.subscriptions.resume(created.id, catch_up=True)
    paused = client.subscriptions.pause(created.id)
    renamed = client.subscriptions.replace(
        created.id,
        msgspec.structs.replace(
            paused,
            name="fewer",
            subscriptions=(select_event("preference.updated", "NEWS_WEEKLY"),),
        ),
    )
    (listed,) = client.subscriptions.list()
    client.subscriptions.delete(created.id)

    assert (created.state, created.delivers) == ("Paused", False)
    assert (resumed.state, resumed.catch_up_on_resume) == ("Active", True)
    assert paused == msgspec.structs.replace(resumed, state="Paused")
    assert listed == renamed
    assert (renamed.name, renamed.state, renamed.url) == ("fewer", "Paused", UNHEARD)
    assert [item.filters for item in renamed.subscriptions] == [("NEWS_WEEKLY",)]
    assert client.subscriptions.list() == ()
    with pytest.raises(NotFound):
        client.subscriptions.get(created.id)


def test_the_same_event_goes_to_the_same_address_once(client: Client) -> None:
    client.subscriptions.create(EVERYTHING)
    other = Subscription(name="other", url=UNHEARD, subscriptions=(select_event("consent.added"),))

    with pytest.raises(Conflict):
        client.subscriptions.create(other)
    elsewhere = client.subscriptions.create(msgspec.structs.replace(other, url=UNHEARD + "/2"))

    assert len(client.subscriptions.list()) == 2
    assert elsewhere.name == "other"


def test_without_the_permission_no_subscription_is_shown_or_made(connect: Connect) -> None:
    without = connect("demo.no.events")

    with pytest.raises(Forbidden):
        without.subscriptions.list()
    with pytest.raises(Forbidden):
        without.subscriptions.create(EVERYTHING)
