"""The account's rolling 24-hour limit of import requests."""

from __future__ import annotations

import math
import sqlite3

from prefdrop_local.sandbox.problem import ProblemError
from prefdrop_local.sandbox.settings import Settings

_WINDOW = 24 * 3600.0


def count_request(
    database: sqlite3.Connection, settings: Settings, now: float, *, begins_import: bool
) -> None:
    """Count a request against the limit.

    Raises a 429 `ProblemError` with `Retry-After` when the window is full; such a request does not
    count. Every request is noted, so that the unit of the limit can be switched at any time.
    """
    only = "AND unit = 'import'" if settings.daily_unit == "import" else ""
    if begins_import or settings.daily_unit == "request":
        _refuse_when_full(database, settings, only, now)
    unit = "import" if begins_import else "request"
    database.execute("INSERT INTO daily_marks (at, unit) VALUES (?, ?)", (now, unit))


def _refuse_when_full(
    database: sqlite3.Connection, settings: Settings, only: str, now: float
) -> None:
    limit = settings.daily_limit
    sql = f"SELECT at FROM daily_marks WHERE at > ? {only} ORDER BY at DESC LIMIT ?"
    marks = database.execute(sql, (now - _WINDOW, max(limit, 1))).fetchall()
    if len(marks) < limit:
        return
    # The slot of the oldest request that fills the window frees first.
    frees = marks[-1][0] + _WINDOW if marks else now + _WINDOW
    wait = {"Retry-After": str(max(1, math.ceil(frees - now)))} if settings.retry_after else {}
    raise ProblemError(429, "The limit of import requests in 24 hours is reached.", wait)
