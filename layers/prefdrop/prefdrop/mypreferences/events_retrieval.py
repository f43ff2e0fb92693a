"""The Events API: what happened, asked for by account, profile, subscription or event id.

The vendor keeps events for 15 days, shows no paging parameters, and answers only events of active
subscriptions unless told otherwise. The API user's group needs the permission Event Data, View.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypedDict, Unpack

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.answers import (
    Answer,
    any_case,
    lacking,
    lenient_bool,
    lenient_int,
)
from prefdrop.mypreferences.errors import Misconfigured, NotFound
from prefdrop.mypreferences.events import BYTE_ORDER_MARK, Event, NotUnderstood, parse_events
from prefdrop.mypreferences.operations import Operations, Query

NO_CONTENT = HTTPStatus.NO_CONTENT
"""The one status whose answer is empty; of any other, an empty body has lost its events."""


LARGEST_ANSWER = 32_000_000
"""Bytes of the longest list that is taken. Parsed, it takes four to five times as much memory,
which a function must have; nothing bounds how many events a time holds."""


class EventFilter(TypedDict, total=False):
    """Which events to answer; each key may be left out.

    `start_at` and `end_at` are aware and both inclusive; the first must be the earlier one and lie
    within the last 15 days, which is also what it means when it is left out. `source_group_ids` are
    those of the users that made the changes. `subscribed_only` is True at the vendor unless given:
    only events to which an active subscription exists. Events of a subscription can't be asked
    for with it.
    """

    event_type: str
    start_at: datetime
    end_at: datetime
    source_group_ids: Sequence[int | str]
    locale: str
    subscribed_only: bool


class EventList(list[Event]):
    """The events that a request was answered with, in the vendor's order.

    `not_understood` are the items of the answer that are no events, `answered` counts both.
    `around` is what the answer holds beside its items, where that may be events too.
    `has_more` is True if the vendor says that it holds more than it answered; then ask for a
    shorter time.
    """

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        not_understood: Sequence[NotUnderstood] = (),
        around: NotUnderstood | None = None,
        has_more: bool = False,
    ) -> None:
        super().__init__(events)
        self.not_understood = tuple(not_understood)
        self.around = around
        self.has_more = has_more

    @property
    def answered(self) -> int:
        """How many items the answer had, understood or not."""
        return len(self) + len(self.not_understood)


class Events(Operations):
    """The retrieval of events of one account; `Client.events` is where to get it.

    Everything here is a read: retried. Raises Forbidden where the API user may not see events, and
    AnswerTooLarge where they are too many to be taken at once.
    """

    def of_account(self, **which: Unpack[EventFilter]) -> EventList:
        """Events of all profiles."""
        return _listed(
            self._send("events.of_account", query=_query(**which), largest=LARGEST_ANSWER)
        )

    def of_profile(self, profile_id: int | str, **which: Unpack[EventFilter]) -> EventList:
        """Events of one profile; raises NotFound if there is none with this id."""
        answer = self._send(
            "events.of_profile",
            profileId=str(profile_id),
            query=_query(**which),
            quotes_data=True,
            largest=LARGEST_ANSWER,
        )
        return _listed(answer)

    def of_subscription(
        self, subscription_id: int | str, **which: Unpack[EventFilter]
    ) -> EventList:
        """Events that one subscription was meant to deliver; raises NotFound if there is none."""
        if "subscribed_only" in which:
            raise Misconfigured(
                "Events of a subscription cannot be asked for with subscribed_only.",
                hint="Leave it out: all of them are subscribed.",
            )
        answer = self._send(
            "events.of_subscription",
            subscriptionId=str(subscription_id),
            query=_query(**which),
            largest=LARGEST_ANSWER,
        )
        return _listed(answer)

    def get(self, event_id: str) -> Event:
        """One event; raises NotFound if the vendor holds none with this id, or no more."""
        answer = self._send("events.get", eventId=event_id)
        for event in _listed(answer):
            if event.event_id == event_id:
                return event
        raise NotFound(
            "MyPreferences answered events.get without the event.",
            hint="Events are kept for 15 days; check the event's id.",
            route=answer.route,
            status=answer.status,
        )


def _query(
    *,
    event_type: str | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    source_group_ids: Sequence[int | str] = (),
    locale: str | None = None,
    subscribed_only: bool | None = None,
) -> Query:
    query: Query = [
        ("eventType", event_type),
        ("startAt", start_at),
        ("endAt", end_at),
        ("sourceGroupIds", list(source_group_ids)),
        ("locale", locale),
        ("subscribedOnly", subscribed_only),
    ]
    if start_at and end_at and start_at.tzinfo and end_at.tzinfo and start_at >= end_at:
        raise Misconfigured(
            "Events cannot be asked for: start_at is not before end_at.",
            hint="Both are inclusive and need at least a millisecond between them.",
        )
    return query


def _listed(answer: Answer) -> EventList:
    body = answer.body.removeprefix(BYTE_ORDER_MARK).strip()
    if not body and answer.status == NO_CONTENT:
        return EventList()
    parsed = parse_events(body)
    if any(item.position is None for item in parsed.not_understood):
        # Not a list of events and no event either: is it another way to say that there are none?
        return _none(answer)
    has_more = body.startswith(b"{") and _has_more(any_case(answer.json()), len(parsed.items))
    return EventList(
        parsed.events,
        not_understood=parsed.not_understood,
        around=parsed.around,
        has_more=has_more,
    )


def _none(answer: Answer) -> EventList:
    decoded = answer.json()
    if decoded is None:
        return EventList()
    if isinstance(decoded, dict):
        members = any_case(decoded)
        name = assumptions.NAMES["events.records"].value.lower()
        says_none = lenient_int(members.get("count")) == 0 and not members.get(name)
        if says_none or (name in members and not members[name]):
            return EventList(has_more=_has_more(members, 0))
    raise lacking(answer, "events")


def _has_more(members: Mapping[str, Any], answered: int) -> bool:
    """Whether the vendor says so, or names a total that is above what it answered."""
    total = lenient_int(members.get("totalresults"))
    return lenient_bool(members.get("hasmore", False)) or (total is not None and total > answered)
