"""Dates in a file → UTC with `Z`, the only form the vendor does not read as US Eastern.

A parser is made once per column and remembers what it has seen, since `strptime` with a time zone
costs more than all the rest of a row. Decided here:

* A date with its own offset keeps its instant; any other is a local time of the column's zone.
* A local time that a zone skips (clocks go forward) is no time: the row is rejected, or with
  `gap = "shift"` moved on by the length of the gap.
* A local time that a zone has twice (clocks go back) means the earlier of both, unless `overlap`
  says `later` or `reject`.
* A date without a time means the start of that day in the zone, or `time_of_day`. The vendor would
  read an opt-out as the end of the day in US Eastern; a feed that wants this says `"23:59:59"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

NOT_A_DATE = "~NotADate"
NO_ZONE = "~NoTimeZone"
NO_SUCH_TIME = "~NoSuchTime"
AMBIGUOUS_TIME = "~AmbiguousTime"
"""A parser answers a fault with one of these: `~` sorts after every date, so that one comparison
with the present finds both faults and future dates."""

FUTURE_TOLERANCE = timedelta(minutes=5)
"""Clocks of two systems differ: only what is later than this counts as a date in the future."""

_MEMO_ENTRIES = 1 << 16
_TIME_DIRECTIVES = re.compile(r"%[HIMSfpcXTrRs]")
_OFFSET_DIRECTIVE = re.compile(r"%z")
_FAST_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}

Parse = Callable[[str], str]


class DateRule(NamedTuple):
    """How one column writes its dates. `zone` is `None` where each value must name its offset."""

    format: str
    zone: ZoneInfo | None = None
    gap: Literal["reject", "shift"] = "reject"
    overlap: Literal["earlier", "later", "reject"] = "earlier"
    time_of_day: time = time()

    @property
    def names_offset(self) -> bool:
        """Whether every value carries its own offset or is one by definition."""
        return self.format in ("epoch", "epoch_ms") or bool(_OFFSET_DIRECTIVE.search(self.format))

    @property
    def date_only(self) -> bool:
        return self.format not in ("iso8601", "epoch", "epoch_ms") and not _TIME_DIRECTIVES.search(
            self.format
        )


class _Fault(Exception):
    pass


def describe_faults(rule: DateRule) -> dict[str, str]:
    """For each fault mark, the end of a sentence that begins with the column's name."""
    form = {
        "iso8601": "an ISO 8601 date such as 2026-01-14T09:00:00Z",
        "epoch": "a count of seconds since 1970",
        "epoch_ms": "a count of milliseconds since 1970",
    }.get(rule.format, f"a date written as {rule.format}")
    zone = rule.zone.key if rule.zone else ""
    return {
        NOT_A_DATE: f"is not {form}",
        NO_ZONE: "names no time zone, and the feed names none for it",
        NO_SUCH_TIME: f"is a local time that {zone} skipped when its clocks went forward",
        AMBIGUOUS_TIME: f"is a local time that {zone} had twice when its clocks went back",
    }


