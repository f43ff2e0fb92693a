"""Which time a reading back of the vendor's events is about, and in which slices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from prefdrop.auditing.services import EventServices
from prefdrop.errors import Terminal
from prefdrop.ledger import clock
from prefdrop.ledger.clock import iso_of
from prefdrop.telemetry import logger, metrics

SHORTEST = timedelta(seconds=1)
"""The vendor may well cut its times off at the second."""

MILLISECOND = timedelta(milliseconds=1)

LIKELY_PAGE = 100
"""From this many events on, a round number of them may be a limit that nobody told us of."""

ROUND = 50

PROOFS = 8
"""Slices of the longest length that is known to work, until a longer one is tried again: each try
that fails costs minutes, and an account is slow for hours."""


class Slices:
    """Where reading stands in a window; `at` is the beginning of the slice to read next.

    A slice is made shorter while its answer may have been cut off, and longer again afterwards.
    `working` is the longest that the vendor was found to answer; slices do not grow beyond it
    before it has worked for a while. No slice goes over the moment `seam`.
    """

    def __init__(
        self,
        at: datetime,
        until: datetime,
        longest: timedelta,
        *,
        working: timedelta | None = None,
        seam: datetime | None = None,
    ) -> None:
        self.at = at
        self.until = until
        self._longest = longest
        self._seam = seam
        self._working = min(max(working or longest, SHORTEST), longest)
        self._length = self._working
        self._proofs = 0

    @property
    def end(self) -> datetime:
        """The end of the slice to read next."""
        end = min(self.at + self._length, self.until)
        return min(end, self._seam) if self._seam and self.at < self._seam else end

    @property
    def finished(self) -> bool:
        """Whether the window is read."""
        return self.at >= self.until

    @property
    def working(self) -> timedelta | None:
        """The longest slice that is known to work; None if the longest of all does."""
        return self._working if self._working < self._longest else None

    def advance(self) -> None:
        """Go on behind the slice that was read."""
        is_proof = self.end - self.at >= self._working
        self.at = self.end
        self._proofs += is_proof
        if self._proofs >= PROOFS:
            self._working, self._proofs = min(self._working * 2, self._longest), 0
        self._length = min(self._length * 2, self._working)

    def shorten(self, answered: int, *, has_more: bool) -> bool:
        """Halve the slice if its answer of so many events may not be all.

        False if it is taken as it is: nothing speaks against it, or it cannot be shorter, which
        `looks_cut` tells.
        """
        return looks_cut(answered, has_more=has_more) and self._halve()

    def fail(self) -> bool:
        """Halve the slice, whose answer was too much for somebody, and keep to that; False if it
        cannot be shorter."""
        if not self._halve():
            return False
        self._working, self._proofs = self._length, 0
        return True

    def _halve(self) -> bool:
        length = self.end - self.at
        if length <= SHORTEST:
            return False
        # In whole milliseconds, as times are sent: no rest of a window may vanish in between.
        self._length = max(length // 2 // MILLISECOND * MILLISECOND, SHORTEST)
        return True


def looks_cut(answered: int, *, has_more: bool) -> bool:
    """Whether an answer of so many events may not be all: the vendor says so, or the number is as
    round as a limit is."""
    return has_more or (answered >= LIKELY_PAGE and answered % ROUND == 0)


Way = Literal["account", "subscription", "profile", "event"]


class BackfillRefused(Terminal):
    """What was asked to be read back cannot be read back."""


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


def request_of(event: dict[str, Any]) -> BackfillRequest:
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


HORIZON = timedelta(days=15) - timedelta(minutes=5)
"""How far back the vendor answers (`MaxEventHistoryDays`), less what a request may take."""

OVERLAP = timedelta(hours=1)
"""Of a scheduled reading with the one before it: events may be recorded late."""


class Window(NamedTuple):
    """What is to be read. `cut_from` (ISO) is where it should have begun, if that lies behind what
    the vendor answers; else empty."""

    slices: Slices
    cut_from: str = ""


def window_of(services: EventServices, request: BackfillRequest) -> Window:
    """The window that is to be read, from where the invocation before this one stopped; raises
    BackfillRefused."""
    now = clock.now()
    if request.cursor:
        at, until = (datetime.fromisoformat(request.cursor[name]) for name in ("at", "until"))
        asked: datetime | None = at
    else:
        until = _whole(min(request.until or now, now))
        asked, at = _beginning(services, request, now - HORIZON)
    since = _whole(max(at, now - HORIZON))
    if since >= until and not request.cursor:
        raise BackfillRefused(
            "The window ends before it begins, or before the last 15 days.",
            hint="The vendor answers events of the last 15 days only.",
        )
    grace = timedelta(seconds=services.settings.backfill_grace_seconds)
    slices = Slices(
        since,
        until,
        timedelta(seconds=services.settings.backfill_slice_seconds),
        working=_working(services, request),
        # What lies before it is overdue whether or not its events say when they occurred.
        seam=_whole(now - grace),
    )
    return Window(slices, _tell_cut(asked, since) if asked and asked < since - MILLISECOND else "")


def cover(services: EventServices, slices: Slices) -> None:
    """Remember how far the account is read: what is younger than the grace is looked at again."""
    grace = timedelta(seconds=services.settings.backfill_grace_seconds)
    services.backfills.cover(iso_of(min(slices.at, clock.now() - grace)))


def cursor_of(slices: Slices) -> dict[str, str]:
    """What the next invocation needs to go on."""
    cursor = {"at": iso_of(slices.at), "until": iso_of(slices.until)}
    if slices.working:
        cursor["seconds"] = str(slices.working.total_seconds())
    return cursor


def _beginning(
    services: EventServices, request: BackfillRequest, earliest: datetime
) -> tuple[datetime | None, datetime]:
    """From when on events are wanted (None for as far back as there are any), and where reading
    begins for it."""
    if request.since:
        return request.since, request.since
    covered = services.backfills.covered_until() if request.goes_on else ""
    if not covered:
        return None, earliest
    until = datetime.fromisoformat(covered)
    return until, until - OVERLAP


def _working(services: EventServices, request: BackfillRequest) -> timedelta | None:
    """The longest slice that readings before this one have found to work."""
    if seconds := request.cursor.get("seconds"):
        return timedelta(seconds=float(seconds))
    return services.backfills.slice_length() if request.goes_on else None


def _tell_cut(asked: datetime, since: datetime) -> str:
    """Say that a part of the time can no longer be asked for; where that part begins (ISO)."""
    cut_from = iso_of(asked)
    logger.error("out of the vendor's reach", extra={"since": cut_from, "until": iso_of(since)})
    metrics.add_metric("EventsOutOfReach", "Count", 1)
    metrics.flush_metrics()
    return cut_from


def _whole(moment: datetime) -> datetime:
    """Cut off at the millisecond, as times are sent."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
