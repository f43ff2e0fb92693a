"""Until when the vendor's events have been read back: where the next scheduled reading begins."""

from __future__ import annotations

from boto3.dynamodb.conditions import Attr

from prefdrop.ledger import keys
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.table import ConditionFailed, Table


class Backfills:
    """The progress of one vendor account."""

    def __init__(self, table: Table, client_id: str) -> None:
        self._table = table
        self._key = keys.covered(client_id)

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
