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
