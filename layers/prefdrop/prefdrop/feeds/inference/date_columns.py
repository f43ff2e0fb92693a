"""How a column writes its dates, and whether a day could be taken for a month.

A format fits a column if it reads nearly all of its cells. Where a column can be read month first
and day first, the other date columns of the file decide, then which reading lies in the future,
then the sign between the parts; the last is only a guess and is said to be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from prefdrop.feeds.dates import NOT_A_DATE, DateRule, date_parser, utc_text
from prefdrop.feeds.inference.draft import Sureness
from prefdrop.feeds.inference.shapes import Column

NEARLY_ALL = 0.9
TRIED = 1_500
"""So many different values of a column are read."""

_DAYS = (
    (re.compile(r"\d{4}(?P<sign>[-/.])\d{1,2}(?P=sign)\d{1,2}"), ("%Y{0}%m{0}%d",)),
    (
        re.compile(r"\d{1,2}(?P<sign>[-/.])\d{1,2}(?P=sign)\d{4}"),
        ("%m{0}%d{0}%Y", "%d{0}%m{0}%Y"),
    ),
    (
        re.compile(r"\d{1,2}(?P<sign>[-/.])\d{1,2}(?P=sign)\d\d(?!\d)"),
        ("%m{0}%d{0}%y", "%d{0}%m{0}%y"),
    ),
    (
        re.compile(r"\d{1,2}(?P<sign>[- /])[A-Za-z]{3,9}(?P=sign)\d{4}"),
        ("%d{0}%b{0}%Y", "%d{0}%B{0}%Y"),
    ),
    (
        re.compile(r"\d{1,2}(?P<sign>[- /])[A-Za-z]{3,9}(?P=sign)\d\d(?!\d)"),
        ("%d{0}%b{0}%y", "%d{0}%B{0}%y"),
    ),
    (re.compile(r"[A-Za-z]{3,9}(?P<sign> )\d{1,2}, \d{4}"), ("%b{0}%d, %Y", "%B{0}%d, %Y")),
)
"""How the day of a date can look, and the formats that look like it."""
_TIME = re.compile(
    r"(?P<before>T|, | )\d{1,2}:\d\d(?P<seconds>:\d\d)?(?P<fraction>\.\d{1,6})?"
    r"(?P<half>(?P<space> ?)[AaPp][Mm])?(?P<zone>(?P<gap> ?)(?:Z|[+-]\d\d:?\d\d))?"
)
_ORDERS = (("%m/%d", "%d/%m"), ("%m-%d", "%d-%m"), ("%m.%d", "%d.%m"))
_LEAST_LENGTH = 6


@dataclass(frozen=True)
class Dates:
    """How a column writes dates."""

    format: str
    """As a feed says it: a `strptime` format, `iso8601`, `epoch` or `epoch_ms`."""
    share: float
    """Of the filled cells, those that this reads."""
    needs_zone: bool
    """Some values are local times."""
    order: Sureness = "sure"
    order_why: str = ""
    """Where day and month could be taken for each other: why they were read as they are."""


def find_dates(columns: Sequence[Column], now: datetime) -> dict[str, Dates]:
    """The date columns of the sample by name. `now` is aware; dates of events lie before it."""
    fitting = {column.name: _fitting(column) for column in columns}
    found: dict[str, Dates] = {}
    settled = [
        next(iter(formats)) for formats in fitting.values() if formats and not _twin_in(formats)
    ]
    for column in columns:
        formats = fitting[column.name]
        if not formats:
            continue
        format = max(formats, key=lambda each: formats[each])
        order: Sureness = "sure"
        why = ""
        twin = _twin(format)
        if twin in formats and formats[twin] == formats[format]:
            format, order, why = _ordered(column, format, twin, settled, now)
        found[column.name] = Dates(format, formats[format], _needs_zone(column, format), order, why)
    return found


def _twin_in(formats: Iterable[str]) -> bool:
    known = set(formats)
    return any(_twin(each) in known for each in known)


def _twin(format: str) -> str:
    """The format with day and month changed over, or nothing."""
    if format.startswith("%Y"):
        return ""
    for one, other in _ORDERS:
        if one in format:
            return format.replace(one, other)
        if other in format:
            return format.replace(other, one)
    return ""


def _month_first(format: str) -> bool:
    return any(one in format for one, _ in _ORDERS)


def _ordered(
    column: Column, one: str, other: str, settled: Sequence[str], now: datetime
) -> tuple[str, Sureness, str]:
    month_first, day_first = (one, other) if _month_first(one) else (other, one)
    seen = {_month_first(format) for format in settled if _twin(format)}
    if len(seen) == 1:
        format = month_first if seen == {True} else day_first
        return format, "likely", "another column of the file shows the order of day and month"
    late = {format: _future(column, format, now) for format in (month_first, day_first)}
    if bool(late[month_first]) != bool(late[day_first]):
        format = day_first if late[month_first] else month_first
        return format, "likely", "read the other way round, some would lie in the future"
    dotted = "." in month_first.split("%H")[0]
    words = "day first, as is usual with dots" if dotted else "month first, as is usual in the US"
    return (
        day_first if dotted else month_first,
        "guess",
        f"AMBIGUOUS: no cell of the sample shows whether day or month comes first; read {words}",
    )


def _future(column: Column, format: str, now: datetime) -> int:
    parse = date_parser(DateRule(format, ZoneInfo("UTC")))
    latest = utc_text((now + timedelta(days=1)).replace(microsecond=0))
    return sum(latest < parse(value) < "~" for value in islice(column.values, TRIED))


def _fitting(column: Column) -> dict[str, float]:
    """The formats that read nearly all of the column's cells, with the share that each reads."""
    values = list(islice(column.values, TRIED))
    if not values or any(len(value) > 40 for value in values[:20]):
        return {}
    if column.says("phone", "zip", "mobile", "version"):
        return {}
    total = sum(column.values[value] for value in values)
    candidates = dict.fromkeys(each for value in values[:12] for each in _candidates(value, column))
    fitting = {}
    for format in candidates:
        parse = date_parser(DateRule(format, ZoneInfo("UTC")))
        read = sum(column.values[value] for value in values if parse(value) != NOT_A_DATE)
        if read >= NEARLY_ALL * total:
            fitting[format] = read / total
    return fitting


