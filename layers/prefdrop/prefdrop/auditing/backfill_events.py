"""BackfillEvents: read events back from the vendor into the audit table, and count the missed.

The schedule goes on where the last reading ended. On demand it reads what it is asked for: events
of the account, of a subscription or of a profile in a window of the last 15 days, or one event.
Reading twice changes nothing: what is kept stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

import msgspec

from prefdrop.auditing.bodies import Item
from prefdrop.auditing.keeping import Origin, by, count
from prefdrop.auditing.services import Services
from prefdrop.auditing.slices import Slices
from prefdrop.errors import Terminal, Transient
from prefdrop.importing.services import Deadline
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences import Client
from prefdrop.mypreferences.events_retrieval import EventFilter, EventList
from prefdrop.telemetry import logger, metrics

HORIZON = timedelta(days=15) - timedelta(minutes=5)
"""How far back the vendor answers (`MaxEventHistoryDays`), less what a request may take."""

OVERLAP = timedelta(hours=1)
"""Of a scheduled reading with the one before it: events may be recorded late."""

EVER = datetime.min.replace(tzinfo=UTC)

MARGIN_SECONDS = 120
"""Time kept for one request, which the client may send four times."""

Way = Literal["account", "subscription", "profile", "event"]


class BackfillRefused(Terminal):
    """What was asked to be read back cannot be read back."""


class EventsNotKept(Transient):
    """The audit table did not take all events of a slice."""


class BackfillRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to read back: one of the three ids, else the account's events.

    `since` and `until` are aware; a window is cut to the last 15 days. Without `since`, reading
    the account goes on where it ended last; all else is read as far back as the vendor answers.
    `cursor` is what an answer `continue` brought.
    With `subscribed_only` False also events come that no subscription would deliver; as they are
    missed by nobody, none is counted.
    """

    event_id: str = ""
    profile_id: int | str = ""
    subscription_id: int | str = ""
    since: datetime | None = None
    until: datetime | None = None
    event_type: str = ""
    subscribed_only: bool = True
    cursor: dict[str, str] = {}

    @property
    def way(self) -> Way:
        """By what the events are asked for."""
        if self.event_id:
            return "event"
        if self.profile_id != "":
            return "profile"
        return "subscription" if self.subscription_id != "" else "account"

    @property
    def goes_on(self) -> bool:
        """Whether the account's subscribed events are read from where they were read last."""
        narrowed = self.since or self.event_type or not self.subscribed_only
        return self.way == "account" and not narrowed


