"""Times as the ledger stores them: ISO 8601 in UTC for people, milliseconds for comparing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import msgspec

Moment = Annotated[
    str,
    msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$", title="moment"),
]
"""ISO 8601 in UTC."""


def now_ms() -> int:
    """The time now, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def now() -> datetime:
    """Return the time now in UTC, cut off at the millisecond."""
    seconds, rest = divmod(now_ms(), 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def iso(milliseconds: int) -> str:
    """`milliseconds` since 1970 as ISO 8601 in UTC with milliseconds; sorts as text."""
    return iso_of(datetime.fromtimestamp(milliseconds / 1000, UTC))


def iso_of(moment: datetime) -> str:
    """An aware datetime as `iso` writes it, cut off at the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def iso_now() -> str:
    """The time now as `iso` writes it."""
    return iso(now_ms())


LONGEST_IMPORT_DAYS = 60
"""How long an import may take from its first part to its end: queue, holds, quota and retries. What
it needs until its own item expires lives so many days longer than RetentionDays."""


def days_from_now(days: int) -> int:
    """The time `days` from now in seconds since 1970, as DynamoDB's TTL wants it."""
    return now_ms() // 1000 + days * 24 * 3600


def milliseconds(moment: datetime) -> int:
    """An aware datetime in milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def milliseconds_of(moment: str) -> int:
    """Return ISO 8601 text with a zone in milliseconds since 1970."""
    return milliseconds(datetime.fromisoformat(moment))
