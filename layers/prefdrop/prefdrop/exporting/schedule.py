"""When an export is due: its slots, as moments in UTC.

A slot is a moment that the schedule names. Only the newest one that has come counts: a stack that
slept through several begins once, not once for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prefdrop.exporting.definition import SchedulePart

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
SHORTEST = timedelta(minutes=5)
"""Due exports are looked for every five minutes."""

LONGEST = timedelta(days=31)

Slots = Callable[[datetime], "datetime | None"]
"""From a moment to the newest slot that is not after it; None where there is none near."""


class ScheduleError(Exception):
    """A schedule that can't be meant. `key` is its key in `[schedule]`."""

    def __init__(self, problem: str, key: tuple[str, ...], remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.key = key
        self.remedy = remedy


def slots_of(part: SchedulePart) -> Slots:
    """The slots of a schedule; raises ScheduleError."""
    if (part.every is None) == (part.at is None):
        raise ScheduleError(
            "a schedule says how often or at what time, and one only",
            (),
            'Set every = "6h", or at = "02:30".',
        )
    zone = ZoneInfo(part.timezone)
    days = frozenset(DAYS.index(day) for day in part.days) or frozenset(range(7))
    if part.every is not None:
        length = duration(part.every)
        # Whole weeks fall on one day for ever, give or take one where clocks are put forward.
        slots = _regular(length, zone, days)
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        if not any(slots(begin + day * timedelta(days=1)) for day in range(LONGEST.days * 14)):
            raise ScheduleError(
                "this schedule never runs: none of its slots falls on one of its days",
                ("every",),
                'Set at = "02:30" and days; every = "7d" always falls on a Thursday.',
            )
        return slots
    return _daily(_time_of_day(part.at or ""), zone, days)


def duration(text: str) -> timedelta:
    """Read `15m`, `6h` or `1d`; raises ScheduleError."""
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    length = int(found[1]) * UNITS[found[2]] if found else timedelta()
    if not SHORTEST <= length <= LONGEST:
        raise ScheduleError(
            "this is no time between two runs",
            ("every",),
            'Write it like "15m", "6h" or "1d"; at least 5 minutes, at most 31 days.',
        )
    return length


def slot_name(slot: datetime) -> str:
    """A slot, or the moment of a run by hand, as runs are named: text that sorts by time."""
    moment = slot.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return moment.replace("-", "").replace(":", "") + "Z"


def name_after(run: str) -> str:
    """The next name after that of a run; empty where the run is not named by a moment."""
    try:
        moment = datetime.strptime(run, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return ""
    return slot_name(moment + timedelta(milliseconds=1))


def _time_of_day(text: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ScheduleError("this is no time of day", ("at",), 'Write it like "02:30".')
    return time.fromisoformat(text)


def _regular(length: timedelta, zone: ZoneInfo, days: frozenset[int]) -> Slots:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def newest(now: datetime) -> datetime | None:
        slot = epoch + (now - epoch) // length * length
        oldest = now - timedelta(days=7) - length
        while slot > oldest:
            if slot.astimezone(zone).weekday() in days:
                return slot
            slot -= length
        return None

    return newest


def _daily(at: time, zone: ZoneInfo, days: frozenset[int]) -> Slots:
    def newest(now: datetime) -> datetime | None:
        today = now.astimezone(zone).date()
        for back in range(9):
            day = today - timedelta(days=back)
            # A time that the clocks skip comes as late as it would have; one they show twice
            # comes the first time.
            slot = datetime.combine(day, at, zone).astimezone(UTC)
            if slot <= now and day.weekday() in days:
                return slot
        return None

    return newest
