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
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast
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
_YEAR = re.compile(r"%[Yy]")
_DAY_MINUTES = 24 * 60
_DAY_LENGTH = len("2026-01-14")
_HOURS_AND_MINUTES = [f"T{at // 60:02d}:{at % 60:02d}:" for at in range(_DAY_MINUTES)]

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

    def days(self, text: str) -> bool:
        """Whether `text` is a date without a time."""
        return self.date_only or (self.format == "iso8601" and len(text) == _DAY_LENGTH)

    @property
    def date_only(self) -> bool:
        return self.format not in ("iso8601", "epoch", "epoch_ms") and not _TIME_DIRECTIVES.search(
            self.format
        )


def _for_days(rule: DateRule) -> DateRule:
    """The rule for a date without a time: a day without a first hour begins with its second."""
    return rule._replace(gap="shift", overlap="earlier")


class _Fault(Exception):
    pass


@lru_cache(maxsize=4)
def a_day_later(moment: str) -> str:
    """The UTC text of the moment a day after that of `moment`."""
    return utc_text(datetime.fromisoformat(moment) + timedelta(days=1))


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
    return _quick_parser(rule, slow) or _Memo(slow).__getitem__


def _slow_parser(rule: DateRule) -> Parse:
    read = _reader(rule)

    def parse(text: str) -> str:
        try:
            return utc_text(_placed(read(text), _for_days(rule) if rule.days(text) else rule))
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
    if len(text) == _DAY_LENGTH:
        return datetime.combine(_iso_date(text), time_of_day)
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        raise ValueError
    return datetime.fromisoformat(text)


def _iso_date(text: str) -> date:
    """A plain calendar date; Python would take weeks and dates without dashes too."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError
    return date.fromisoformat(text)


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


class _Day(NamedTuple):
    """A date's name, its neighbours' names, and the zone's offset on it in minutes.

    `offset` is `None` where it does not hold for the whole day, or where there is no zone.
    """

    before: str
    name: str
    after: str
    offset: int | None


class _Clock(NamedTuple):
    """A time of day: its minutes, its seconds as text, and whether it is a local time.

    A time with its own offset is already in UTC, so its minutes may lie outside the day.
    """

    minutes: int
    seconds: str
    local: bool


def _quick_parser(rule: DateRule, slow: Parse) -> Parse | None:
    """A parser that takes date and time apart and remembers each, or `None` for other formats.

    There are few days and few times of day, but many pairs of them. Whatever is not plain (a day on
    which the clocks change, a fraction of a second, a text that does not fit) goes the slow way.
    """
    if rule.format == "iso8601":
        return _quick_iso(rule, slow)
    date_format, separator, time_format = _parted(rule.format)
    if not separator:
        return None
    days = _Memo(lambda text: _day(datetime.strptime(text, date_format).date(), rule.zone))
    clocks = _Memo(lambda text: _clock(datetime.strptime(text, time_format).time()))
    shifted = _Memo(lambda offset: _Memo(lambda text: _shifted(clocks[text], offset)))

    def parse(text: str) -> str:
        head, _, tail = text.partition(separator)
        day = days[head]
        if day is not None and (found := shifted[day[3]][tail]) is not None:
            return day[found[0]] + found[1]  # type: ignore[no-any-return]
        return slow(text)

    return parse


def _quick_iso(rule: DateRule, slow: Parse) -> Parse:
    days = _Memo(lambda text: _day(_iso_date(text), rule.zone))
    clocks = _Memo(_iso_clock)
    whole_days = _Memo(slow)

    def parse(text: str) -> str:
        if len(text) == _DAY_LENGTH:
            return cast(str, whole_days[text])
        return _joined(days[text[:10]], clocks[text[10:]]) or slow(text)

    return parse


class _Memo(dict[Any, Any]):
    """What a text was read as; `None` for what can't be read the quick way."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read

    def __missing__(self, text: Any) -> Any:
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        try:
            value = self._read(text)
        except (ValueError, OverflowError):
            value = None
        self[text] = value
        return value


def _joined(day: _Day | None, clock: _Clock | None) -> str:
    """The UTC text of a day and a time on it, or nothing if this is a case for the slow way."""
    found = _shifted(clock, day.offset) if day is not None else None
    return day[found[0]] + found[1] if day is not None and found is not None else ""


def _shifted(clock: _Clock | None, offset: int | None) -> tuple[Literal[0, 1, 2], str] | None:
    """A time in UTC, `T14:09:00Z`, after the place in a `_Day` of the name of the day it is on."""
    if clock is None or (clock.local and offset is None):
        return None
    minutes = clock.minutes - (offset or 0) if clock.local else clock.minutes
    place: Literal[0, 1, 2] = 0 if minutes < 0 else 1 if minutes < _DAY_MINUTES else 2
    return place, _HOURS_AND_MINUTES[minutes % _DAY_MINUTES] + clock.seconds


def _parted(format: str) -> tuple[str, str, str]:
    """A format as date, separator and time; no separator if it can't be parted like that."""
    found = re.fullmatch(r"(?P<date>.*%[YymdbB])(?P<separator>[ T]|, )(?P<time>%[HI].*)", format)
    if found is None or found["separator"] in found["date"]:
        return "", "", ""
    plain_date = set(re.findall(r"%(.)", found["date"])) <= set("YymdbB")
    plain_time = set(re.findall(r"%(.)", found["time"])) <= set("HIMSp")
    if not plain_date or not plain_time or _YEAR.search(found["date"]) is None:
        return "", "", ""
    return found["date"], found["separator"], found["time"]


def _day(day: date, zone: ZoneInfo | None) -> _Day:
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    around = (before, day, after, after + timedelta(days=1))
    offsets = {datetime.combine(each, time(), zone).utcoffset() for each in around}
    offset = offsets.pop()
    whole = not offsets and offset is not None and not offset.total_seconds() % 60
    minutes = int(offset.total_seconds() // 60) if whole and offset is not None else None
    return _Day(before.isoformat(), day.isoformat(), after.isoformat(), minutes)


def _clock(clock: time) -> _Clock:
    offset = clock.utcoffset()
    if clock.microsecond or (offset is not None and offset.total_seconds() % 60):
        raise ValueError
    minutes = clock.hour * 60 + clock.minute
    if offset is not None:
        minutes -= int(offset.total_seconds() // 60)
    return _Clock(minutes, f"{clock.second:02d}Z", offset is None)


def _iso_clock(text: str) -> _Clock:
    if re.match(r"[T ]\d\d:\d\d", text) is None:
        raise ValueError
    return _clock(time.fromisoformat(text[1:]))
