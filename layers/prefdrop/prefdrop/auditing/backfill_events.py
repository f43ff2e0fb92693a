"""BackfillEvents: read events back from the vendor into the audit table, and count the missed.

The schedule goes on where the last reading ended. On demand it reads what it is asked for: events
of the account, of a subscription or of a profile in a window of the last 15 days, or one event.
Reading twice changes nothing: what is kept stays as it is.

Nothing that the vendor answers may stop it for good, since what is not read within 15 days is lost.
So a time for which the answer is too much, for the vendor or for us, is asked for in shorter ones,
and what still looks cut off in the shortest is taken, counted and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import msgspec

from prefdrop.auditing.backfill_windows import (
    BackfillRequest,
    Slices,
    cover,
    cursor_of,
    looks_cut,
    request_of,
    window_of,
)
from prefdrop.auditing.keeping import Item, Origin, by, count, without_time
from prefdrop.auditing.services import EventServices
from prefdrop.errors import PrefdropError, Transient
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences import AnswerTooLarge, Client, NotSent, TooManyRequests
from prefdrop.mypreferences.events_retrieval import EventFilter, EventList
from prefdrop.services import Deadline
from prefdrop.telemetry import logger, metrics

if TYPE_CHECKING:
    from prefdrop.importing.vendor import Vendor


MARGIN_SECONDS = 150
"""Time kept for one request, which the client may send four times, and for keeping its answer."""

KEEPING_MARGIN_SECONDS = 20
"""Kept back for the writes that are under way, for the counts and for the answer."""

PERHAPS_TOO_MUCH = (Transient, AnswerTooLarge)
"""What an answer may fail with because it is long; less of it may come."""

NEVER_TOO_MUCH = (TooManyRequests, NotSent)
"""What of that has another cause."""


class EventsNotKept(Transient):
    """The audit table did not take all events of a slice."""


def run(services: EventServices, event: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
    """Read back, and answer `done`, or `continue` with a cursor when the time is up."""
    request = request_of(event)
    if request.way == "event":
        backfill = _Backfill(services, request)
        backfill.read_one(deadline)
        return backfill.answer(None)
    window = window_of(services, request)
    backfill = _Backfill(services, request, window.cut_from)
    slices = window.slices
    for _ in backfill.read(slices, deadline):
        if request.goes_on:
            cover(services, slices)
    return backfill.answer(slices)


class _Backfill:
    """One invocation's reading and its counts."""

    def __init__(
        self, services: EventServices, request: BackfillRequest, cut_from: str = ""
    ) -> None:
        self._services = services
        self._request = request
        self._cut_from = cut_from
        self._counts: Counter[str] = Counter()
        self._working: timedelta | None = None

    def read(self, slices: Slices, deadline: Deadline) -> Iterator[None]:
        """Read slice after slice, as long as there is time; yields after each that is kept.

        Raises what the vendor failed with, if no slice could be read for it.
        """
        failure: PrefdropError | None = None
        self._working = slices.working
        if self._request.subscribed_only:
            _ = self._elsewhere  # asked for here, while there is time for it
        while not slices.finished and deadline.remaining() > MARGIN_SECONDS:
            self._counts["requests"] += 1
            try:
                found = self._services.vendor.call(partial(self._ask, slices.at, slices.end))
            except PERHAPS_TOO_MUCH as error:
                failure = self._shorten_after(error, slices)
                continue
            if slices.shorten(found.answered, has_more=found.has_more):
                continue
            self._tell_if_cut(found, slices)
            around = [found.around] if found.around else []
            self._keep([*found, *found.not_understood, *around], deadline, slices.end)
            del found  # memory is measured for one answer, not for two
            self._counts["slices"] += 1
            slices.advance()
            self._remember(slices)
            yield
        if failure and not self._counts["slices"] and self._request.goes_on:
            raise failure

    def _shorten_after(self, error: PrefdropError, slices: Slices) -> PrefdropError:
        """The error, for which the slice was halved; raises it if that could not help."""
        if isinstance(error, NEVER_TOO_MUCH) or not slices.fail():
            raise error
        logger.warning(
            "asking for less",
            extra={"code": error.code, "seconds": (slices.end - slices.at).total_seconds()},
        )
        self._remember(slices)
        return error

    def _remember(self, slices: Slices) -> None:
        """So that the next reading does not begin with what cannot be answered."""
        if self._request.goes_on and slices.working != self._working:
            self._services.backfills.remember_slice(slices.working)
            self._working = slices.working

    def _tell_if_cut(self, found: EventList, slices: Slices) -> None:
        """Say that a slice which cannot be shorter may not be all; the reading goes on, or what
        comes after it would be lost as well."""
        if looks_cut(found.answered, has_more=found.has_more):
            self._counts["cut_off"] += 1
            metrics.add_metric("EventsCutOff", "Count", 1)
            logger.error(
                "an answer looks cut off",
                extra={
                    "since": iso_of(slices.at),
                    "until": iso_of(slices.end),
                    "events": found.answered,
                },
            )

    def read_one(self, deadline: Deadline) -> None:
        """Read the one event that is asked for; raises NotFound if the vendor has it no more."""
        event_id = self._request.event_id
        found = self._services.vendor.call(lambda client: client.events.get(event_id))
        self._counts["requests"] += 1
        self._keep([found], deadline, None)

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

    def _keep(self, items: Sequence[Item], deadline: Deadline, end: datetime | None) -> None:
        def remaining() -> float:
            return deadline.remaining() - KEEPING_MARGIN_SECONDS

        outcomes = self._services.keeper.keep(items, self._origin(end), remaining)
        self._tally(items, outcomes)
        if lost := outcomes["failed"] + outcomes["late"]:
            raise EventsNotKept(
                f"{lost} of {len(items)} events could not be kept.",
                hint="Read the same window back again; what was kept is not kept twice.",
            )

    def _origin(self, end: datetime | None) -> Origin:
        """With the moment from before which all should have come by webhook."""
        origin = by("backfill")
        if end is None or not self._request.subscribed_only:
            return origin
        grace = timedelta(seconds=self._services.settings.backfill_grace_seconds)
        overdue = datetime.fromisoformat(origin.received_at) - grace
        return msgspec.structs.replace(
            origin, overdue=iso_of(overdue), until=iso_of(end), elsewhere=self._elsewhere
        )

    @cached_property
    def _elsewhere(self) -> frozenset[str]:
        return elsewhere(self._services.vendor, self._services.settings.webhook_url)

    def _tally(self, items: Sequence[Item], outcomes: Counter[str]) -> None:
        """Count before anything can be raised: a repetition finds these events kept already."""
        missed = outcomes["missed"] + outcomes["overdue"]
        self._counts.update(
            found=len(items),
            stored=outcomes["stored"] + outcomes["missed"],
            duplicate=outcomes["duplicate"] + outcomes["overdue"],
            missed=missed,
            conflict=outcomes["conflict"],
            not_understood=outcomes["not_understood"],
            without_time=without_time(items),
        )
        if missed:
            metrics.add_metric("EventsMissed", "Count", missed)
        count(outcomes, items)

    def answer(self, slices: Slices | None) -> dict[str, Any]:
        """What the invocation came to; counts are its own, not those of invocations before it."""
        finished = slices is None or slices.finished
        told = {name: self._counts[name] for name in COUNTS}
        logger.info("read back", extra={"way": self._request.way, "done": finished, **told})
        cursor = {} if slices is None or finished else cursor_of(slices)
        if finished and self._request.goes_on:
            metrics.add_metric("BackfillsFinished", "Count", 1)
            metrics.flush_metrics()
        return {
            "next": "done" if finished else "continue",
            "cursor": cursor,
            "cut_from": self._cut_from,
            **told,
        }


COUNTS = (
    "requests",
    "found",
    "stored",
    "duplicate",
    "missed",
    "conflict",
    "not_understood",
    "without_time",
    "cut_off",
)


def elsewhere(vendor: Vendor, webhook_url: str) -> frozenset[str]:
    """The ids of the subscriptions that lead to another address than `webhook_url` and its key.

    A subscription that is not listed may be one of ours that somebody has deleted, so it is none
    of them. Empty where the list cannot be read, or our own address is not known: then the events
    of all subscriptions count as missed here.
    """
    if not webhook_url:
        return frozenset()
    try:
        there = vendor.call(lambda client: client.subscriptions.list())
    except PrefdropError as error:
        logger.warning("events of every subscription count", extra={"code": error.code})
        return frozenset()
    ours = webhook_url.rstrip("/") + "/"
    return frozenset(str(one.id) for one in there if not (one.url or "").startswith(ours))
