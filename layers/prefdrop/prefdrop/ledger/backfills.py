"""Until when the vendor's events have been read back, and in what slices: where the next scheduled
reading goes on."""

from __future__ import annotations

from datetime import timedelta

from boto3.dynamodb.conditions import Attr

from prefdrop.ledger import keys
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.table import ConditionFailed, Table


class Backfills:
    """The progress of one vendor account."""

    def __init__(self, table: Table, client_id: str) -> None:
        self._table = table
        self._key = keys.covered(client_id)
        self._slice = keys.slice_length(client_id)

    def covered_until(self) -> str:
        """The moment (ISO) up to which every event was looked for; empty before the first time."""
        item = self._table.get(self._key)
        return str(item["until"]) if item else ""

    def cover(self, until: str) -> None:
        """Move that moment on; it never goes back."""
        earlier = Attr("until").not_exists() | Attr("until").lt(until)
        try:
            self._table.put(self._key, {"until": until, "updated_at": iso_now()}, when=earlier)
        except ConditionFailed:
            return

    def slice_length(self) -> timedelta | None:
        """The longest time whose events the vendor was found to answer; None for no limit."""
        item = self._table.get(self._slice)
        return timedelta(milliseconds=item["milliseconds"]) or None if item else None

    def remember_slice(self, length: timedelta | None) -> None:
        """Let later readings begin with slices of that length; None for no limit."""
        milliseconds = length // timedelta(milliseconds=1) if length else 0
        self._table.put(self._slice, {"milliseconds": milliseconds, "updated_at": iso_now()})
