"""The imports of the ledger: one item each, from the drop to the report."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any, Literal, get_args

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.table import ConditionFailed, Table

Status = Literal[
    "Registered",
    "Queued",
    "Staging",
    "Held",
    "Executing",
    "Collecting",
    "Reporting",
    "Completed",
    "CompletedWithRejects",
    "Aborted",
    "Failed",
    "Unreconciled",
    "Duplicate",
]
STATUSES: tuple[Status, ...] = get_args(Status)
FINISHED = frozenset(
    {"Completed", "CompletedWithRejects", "Aborted", "Failed", "Unreconciled", "Duplicate"}
)


class UnknownImport(Terminal):
    """The ledger holds no import of this id."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why an import did not complete: the error's stable name, what happened, what to do next."""

    code: str
    message: str
    hint: str = ""


class Configuration(msgspec.Struct, frozen=True, omit_defaults=True):
    """The configuration snapshot of an import, decided on once: which object version its rows are
    held to. `version_id` is empty where there was none; a `stale` one is not used, nor one that
    a later release could not read."""

    version_id: str = ""
    taken_at: str = ""
    stale: bool = False
    undecided: bool = False
    """Nothing is decided on yet, so the next attempt to begin takes what is newest then."""
    not_understood: tuple[str, ...] = ()
    """What nobody here can hold rows to: the account's `email_pattern`, or the whole `snapshot`."""


Position = dict[str, int]
"""A place in the source between two rows, as the reader of its format wrote it; opaque here."""


class Correction(msgspec.Struct, frozen=True):
    """A file of corrected rows that was staged into a held import."""

    key: str
    version_id: str
    bytes: int


class Import(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One import. Times are ISO 8601 in UTC; counts are cumulative over its parts.

    The counts here are for showing progress; the parts hold the ones that decide.
    """

    import_id: str
    feed: str
    status: Status = "Registered"
    bucket: str
    key: str
    version_id: str
    bytes: int = 0
    sequencer: str = ""
    dropped_at: str = ""
    execution_arn: str
    attempt: int = 1
    code_version: str = ""
    feed_version_id: str = ""
    configuration: Configuration | None = None
    """None where a release registered the import that held rows to no snapshot."""
    registered_at: str
    started_at: str = ""
    updated_at: str = ""
    finished_at: str = ""

    parts: int = 0
    chunk_bytes: int = 0
    """The byte limit of this import's chunks, where the vendor refused larger ones; else 0."""

    rows_read: int = 0
    restaged: int = 0
    """Rows of corrections, read besides `rows_read`."""
    read_bytes: int = 0
    rejected_local: int = 0
    staged: int = 0
    rejected_validation: int = 0
    processed: int = 0
    pending: int = 0
    rejected_execution: int = 0
    not_honored: int = 0
    chunks: int = 0
    vendor_requests: int = 0

    corrections: list[Correction] = []
    forced: bool = False
    """Whether it may overwrite what a newer version of the same file brought."""
    content_sha256: str = ""
    """Of the source, where the feed skips content that was imported before."""
    approved: bool = False
    """Whether the part that begins at `held_start` was approved, however often it begins."""
    held_start: Position = {}
    initiate_after: int = 0
    """When the vendor may have a free slot again, after it said that there was none (ms)."""
    approval_token: str = ""
    hold_until: str = ""
    gate: str = ""
    """The gate that stopped the import, in a sentence."""

    expires_at: int = 0
    """When DynamoDB may forget the item (s); 0 for never."""
    error: Failure | None = None
    reconciled: bool | None = None
    report_key: str = ""
    rejects_key: str = ""


class ImportStore:
    """Reads and writes the import items."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def register(self, new: Import) -> Import:
        """Store `new` unless its id is there already; return what the ledger then holds."""
        try:
            self._table.put(
                keys.meta(new.import_id), _item(new), when=Attr("import_id").not_exists()
            )
        except ConditionFailed:
            return self.get(new.import_id)
        return new

    def find(self, import_id: str) -> Import | None:
        """Read one import, or None."""
        item = self._table.get(keys.meta(import_id))
        return None if item is None else msgspec.convert(item, Import)

    def get(self, import_id: str) -> Import:
        """Read one import; raises UnknownImport."""
        found = self.find(import_id)
        if found is None:
            raise _unknown(import_id)
        return found

    def update(self, import_id: str, **changes: Any) -> Import:
        """Change members of an import; None removes one. Returns the import as it is then.

        Raises UnknownImport.
        """
        put = {name: msgspec.to_builtins(value) for name, value in changes.items()}
        put["updated_at"] = iso_now()
        if "status" in changes:
            put["gsi1pk"] = keys.status_partition(changes["status"])
        try:
            item = self._table.update(
                keys.meta(import_id), put=put, when=Attr("import_id").exists()
            )
        except ConditionFailed:
            raise _unknown(import_id) from None
        return msgspec.convert(item, Import)

    def show_progress(self, import_id: str, *, requests: int = 0, **changes: Any) -> bool:
        """As `update`, and add requests sent to the vendor, unless the import has ended meanwhile:
        its end is not to be hidden. Answers whether it was written."""
        put = {**changes, "updated_at": iso_now()}
        put["gsi1pk"] = keys.status_partition(changes["status"])
        ended = Attr("status").is_in(sorted(FINISHED))
        try:
            self._table.update(
                keys.meta(import_id),
                put=put,
                add={"vendor_requests": requests} if requests else None,
                when=Attr("import_id").exists() & ~ended,
            )
        except ConditionFailed:
            return False
        return True

    def count_requests(self, import_id: str, requests: int) -> None:
        """Add requests sent to the vendor."""
        self._table.update(
            keys.meta(import_id),
            add={"vendor_requests": requests},
            when=Attr("import_id").exists(),
        )

    def list(self, status: Status | None = None, *, limit: int = 50) -> Iterator[Import]:
        """The imports in `status`, or in any, newest first."""
        wanted = (status,) if status else STATUSES
        streams = [
            self._table.query_index(
                keys.STATUS_INDEX, "gsi1pk", keys.status_partition(one), limit=limit
            )
            for one in wanted
        ]
        newest = merge(*streams, key=lambda item: item["gsi1sk"], reverse=True)
        return (msgspec.convert(item, Import) for item in islice(newest, limit))


def _unknown(import_id: str) -> UnknownImport:
    return UnknownImport(
        f"There is no import {import_id}.", hint="`prefdrop imports list` shows those there are."
    )


def _item(record: Import) -> dict[str, Any]:
    item: dict[str, Any] = msgspec.to_builtins(record)
    item["status"] = record.status
    item["gsi1pk"] = keys.status_partition(record.status)
    item["gsi1sk"] = f"{record.registered_at}#{record.import_id}"
    return item
