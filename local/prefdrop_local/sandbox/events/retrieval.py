"""The operations that read events: by account, by profile, by subscription, by event id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.calls import Call, Operation
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.dates import moment_of
from prefdrop_local.sandbox.events.event import Change, Event, View, events_of_change, shown
from prefdrop_local.sandbox.events.history import History
from prefdrop_local.sandbox.events.kinds import known_kind
from prefdrop_local.sandbox.events.subscription import Subscription, first_covering
from prefdrop_local.sandbox.events.subscription_api import permit
from prefdrop_local.sandbox.events.subscriptions import Subscriptions
from prefdrop_local.sandbox.problem import bad_request, not_found
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_EVENTS = NAMES["events.records"].value
_SLACK = 60.0
"""Seconds that `startAt` may lie before the 15 days: a request is under way for a while."""


class _Asked(NamedTuple):
    """What the query asks for."""

    start: float
    end: float
    kind: str | None
    sources: frozenset[str]
    """Names of source groups, folded; empty: all."""

    def wants(self, event: Event) -> bool:
        return self.kind is None or event.kind == self.kind

    def wants_source(self, change: Change) -> bool:
        return not self.sources or change.source.lower() in self.sources


class EventCalls:
    """The Integration API's retrieval of events."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, settings: Callable[[], Settings]
    ) -> None:
        self._account = account
        self._settings = settings
        self._history = History(store, clock)
        self._subscriptions = Subscriptions(store)

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "events.of_account": self.of_account,
            "events.of_profile": self.of_profile,
            "events.of_subscription": self.of_subscription,
            "events.get": self.get,
        }

    def of_account(self, call: Call) -> dict[str, Any]:
        """Events of all profiles."""
        asked = self._asked(call)
        return self._answer(call, asked, self._history.between(asked.start, asked.end))

    def of_profile(self, call: Call) -> dict[str, Any]:
        """Events of one profile, which may have been deleted since."""
        asked = self._asked(call)
        profile_id = _whole(call.values["profileId"])
        if profile_id is None or not self._history.has_profile(profile_id):
            raise not_found("The profile was not found.")
        changes = self._history.between(asked.start, asked.end, profile_id)
        return self._answer(call, asked, changes)

    def of_subscription(self, call: Call) -> dict[str, Any]:
        """Events that one subscription tells of, whether they were delivered or not."""
        asked = self._asked(call)
        number = _whole(call.values["subscriptionId"])
        item = None if number is None else self._subscriptions.get(number)
        if item is None:
            raise not_found("The subscription was not found.")
        changes = self._history.between(asked.start, asked.end)
        return self._shown(asked, changes, [item], subscribed_only=True)

    def get(self, call: Call) -> dict[str, Any]:
        """One event."""
        permit(call)
        self._check_locale(call)
        event = self._history.event(call.values["eventId"])
        if event is None:
            raise not_found("The event was not found.")
        teller = first_covering(self._subscriptions.all(), event)
        return shown(event, self._history.ids().of(event), teller.view if teller else View())

    def _answer(self, call: Call, asked: _Asked, changes: Iterable[Change]) -> dict[str, Any]:
        only = Query(call).flag("subscribedOnly", default=True)
        return self._shown(asked, changes, self._subscriptions.all(), subscribed_only=only)

    def _shown(
        self, asked: _Asked, changes: Iterable[Change], tellers: list[Subscription],
        *, subscribed_only: bool,
    ) -> dict[str, Any]:  # fmt: skip
        ids, most = self._history.ids(), self._settings().events_limit
        found: list[msgspec.Raw] = []
        for event in _wanted(asked, changes if tellers or not subscribed_only else ()):
            teller = first_covering(tellers, event)
            if teller is None and subscribed_only:
                continue
            if len(found) == most:
                return {_EVENTS: found, "HasMore": True}
            view = teller.view if teller else View()
            # As text at once: a hundred thousand events as objects would fill the memory.
            found.append(msgspec.Raw(msgspec.json.encode(shown(event, ids.of(event), view))))
        return {_EVENTS: found}

    def _asked(self, call: Call) -> _Asked:
        """Read the query. Raises 403, or 400 naming what is wrong."""
        permit(call)
        self._check_locale(call)
        query, horizon = Query(call), self._history.horizon()
        start = _moment(query, "startAt", horizon)
        end = _moment(query, "endAt", float("inf"))
        if start < horizon - _SLACK:
            raise bad_request("startAt must lie within the last 15 days.")
        if start >= end:
            raise bad_request("startAt must be before endAt.")
        kind = known_kind(query.text("eventType")) if query.text("eventType") else None
        if query.text("eventType") and kind is None:
            raise bad_request("eventType is not known.")
        return _Asked(start, end, kind, self._sources(query))

    def _sources(self, query: Query) -> frozenset[str]:
        """`sourceGroupIds[n]`: ids of source groups, or their names as `SourceId` shows them."""
        groups = {number: name.lower() for number, name in self._account.source_groups.items()}
        given = query.starting_with("sourceGroupIds").values()
        return frozenset(groups.get(value, value.lower()) for value in given)

    def _check_locale(self, call: Call) -> None:
        """Raise 400 for an unknown one; a known one changes nothing: only support localises."""
        given = Query(call).text("locale").lower().replace("-", "_")
        if given and given not in {locale.lower() for locale in self._account.locales}:
            raise bad_request("locale is not one of the account's locales.")


def _wanted(asked: _Asked, changes: Iterable[Change]) -> Iterator[Event]:
    for change in changes:
        if asked.wants_source(change):
            for event in events_of_change(change):
                if asked.wants(event):
                    yield event


def _moment(query: Query, name: str, default: float) -> float:
    text = query.text(name)
    if not text:
        return default
    try:
        return moment_of(text).timestamp()
    except (ValueError, OverflowError):
        raise bad_request(f"{name} is not an ISO 8601 date.") from None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
