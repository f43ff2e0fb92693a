"""Which time a reading back of the vendor's events is about, and in which slices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from prefdrop.auditing.backfill_requests import BackfillRefused, BackfillRequest
from prefdrop.auditing.services import Services
from prefdrop.auditing.slices import MILLISECOND, Slices
from prefdrop.ledger import clock
from prefdrop.ledger.clock import iso_of
from prefdrop.telemetry import logger, metrics

HORIZON = timedelta(days=15) - timedelta(minutes=5)
"""How far back the vendor answers (`MaxEventHistoryDays`), less what a request may take."""

OVERLAP = timedelta(hours=1)
"""Of a scheduled reading with the one before it: events may be recorded late."""


class Window(NamedTuple):
    """What is to be read. `cut_from` (ISO) is where it should have begun, if that lies behind what
    the vendor answers; else empty."""

    slices: Slices
    cut_from: str = ""


def window_of(services: Services, request: BackfillRequest) -> Window:
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


def cover(services: Services, slices: Slices) -> None:
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
    services: Services, request: BackfillRequest, earliest: datetime
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


def _working(services: Services, request: BackfillRequest) -> timedelta | None:
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
