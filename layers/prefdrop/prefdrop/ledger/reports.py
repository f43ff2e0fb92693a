"""How far the report of an attempt has been written, for the invocation that goes on with it."""

from __future__ import annotations

from prefdrop.ledger import keys
from prefdrop.ledger.table import Table


class ReportStore:
    """Keeps one opaque note for each attempt of an import; it never holds a record."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, import_id: str, attempt: int) -> bytes | None:
        """Return the note, or None when a report is to be begun."""
        item = self._table.get(keys.report(import_id, attempt))
        return None if item is None else item["note"].encode()

    def save(self, import_id: str, attempt: int, note: bytes) -> None:
        """Replace the note."""
        self._table.put(keys.report(import_id, attempt), {"note": note.decode()})

    def clear(self, import_id: str, attempt: int) -> None:
        """Forget the note; none is fine."""
        self._table.delete(keys.report(import_id, attempt))
