"""A plan is done once, whatever happens to its answers and whoever else changes something."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from prefdrop.errors import Terminal
from prefdrop.mypreferences import Conflict
from prefdrop.mypreferences.errors import NoAnswer
from prefdrop.mypreferences.subscriptions_models import Subscription, select_event
from prefdrop_cli.commands.subscriptions import PlanOutdated, apply
from prefdrop_cli.subscribing.definition import WantedSubscription
from prefdrop_cli.subscribing.planning import Step, plan

URL = "https://hooks.example.test/webhooks/mypreferences/a-key-of-the-stack"
OLD = Subscription(
    id=1, name="audit", url=URL, state="Active", subscriptions=(select_event("consent.updated"),)
)
WANTED = WantedSubscription(name="audit", url="stack", events=("consent.*",))
ABSENT = WantedSubscription(name="audit", absent=True)


class Account:
    """The subscriptions of an account, and what goes wrong with the answer to a change."""

    def __init__(self, *held: Subscription) -> None:
        self.held = {one.id: one for one in held}
        self.changes = 0
        self.error: Exception | None = None
        self.lands = True
        self.client: Any = SimpleNamespace(subscriptions=self)

    def list(self) -> tuple[Subscription, ...]:
        return tuple(self.held.values())

    def create(self, subscription: Subscription) -> None:
        self._change(lambda: self.held.update({9: subscription}))

    def replace(self, number: int, subscription: Subscription) -> None:
        self._change(lambda: self.held.update({number: subscription}))

    def delete(self, number: int) -> None:
        self._change(lambda: self.held.pop(number, None))

    def _change(self, act: Callable[[], Any]) -> None:
        self.changes += 1
        if self.lands:
            act()
        if self.error:
            raise self.error

    def look(self, entry: WantedSubscription) -> list[Step]:
        return plan([entry], self.list(), URL)


CASES = [
    pytest.param([], WANTED, id="create"),
    pytest.param([OLD], WANTED, id="change"),
    pytest.param([OLD], ABSENT, id="remove"),
]


@pytest.mark.parametrize(("held", "entry"), CASES)
@pytest.mark.parametrize("error", [NoAnswer("lost"), Conflict("it is there")])
def test_change_whose_answer_was_lost_is_found_done(
    held: list[Subscription], entry: WantedSubscription, error: Terminal
) -> None:
    account = Account(*held)
    account.error = error

    apply(account.client, account.look(entry), lambda: account.look(entry))
    apply(account.client, account.look(entry), lambda: account.look(entry))

    assert account.changes == 1


@pytest.mark.parametrize(("held", "entry"), CASES)
def test_change_that_did_not_land_is_reported(
    held: list[Subscription], entry: WantedSubscription
) -> None:
    account = Account(*held)
    account.error, account.lands = NoAnswer("lost"), False

    with pytest.raises(NoAnswer):
        apply(account.client, account.look(entry), lambda: account.look(entry))


@pytest.mark.parametrize(("held", "entry"), CASES)
def test_plan_that_another_has_done_changes_nothing(
    held: list[Subscription], entry: WantedSubscription
) -> None:
    account = Account(*held)
    steps = account.look(entry)
    apply(account.client, steps, lambda: account.look(entry))

    apply(account.client, steps, lambda: account.look(entry))

    assert account.changes == 1


def test_subscription_changed_since_the_plan_is_left() -> None:
    account = Account(OLD)
    steps = account.look(WANTED)
    events = (select_event("preference.added"),)
    account.held[1] = Subscription(
        id=1, name="audit", url=URL, state="Active", subscriptions=events
    )

    with pytest.raises(PlanOutdated) as outdated:
        apply(account.client, steps, lambda: account.look(WANTED))

    assert account.changes == 0
    assert "'audit' was changed" in outdated.value.message


def test_member_that_the_file_leaves_open_is_kept() -> None:
    account = Account(OLD)
    steps = account.look(WANTED)
    account.held[1] = Subscription(
        id=1, name="audit", url=URL, state="Active", subscriptions=OLD.subscriptions, locale_id="es"
    )

    apply(account.client, steps, lambda: account.look(WANTED))

    assert account.held[1].locale_id == "es"
