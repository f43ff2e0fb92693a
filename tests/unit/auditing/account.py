"""The vendor's side of a reading back: an account that holds events, and what it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from prefdrop.auditing import backfill_events
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences.events import parse_events
from prefdrop.mypreferences.events_retrieval import EventList
from prefdrop.mypreferences.subscriptions_models import Subscription
from prefdrop.services import Deadline
from tests.call_watch import calls_of
from tests.unit.auditing.receiver import NOW, Context, Receiver, event

HOUR = timedelta(hours=1)
SCHEDULED: dict[str, Any] = {"detail-type": "Scheduled Event", "source": "aws.events"}


class Account:
    """The vendor's side: an account that holds events and answers at most `page` of them."""

    def __init__(self, page: int = 10_000) -> None:
        self.held: list[tuple[datetime, dict[str, Any]]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.page = page
        self.says_more = True
        self.events = self
        self.subscriptions = self
        self.subscribed: list[Subscription] = []

    def happen(self, event_id: str, before: timedelta, **members: Any) -> dict[str, Any]:
        moment = NOW - before
        made = event(event_id, EventDate=iso_of(moment), **members)
        self.held.append((moment, made))
        return made

    def call(self, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def of_account(self, **which: Any) -> EventList:
        self.asked.append(("account", which))
        found = [e for moment, e in self.held if which["start_at"] <= moment <= which["end_at"]]
        parsed = parse_events(json.dumps(found[: self.page]).encode())
        more = self.says_more and len(found) > self.page
        return EventList(parsed.events, not_understood=parsed.not_understood, has_more=more)

    def of_profile(self, profile_id: int | str, **which: Any) -> EventList:
        found = self.of_account(**which)
        self.asked[-1] = (f"profile {profile_id}", which)
        return EventList(one for one in found if one.profile_id == profile_id)

    def of_subscription(self, subscription_id: int | str, **which: Any) -> EventList:
        found = self.of_account(**which)
        self.asked[-1] = (f"subscription {subscription_id}", which)
        return EventList(one for one in found if one.subscription_id == subscription_id)

    def list(self) -> tuple[Subscription, ...]:
        return tuple(self.subscribed)

    def get(self, event_id: str) -> Any:
        self.asked.append((f"event {event_id}", {}))
        one = next(one for _, one in self.held if one["EventId"] == event_id)
        return parse_events(json.dumps(one).encode()).events[0]


def read_back(receiver: Receiver, seconds: float = 900, **request: Any) -> dict[str, Any]:
    with calls_of("BackfillEventsFunction", receiver.environment):
        return backfill_events.run(receiver.services, request, Deadline(Context(seconds)))
