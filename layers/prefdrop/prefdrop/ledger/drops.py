"""Which version of a file was executed last, and which content was imported already."""

from __future__ import annotations

from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.imports import Import
from prefdrop.ledger.table import ConditionFailed, Table

SEQUENCER_LENGTH = 32
"""S3 sequencers of one key compare as text once they are of one length."""


class Superseded(Terminal):
    """A newer version of the same file was executed before this one."""


class DropStore:
    """Keeps an older file from overwriting a newer one, and a file from being imported twice."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def executing(self, record: Import) -> None:
        """Write down that this version is about to be executed; raises Superseded.

        An import that is forced may be older than what was executed.
        """
        order = _order(record)
        newest = Attr("sequencer").not_exists() | Attr("sequencer").lte(order)
        try:
            self._table.put(
                keys.executed_version(record.key),
                {"sequencer": order, "import_id": record.import_id},
                when=None if record.forced else newest,
            )
        except ConditionFailed:
            raise Superseded(
                f"A newer version of {record.key} was imported before this one; this older one "
                "would overwrite it.",
                hint="Nothing of it was executed. If that is meant, retry it with --force.",
            ) from None

    def newer_was_executed(self, record: Import) -> bool:
        """Whether a later version of the same file has been executed."""
        item = self._table.get(keys.executed_version(record.key))
        return item is not None and str(item["sequencer"]) > _order(record)

    def claim_content(self, record: Import, sha256: str) -> str:
        """Make `record` the import of this content; returns whose it is."""
        key = keys.content(record.feed, sha256)
        mine = Attr("import_id").not_exists() | Attr("import_id").eq(record.import_id)
        try:
            self._table.put(key, {"import_id": record.import_id}, when=mine)
        except ConditionFailed:
            item = self._table.get(key)
            return str(item["import_id"]) if item else record.import_id
        return record.import_id

    def release_content(self, record: Import, sha256: str) -> None:
        """Let the same content be imported after all: this import did not complete."""
        mine = Attr("import_id").eq(record.import_id)
        try:
            self._table.delete(keys.content(record.feed, sha256), when=mine)
        except ConditionFailed:
            return


def _order(record: Import) -> str:
    return record.sequencer.rjust(SEQUENCER_LENGTH, "0")
