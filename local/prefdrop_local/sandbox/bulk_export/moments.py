"""Moments of bulk export in whole milliseconds, and how the vendor rounds `LastDateTime`.

Times are integers here: a float of today's seconds cannot hold a millisecond exactly.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefdrop_local.sandbox.dates import moment_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: float) -> int:
    """Seconds since 1970 as milliseconds, rounded as `clock.iso` shows them."""
    return round(moment * 1000)


def read_moment(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 date; finer digits are cut off.

    Without a zone it is US Eastern. Raises ValueError when it is no date.
    """
    return (moment_of(text) - _EPOCH) // _MILLISECOND


def rounded_up(moment: int) -> int:
    """The SQL-datetime boundary above a moment: .003, .007 or the next .000 of each centisecond.

    A moment on a boundary moves to the next one too, as documented (.003 becomes .007).
    """
    digit = moment % 10
    boundary = 3 if digit < 3 else 7 if digit < 7 else 10
    return moment - digit + boundary