def _candidates(value: str, column: Column) -> Iterator[str]:
    """The formats that may have written `value`."""
    dated = column.says("date", "at", "on", "time", "when", "epoch", "created", "updated", "since")
    if value.isdecimal():
        if dated and re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])", value):
            yield "%Y%m%d"
        if dated and 9 <= len(value) <= 10:
            yield "epoch"
        if dated and 12 <= len(value) <= 13:
            yield "epoch_ms"
        return
    if len(value) < _LEAST_LENGTH or not value[-1].isalnum():
        return
    if re.match(r"\d{4}-\d\d-\d\d(?:$|[T ])", value) and _reads("iso8601", value):
        yield "iso8601"
        return
    for look, formats in _DAYS:
        day = look.match(value)
        if day is None:
            continue
        clock = _time_format(value[day.end() :])
        for format in formats:
            written = format.format(day["sign"]) + clock
            if _reads(written, value):
                yield written


def _time_format(text: str) -> str:
    """The format of what follows the day; nothing for what is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return ""
    seconds = ":%S" if found["seconds"] else ""
    fraction = ".%f" if found["fraction"] else ""
    hour = f"%I:%M{seconds}{fraction}{found['space']}%p" if found["half"] else ""
    zone = f"{found['gap']}%z" if found["zone"] else ""
    return f"{found['before']}{hour or f'%H:%M{seconds}{fraction}'}{zone}"


def _reads(format: str, value: str) -> bool:
    if format == "iso8601":
        return date_parser(DateRule("iso8601", ZoneInfo("UTC")))(value) != NOT_A_DATE
    try:
        year = datetime.strptime(value, format).year
    except ValueError:
        return False
    return 1900 <= year <= 2100


def _needs_zone(column: Column, format: str) -> bool:
    if format in ("epoch", "epoch_ms") or "%z" in format:
        return False
    if format != "iso8601":
        return True
    parse = date_parser(DateRule("iso8601"))
    return any(parse(value).startswith("~NoTimeZone") for value in islice(column.values, TRIED))


def skipped_hours(columns: Iterable[tuple[Column, str]], zone: str) -> int:
    """How many local times of these columns `zone` skipped when its clocks went forward."""
    count = 0
    for column, format in columns:
        parse = date_parser(DateRule(format, ZoneInfo(zone)))
        count += sum(parse(value) == "~NoSuchTime" for value in islice(column.values, TRIED))
    return count
