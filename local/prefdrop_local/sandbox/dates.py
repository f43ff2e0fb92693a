"""How the vendor reads dates in records (vendor documentation of preferences and consents).

A value with a zone is stored as UTC. One without is read as US Eastern. A date alone means the
first second of that Eastern day for an opt-in and the last one for an opt-out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
_STORED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_END_OF_DAY = time(23, 59, 59)


def stored_date(text: str, end_of_day: bool = False) -> str:
    """The UTC form in which the vendor stores a date, for example `2021-01-06T05:00:00Z`.

    `end_of_day` is for opt-outs. Raises ValueError when the text is no ISO 8601 date.
    """
    if _STORED.fullmatch(text):
        datetime.fromisoformat(text)
        return text
    return _in_utc(text, end_of_day)


@lru_cache(maxsize=65_536)
def _in_utc(text: str, end_of_day: bool) -> str:
    moment = moment_of(text, end_of_day)
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=spec).removesuffix("+00:00") + "Z"


def moment_of(text: str, end_of_day: bool = False) -> datetime:
    """The moment a date means, with its zone. Raises ValueError when it is no ISO 8601 date."""
    if _DATE.fullmatch(text):
        day = datetime.fromisoformat(text)
        clock = _END_OF_DAY if end_of_day else time()
        return datetime.combine(day, clock, EASTERN)
    if not _MOMENT.fullmatch(text):
        raise ValueError("not an ISO 8601 date")
    moment = datetime.fromisoformat(_six_digits(text.upper()))
    return moment if moment.tzinfo else moment.replace(tzinfo=EASTERN)


def _six_digits(text: str) -> str:
    """.NET writes up to seven digits of a second; Python reads six."""
    return re.sub(r"(\.\d{6})\d", r"\1", text)
