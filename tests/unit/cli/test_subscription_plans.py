"""What `subscriptions apply` would do, against what the vendor holds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from prefdrop.mypreferences.subscriptions_models import (
    EventSelection,
    Subscription,
    select_event,
)
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.output import printable
from prefdrop_cli.subscribing.definition import WantedSubscription
from prefdrop_cli.subscribing.planning import Step, plan

URL = "https://hooks.example.test/webhooks/mypreferences/a-key-of-the-stack"


def held(**members: Any) -> Subscription:
    return Subscription(
        **{
            "id": 42,
            "name": "audit",
            "url": URL,
            "state": "Active",
            "subscriptions": (select_event("consent.updated"),),
            **members,
        }
    )


def wanted(**members: Any) -> WantedSubscription:
    return WantedSubscription(
        **{"name": "audit", "url": "stack", "events": ("consent.updated",), **members}
    )


def step(entry: WantedSubscription, *there: Subscription) -> Step:
    (first, *_) = plan([entry], there, URL)
    return first


def test_what_is_as_the_file_says_is_kept() -> None:
    assert step(wanted(), held()).deed == "keep"


def test_a_paused_subscription_stays_paused_unless_the_file_says_active() -> None:
    assert step(wanted(), held(state="Paused")).deed == "keep"
    assert step(wanted(state="Active"), held(state="Paused")).subscription.state == "Active"


def test_a_new_subscription_is_active_unless_the_file_says_paused() -> None:
    assert step(wanted()).subscription.state == "Active"
    assert step(wanted(state="Paused")).subscription.state == "Paused"


def test_an_event_type_that_we_do_not_know_is_never_dropped() -> None:
    new = msgspec.convert({"Entity": "Consents", "EventType": "consent.brandnew"}, EventSelection)
    there = held(subscriptions=(select_event("consent.updated"), new))

    changed = step(wanted(events=("consent.*",)), there)

    kinds = [item.event_type for item in changed.subscription.subscriptions]
    assert "consent.brandnew" in kinds
    assert changed.loses == ()
    assert not changed.removes


def test_an_event_type_that_would_no_longer_be_delivered_has_to_be_agreed_to() -> None:
    there = held(subscriptions=(select_event("consent.updated"), select_event("consent.added")))

    changed = step(wanted(), there)

    assert changed.deed == "change"
    assert changed.loses == ("consent.added",)
    assert changed.removes


def test_all_of_a_kind_may_be_written_as_a_word_or_as_nothing() -> None:
    silent = msgspec.structs.replace(select_event("consent.updated"), consent_types=())

    assert step(wanted(), held(subscriptions=(silent,))).deed == "keep"


def test_names_are_compared_without_the_blanks_around_them() -> None:
    assert step(wanted(), held(name=" audit ")).deed == "keep"


def test_removals_come_before_what_takes_their_place() -> None:
    steps = plan([wanted(name="new"), WantedSubscription(name="audit", absent=True)], [held()], URL)

    assert [one.deed for one in steps] == ["remove", "create"]


def test_a_name_that_the_vendor_has_twice_is_refused() -> None:
    with pytest.raises(WrongUse, match="several subscriptions named 'audit': 42, 43"):
        plan([wanted()], [held(), held(id=43)], URL)


def test_what_a_terminal_would_act_on_is_written_out() -> None:
    assert printable("consent\x1b[2J.updated \u0416") == "consent\\u001b[2J.updated \u0416"