def utc_text(moment: datetime) -> str:
    """An aware `datetime` as the vendor reads it: `2026-01-14T09:00:00Z`, fractions only if any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def date_parser(rule: DateRule) -> Parse:
    """A function from a cell to its UTC text, or to one of the fault marks above."""
    slow = _slow_parser(rule)
    quick = _quick_parser(rule, slow)
    memo: dict[str, str] = {}

    def parse(text: str) -> str:
        found = memo.get(text)
        if found is None:
            if len(memo) >= _MEMO_ENTRIES:
                memo.clear()
            found = memo[text] = quick(text)
        return found

    return parse


def _slow_parser(rule: DateRule) -> Parse:
    read = _reader(rule)

    def parse(text: str) -> str:
        try:
            return utc_text(_placed(read(text), rule))
        except _Fault as fault:
            return str(fault)
        except (ValueError, OverflowError):
            return NOT_A_DATE

    return parse


def _reader(rule: DateRule) -> Callable[[str], datetime]:
    if rule.format == "iso8601":
        return lambda text: _read_iso(text, rule.time_of_day)
    if rule.format in ("epoch", "epoch_ms"):
        return _epoch_reader(1 if rule.format == "epoch" else 1000)
    if rule.date_only:
        return lambda text: datetime.combine(
            datetime.strptime(text, rule.format).date(), rule.time_of_day
        )
    return lambda text: datetime.strptime(text, rule.format)


def _read_iso(text: str, time_of_day: time) -> datetime:
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time_of_day)
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        raise ValueError
    return datetime.fromisoformat(text)


def _epoch_reader(per_second: int) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise ValueError
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text) / per_second)

    return read


def _placed(moment: datetime, rule: DateRule) -> datetime:
    """The instant that a date read from the file means."""
    if moment.tzinfo is not None:
        return moment
    if rule.zone is None:
        raise _Fault(NO_ZONE)
    earlier = moment.replace(tzinfo=rule.zone, fold=0)
    later = moment.replace(tzinfo=rule.zone, fold=1)
    before, after = earlier.utcoffset(), later.utcoffset()
    if before is None or after is None or before == after:
        return earlier
    if before < after:
        if rule.gap == "reject":
            raise _Fault(NO_SUCH_TIME)
        return earlier
    if rule.overlap == "reject":
        raise _Fault(AMBIGUOUS_TIME)
    return later if rule.overlap == "later" else earlier


def _quick_parser(rule: DateRule, slow: Parse) -> Parse:
    """A parser for all-digit formats such as `%m/%d/%Y %H:%M` that works by slices.

    It only remembers each day's offset and its neighbours' names; whatever does not fit exactly
    (a missing zero, a day on which the clocks change) goes the slow way.
    """
    places = _places(rule.format)
    if places is None or rule.zone is None or not {"Y", "m", "d"} <= places.keys():
        return slow
    if rule.date_only or "H" not in places:
        return slow
    width, literals = _literals(rule.format)
    year, month, day = (slice(*places[key]) for key in "Ymd")
    hour = slice(*places["H"])
    minute = slice(*places["M"]) if "M" in places else None
    second = slice(*places["S"]) if "S" in places else None
    days: dict[str, tuple[str, str, str, int] | None] = {}
    digits = re.compile("".join("[0-9]" if part is None else re.escape(part) for part in literals))
    zone = rule.zone

    def parse(text: str) -> str:
        if len(text) != width or digits.fullmatch(text) is None:
            return slow(text)
        name = f"{text[year]}-{text[month]}-{text[day]}"
        if name in days:
            known = days[name]
        else:
            if len(days) >= _MEMO_ENTRIES:
                days.clear()
            known = days[name] = _plain_day(name, zone)
        hours = int(text[hour])
        minutes = text[minute] if minute else "00"
        seconds = text[second] if second else "00"
        if known is None or hours > 23 or minutes > "59" or seconds > "59":
            return slow(text)
        total = hours * 60 + int(minutes) - known[3]
        shift, within = divmod(total, 1440)
        return f"{known[shift + 1]}T{within // 60:02d}:{within % 60:02d}:{seconds}Z"

    return parse


def _places(format: str) -> dict[str, tuple[int, int]] | None:
    """Where each directive's digits stand, or `None` if the format is not of fixed width."""
    places: dict[str, tuple[int, int]] = {}
    at = position = 0
    while position < len(format):
        if format[position] == "%":
            directive = format[position + 1 : position + 2]
            if directive not in _FAST_WIDTHS or directive in places:
                return None
            places[directive] = (at, at + _FAST_WIDTHS[directive])
            at += _FAST_WIDTHS[directive]
            position += 2
        else:
            if format[position].isspace() and format[position] != " ":
                return None
            at += 1
            position += 1
    return places


def _literals(format: str) -> tuple[int, list[str | None]]:
    """The width of a fixed format and, for each character, its literal or `None` for a digit."""
    parts: list[str | None] = []
    position = 0
    while position < len(format):
        if format[position] == "%":
            parts += [None] * _FAST_WIDTHS[format[position + 1]]
            position += 2
        else:
            parts.append(format[position])
            position += 1
    return len(parts), parts


def _plain_day(name: str, zone: ZoneInfo) -> tuple[str, str, str, int] | None:
    """The names of the day before, the day and the day after, and the zone's offset in minutes.

    `None` for no date, for a day on which the clocks change and for an offset with seconds.
    """
    try:
        day = date.fromisoformat(name)
        before, after = day - timedelta(days=1), day + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    offsets = {
        datetime.combine(which, time(), zone).utcoffset()
        for which in (before, day, after, after + timedelta(days=1))
    }
    offset = offsets.pop()
    if offsets or offset is None or offset.total_seconds() % 60:
        return None
    return before.isoformat(), name, after.isoformat(), int(offset.total_seconds() // 60)
