"""The vendor's rolling 24-hour limit, counted by marks written before each request (O-7)."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from prefdrop.ledger import keys
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.table import Table

WINDOW_MS = 24 * 3600 * 1000


class QuotaUse(NamedTuple):
    """How much of the quota is used; `next_slot` is when the oldest mark leaves the window (ms)."""

    used: int
    left: int
    next_slot: int | None


class Quota:
    """The marks of one vendor account."""

    def __init__(self, table: Table, client_id: str, *, limit: int, reserve: int) -> None:
        self._table = table
        self._client_id = client_id
        self._limit = limit - reserve

    def use(self) -> QuotaUse:
        """Count the marks of the last 24 hours."""
        since = now_ms() - WINDOW_MS
        marks = [
            item["time"]
            for item in self._table.query(keys.quota_mark(self._client_id, "", "").pk)
            if item["time"] > since
        ]
        oldest = min(marks) + WINDOW_MS if marks else None
        return QuotaUse(len(marks), max(0, self._limit - len(marks)), oldest)

    def mark(self) -> None:
        """Count one request that is about to be sent."""
        moment = now_ms()
        key = keys.quota_mark(self._client_id, iso(moment), uuid.uuid4().hex[:8])
        expires = (moment + 2 * WINDOW_MS) // 1000
        self._table.put(key, {"time": moment, "expires_at": expires})