def run(services: Services, event: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
    """Read back, and answer `done`, or `continue` with a cursor when the time is up."""
    request = _request_of(event)
    backfill = _Backfill(services, request)
    if request.way == "event":
        backfill.read_one(deadline)
        return backfill.answer(None)
    slices = _slices(services, request)
    for _ in backfill.read(slices, deadline):
        if request.goes_on:
            _cover(services, slices)
    return backfill.answer(slices)


class _Backfill:
    """One invocation's reading and its counts."""

    def __init__(self, services: Services, request: BackfillRequest) -> None:
        self._services = services
        self._request = request
        self._counts: Counter[str] = Counter()

    def read(self, slices: Slices, deadline: Deadline) -> Iterator[None]:
        """Read slice after slice, as long as there is time; yields after each that is kept."""
        while not slices.finished and deadline.remaining() > MARGIN_SECONDS:
            found = self._services.vendor.call(partial(self._ask, slices.at, slices.end))
            self._counts["requests"] += 1
            if slices.shorten(found, has_more=found.has_more):
                continue
            self._keep([*found, *found.not_understood], deadline)
            slices.advance()
            yield

    def read_one(self, deadline: Deadline) -> None:
        """Read the one event that is asked for; raises NotFound if the vendor has it no more."""
        event_id = self._request.event_id
        found = self._services.vendor.call(lambda client: client.events.get(event_id))
        self._counts["requests"] += 1
        self._keep([found], deadline)

    def _ask(self, start: datetime, end: datetime, client: Client) -> EventList:
        request = self._request
        which: EventFilter = {"start_at": start, "end_at": end}
        if request.event_type:
            which["event_type"] = request.event_type
        if request.way == "subscription":
            return client.events.of_subscription(request.subscription_id, **which)
        if not request.subscribed_only:
            which["subscribed_only"] = False
        if request.way == "profile":
            return client.events.of_profile(request.profile_id, **which)
        return client.events.of_account(**which)

    def _keep(self, items: Sequence[Item], deadline: Deadline) -> None:
        outcomes = self._services.keeper.keep(items, self._origin(), deadline.remaining)
        if lost := outcomes["failed"] + outcomes["late"]:
            raise EventsNotKept(
                f"{lost} of {len(items)} events could not be kept.",
                hint="Read the same window back again; what was kept is not kept twice.",
            )
        self._tally(len(items), outcomes)

    def _origin(self) -> Origin:
        """With the moment from before which all should have come by webhook."""
        origin = by("backfill")
        if self._request.way == "event" or not self._request.subscribed_only:
            return origin
        grace = timedelta(seconds=self._services.settings.backfill_grace_seconds)
        overdue = datetime.fromisoformat(origin.received_at) - grace
        return msgspec.structs.replace(origin, overdue=iso_of(overdue))

    def _tally(self, found: int, outcomes: Counter[str]) -> None:
        missed = outcomes["missed"] + outcomes["overdue"]
        self._counts.update(
            found=found,
            stored=outcomes["stored"] + outcomes["missed"],
            duplicate=outcomes["duplicate"] + outcomes["overdue"],
            missed=missed,
            conflict=outcomes["conflict"],
            not_understood=outcomes["not_understood"],
        )
        if missed:
            metrics.add_metric("EventsMissed", "Count", missed)
        count(outcomes)

    def answer(self, slices: Slices | None) -> dict[str, Any]:
        """What the invocation came to; counts are its own, not those of invocations before it."""
        finished = slices is None or slices.finished
        told = {name: self._counts[name] for name in COUNTS}
        logger.info("read back", extra={"way": self._request.way, "done": finished, **told})
        cursor = {} if slices is None or finished else _cursor(slices)
        return {"next": "done" if finished else "continue", "cursor": cursor, **told}


COUNTS = ("requests", "found", "stored", "duplicate", "missed", "conflict", "not_understood")


def _request_of(event: dict[str, Any]) -> BackfillRequest:
    """An operator's request; the schedule's event asks for nothing in particular."""
    if event.get("detail-type") == "Scheduled Event":
        return BackfillRequest()
    try:
        request = msgspec.convert(event, BackfillRequest)
    except msgspec.ValidationError as error:
        raise BackfillRefused(
            f"The request to read events back is not usable: {error}.",
            hint="It may name event_id, profile_id or subscription_id, since, until, event_type,"
            " subscribed_only and cursor.",
        ) from None
    for moment in (request.since, request.until):
        if moment is not None and moment.tzinfo is None:
            raise BackfillRefused(
                "since and until need a time zone.", hint="Write them as 2026-01-15T10:30:00Z."
            )
    return request


def _slices(services: Services, request: BackfillRequest) -> Slices:
    """The window that is to be read, from where the invocation before this one stopped."""
    now = datetime.now(UTC)
    longest = timedelta(seconds=services.settings.backfill_slice_seconds)
    if request.cursor:
        at, until = (datetime.fromisoformat(request.cursor[name]) for name in ("at", "until"))
        return Slices(max(at, now - HORIZON), until, longest)
    until = min(request.until or now, now)
    since = max(request.since or _covered(services, request), now - HORIZON)
    if since >= until:
        raise BackfillRefused(
            "The window ends before it begins, or before the last 15 days.",
            hint="The vendor answers events of the last 15 days only.",
        )
    return Slices(since, until, longest)


def _covered(services: Services, request: BackfillRequest) -> datetime:
    """Where reading goes on; long ago for what has no such place."""
    covered = services.backfills.covered_until() if request.goes_on else ""
    return datetime.fromisoformat(covered) - OVERLAP if covered else EVER


def _cover(services: Services, slices: Slices) -> None:
    """Remember how far the account is read: what is younger than the grace is looked at again."""
    grace = timedelta(seconds=services.settings.backfill_grace_seconds)
    services.backfills.cover(iso_of(min(slices.at, datetime.now(UTC) - grace)))


def _cursor(slices: Slices) -> dict[str, str]:
    return {"at": iso_of(slices.at), "until": iso_of(slices.until)}
