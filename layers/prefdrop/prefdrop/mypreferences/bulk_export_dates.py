"""What the vendor makes of an export's `LastDateTime`.

It is read to the millisecond and rounded *up* to the next value that an SQL Server `datetime` can
hold, whose milliseconds end in 0, 3 or 7: .000-.002 becomes .003, .003-.006 becomes .007, and
.007-.009 the next .000 (vendor documentation; meant to skip no records). The lower bound of an
export therefore lies up to 4 ms later than what was asked for, and a caller that must not miss a
change asks for an earlier moment and drops what it has already.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LARGEST_ROUNDING = timedelta(milliseconds=4)
"""The furthest that the rounding moves a moment (from .003 to .007)."""


def rounded_up(moment: datetime) -> datetime:
    """The lower bound that the vendor uses when it is sent `moment`, cut to milliseconds.

    It is always later than `moment`, even if that is a value that the vendor can hold.
    """
    milliseconds = moment.microsecond // 1000
    up = (3, 7, 10)[sum(milliseconds % 10 >= edge for edge in (3, 7))]
    whole = moment.replace(microsecond=(milliseconds - milliseconds % 10) * 1000)
    return whole + timedelta(milliseconds=up)


def covering(moment: datetime) -> datetime:
    """The latest `LastDateTime` with which no change at `moment` or later is missed.

    The vendor's lower bound then lies before `moment`, so it does not matter whether a change at
    the very bound is answered, which the vendor does not say.
    """
    asked = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    while rounded_up(asked) >= moment:
        asked -= timedelta(milliseconds=1)
    return asked
