"""Moments as they are typed: a date, a date with a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from prefdrop_cli.exits import WrongUse

AGO = re.compile(r"(\d{1,6})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime:
    """`text` as an aware moment; without a zone it is UTC. Raises WrongUse."""
    if ago := AGO.fullmatch(text.strip().lower()):
        return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongUse(
            f"{text!r} is no moment.",
            hint="Write 2026-01-15, 2026-01-15T10:30Z, or how long ago: 90m, 12h, 3d.",
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def check_window(since: str, until: str, now: datetime) -> None:
    """Raise WrongUse for a window that ends before it begins; without `until` it ends now."""
    if since and moment(since, now) > (moment(until, now) if until else now):
        end = f"until {until!r}" if until else "now"
        raise WrongUse(
            f"Invalid window: since {since!r} is after {end}.", hint="Give an earlier since."
        )
