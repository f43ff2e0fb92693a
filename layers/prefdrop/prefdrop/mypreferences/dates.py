"""Dates as the vendor is sent them: in UTC with `Z`; without a zone it would read US Eastern."""

from __future__ import annotations

from datetime import UTC, date, datetime

from prefdrop.mypreferences.errors import Misconfigured


def utc_text(moment: date, name: str) -> str:
    """`moment` as the vendor is sent it: UTC with `Z`, cut (not rounded) to milliseconds.

    Raises Misconfigured for one without a zone; `name` is what the error calls it.
    """
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise Misconfigured(
            f"{name or 'A date'} has no time zone, and MyPreferences would take it for US Eastern.",
            hint="Give an aware datetime, for example datetime.now(UTC).",
        )
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
