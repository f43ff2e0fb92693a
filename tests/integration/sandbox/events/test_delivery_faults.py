"""Faults of delivery: seeded, repeatable, and never of what can be read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.sandbox.caller import Json
from tests.integration.sandbox.events.conftest import Account
from tests.integration.sandbox.events.receiver import Receiver

Contact = Callable[..., Json]

KIND = "contacts.alternateid.added"


@pytest.fixture
def feed(account: Account, receiver: Receiver) -> Receiver:
    """A receiver that is told, one after the other, of new alternate ids."""
    account.vendor.switch(delivery_workers=1)
    account.subscribe(receiver, KIND)
    account.settle()
    return receiver


def _import(account: Account, contact: Contact, count: int) -> Json:
    account.vendor.run(*(contact(f"C-{n}") for n in range(1, count + 1)))
    return account.settle()


def _ids(receiver: Receiver) -> list[str]:
    return [event["Data"]["AlternateId"] for event in receiver.events]


def _deliveries(account: Account) -> list[Json]:
    events = account.vendor.admin("GET", "events")["events"]
    return [delivery for event in events for delivery in event["deliveries"]]


def test_a_dropped_notification_never_comes_but_its_event_can_be_read(
    account: Account, feed: Receiver, contact: Contact
) -> None:
    account.strike({"kind": "drop", "nth": 2})

    states = _import(account, contact, 3)

    assert states == {"delivered": 2, "dropped": 1}
    assert _ids(feed) == ["C-1", "C-3"]
    assert len(account.events(eventType=KIND)) == 3


def test_a_duplicated_notification_comes_more_than_once(
    account: Account, feed: Receiver, contact: Contact
) -> None:
    account.strike({"kind": "duplicate", "nth": [1, 3], "copies": 2})

    _import(account, contact, 3)

    assert Counter(_ids(feed)) == {"C-1": 3, "C-2": 1, "C-3": 3}
    assert len({event["EventId"] for event in feed.events}) == 3


def test_a_reordered_notification_is_overtaken(
    account: Account, feed: Receiver, contact: Contact
) -> None:
    account.strike({"kind": "reorder", "nth": 1, "behind": 2})

    _import(account, contact, 4)

    assert _ids(feed) == ["C-2", "C-3", "C-1", "C-4"]


def test_a_delayed_notification_comes_when_its_time_has_come(
    account: Account, feed: Receiver, contact: Contact
) -> None:
    account.vendor.stop_clock()
    account.strike({"kind": "delay", "nth": 1, "seconds": 60})
    account.vendor.run(contact("C-1"), contact("C-2"))
    account.settle(retries="false")
    assert _ids(feed) == ["C-2"]

    account.vendor.advance(seconds=60)
    account.settle()

    assert _ids(feed) == ["C-2", "C-1"]


@pytest.mark.parametrize("delay", [{}, {"seconds": 3600}])
def test_delayed_notifications_can_be_released(
    account: Account, feed: Receiver, contact: Contact, delay: Json
) -> None:
    account.strike({"kind": "delay", "to": 2, **delay})
    account.vendor.run(*(contact(f"C-{n}") for n in (1, 2, 3)))
    account.settle(retries="false")
    assert _ids(feed) == ["C-3"]

    assert account.vendor.admin("POST", "events/release") == {"released": 2}
    account.settle()

    assert _ids(feed) == ["C-3", "C-1", "C-2"]


def _is_half(whole: bytes, body: bytes) -> bool:
    return body == whole[: len(whole) // 2]


def _is_no_text(_whole: bytes, body: bytes) -> bool:
    return b"\x00" in body and body.decode("utf-8", "replace") != body.decode("utf-8", "ignore")


def _is_nameless(whole: bytes, body: bytes) -> bool:
    return b"EventId" in whole and b"EventId" not in body


def _has_other_data(whole: bytes, body: bytes) -> bool:
    return whole != body and whole[:60] == body[:60]


@pytest.mark.parametrize(
    ("how", "is_so"),
    [
        ("truncated", _is_half),
        ("garbled", _is_no_text),
        ("nameless", _is_nameless),
        ("altered", _has_other_data),
    ],
)
def test_a_corrupt_notification_comes_whole_when_it_is_sent_again(
    account: Account, feed: Receiver, contact: Contact, how: str, is_so: Any
) -> None:
    account.strike({"kind": "corrupt", "nth": 1, "how": how})
    feed.statuses = [400]

    _import(account, contact, 1)

    corrupt, whole = feed.notifications
    assert is_so(whole.body, corrupt.body)
    assert whole.json["Data"]["AlternateId"] == "C-1"


def test_chance_is_drawn_from_the_seed(
    account: Account, receiver: Receiver, contact: Contact
) -> None:
    struck = []
    for seed in (7, 7, 8):
        account.vendor.reset()
        account.vendor.switch(allow_http_loopback=True, delivery_wait_scale=0, handshake="none")
        account.subscribe(receiver, KIND)
        account.strike({"kind": "drop", "chance": 0.3}, seed=seed)
        _import(account, contact, 40)
        struck.append([delivery["state"] for delivery in _deliveries(account)])

    first, again, other = struck
    assert first == again
    assert first != other
    assert 0 < first.count("dropped") < 40


def test_rules_look_at_chosen_events_and_say_how_often_they_struck(
    account: Account, receiver: Receiver, contact: Contact
) -> None:
    account.vendor.switch(handshake="none")
    account.subscribe(receiver)
    account.strike({"kind": "drop", "event_type": "profile.*", "times": 1})

    _import(account, contact, 3)

    [rule] = account.vendor.admin("GET", "events/faults")["rules"]
    assert (rule["calls"], rule["strikes"]) == (3, 1)
    assert Counter(receiver.types) == {"profile.created": 2, KIND: 3}
    assert account.vendor.admin("DELETE", "events/faults")["rules"] == []


def test_nothing_is_lost_or_invented_under_all_of_them_at_once(
    account: Account, receiver: Receiver, contact: Contact
) -> None:
    account.subscribe(receiver)
    receiver.statuses = [200, 503] * 20
    account.strike(
        {"kind": "drop", "chance": 0.1},
        {"kind": "duplicate", "chance": 0.2},
        {"kind": "reorder", "chance": 0.2, "behind": 5},
        {"kind": "delay", "chance": 0.1, "seconds": 0.05},
        seed=3,
    )

    states = _import(account, contact, 60)

    made = {event["EventId"] for event in account.events()}
    came = {event["EventId"] for event in receiver.events}
    assert set(states) == {"delivered", "dropped"}
    assert len(made) == 120
    assert came < made
    assert len(made - came) == states["dropped"]


def test_delivery_rule_that_is_wrong_is_refused(
    subtests: pytest.Subtests, account: Account
) -> None:
    for rules in [
        {"rules": [{"kind": "explode"}]},
        {"rules": [{"kind": "drop", "chance": 2}]},
        {"rules": [{"kind": "drop", "nth": 0}]},
        {"rules": [{"kind": "corrupt", "how": "nicely"}]},
        {"rules": [{"kind": "drop", "route": "import.stage"}]},
        [],
    ]:
        with subtests.test(rules=rules):
            url = account.vendor.process.admin_url + "events/faults"

            answer = requests.put(url, json=rules, timeout=60)

            assert answer.status_code == 400
            assert "faults" in answer.json()["Message"]
