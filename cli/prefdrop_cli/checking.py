"""The dry run of `feeds check`: the local side of an import, with nothing sent anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from prefdrop.feeds import Chunk, ChunkLimits, Cursor, Feed, LocalReject, Source
from prefdrop.feeds.vendor_record import RECORDS_ROOT
from prefdrop_cli.progress import Step

REJECTS_IN_MEMORY = 10_000
"""Rejects that are gathered at a time, as in an import."""
MAX_REASONS = 1_000
"""So many different reasons are told apart; the rest are counted by their code."""
EXAMPLES = 5
"""Rows that are named with each reason."""
LISTED_REJECTS = 100
"""Rejects that are listed one by one."""
_FRAME = len(f'{{"{RECORDS_ROOT}":[]}}')
PART_RECORDS = 10_000_000
CHUNK_BYTES = 25_000_000
"""The defaults of a deployed stack."""

Outcome = Literal["pass", "hold", "abort", "refuse"]


class Gate(msgspec.Struct, frozen=True):
    """What would become of an import with these figures, and why if it would be stopped.

    `hold` and `abort` are the feed's gates; `refuse` is a destructive feed's `max_records`.
    """

    outcome: Outcome
    """What would become of it; `refuse` where a destructive feed's `max_records` is exceeded."""
    reason: str = ""
    """Why it would be stopped; empty for `pass`."""


class Reason(msgspec.Struct):
    """A reason for rejects, how often it came, and the first rows that it came with."""

    code: str
    """The reason's name, as in the column `_code` of rejects."""
    column: str | None
    """The column that is to blame; null for the row as a whole."""
    reason: str
    """In a sentence."""
    count: int = 0
    """So many rows."""
    rows: list[int] = []
    """The first of them, from 1."""


@dataclass
class Checked:
    """What a dry run found."""

    feed: Feed
    file: str
    warnings: tuple[str, ...]
    shown: int
    """So many records are kept to be shown."""
    rows: int = 0
    records: int = 0
    rejected: int = 0
    body_bytes: int = 0
    """Of all stage requests together."""
    chunks: int = 0
    whole: bool = True
    """The file was read to its end."""
    first_records: list[Any] = field(default_factory=list)
    rejects: list[LocalReject] = field(default_factory=list)
    reasons: dict[tuple[str, str | None, str], Reason] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Count what a chunk holds."""
        self.rows += chunk.rows
        self.records += chunk.records
        self.rejected += len(chunk.rejects)
        if chunk.records and len(self.first_records) < self.shown:
            (records,) = msgspec.json.decode(chunk.body).values()
            self.first_records += records[: self.shown - len(self.first_records)]
        self.rejects += chunk.rejects[: max(LISTED_REJECTS - len(self.rejects), 0)]
        for reject in chunk.rejects:
            self._count(reject)

    def _count(self, reject: LocalReject) -> None:
        key = (reject.code, reject.column, reject.reason)
        if key not in self.reasons and len(self.reasons) >= MAX_REASONS:
            key = (reject.code, None, "Other reasons with this code.")
        found = self.reasons.setdefault(key, Reason(*key))
        found.count += 1
        if len(found.rows) < EXAMPLES:
            found.rows.append(reject.row)

    @property
    def rejected_percent(self) -> float:
        """The share of rows that are rejected here, from 0 to 100."""
        return 100 * self.rejected / self.rows if self.rows else 0.0

    @property
    def parts(self) -> int:
        """Vendor imports that the records would take."""
        return -(-self.records // PART_RECORDS)

    def by_frequency(self) -> list[Reason]:
        """The reasons, the most frequent first."""
        return sorted(self.reasons.values(), key=lambda each: (-each.count, each.rows))

    def gate(self) -> Gate:
        """Whether an import of these rows would be stopped, as far as it shows here."""
        part, gates = self.feed.import_, self.feed.gates
        if part.destructive and part.max_records is not None and self.records > part.max_records:
            reason = f"{self.records:,} records are more than max_records allows"
            return Gate("refuse", f"{reason} ({part.max_records:,}).")
        if self.rejected_percent > gates.max_rejected_percent:
            reason = (
                f"{self.rejected:,} of {self.rows:,} rows ({self.rejected_percent:.1f} %) are "
                f"rejected, more than the {gates.max_rejected_percent:g} % that "
                "max_rejected_percent allows."
            )
            return Gate(gates.over_gate, reason)
        if self.whole and self.records < gates.min_records:
            reason = (
                f"{self.records:,} records are fewer than the {gates.min_records:,} that "
                "min_records asks for."
            )
            # Without a record there is nothing that could be held.
            return Gate(gates.over_gate if self.records else "abort", reason)
        return Gate("pass")

    def members(self) -> dict[str, Any]:
        """What is told to programs, by the names of `shapes.feeds.CheckedFile`."""
        return {
            "feed": self.feed.name,
            "file": self.file,
            "warnings": self.warnings,
            "rows": self.rows,
            "whole_file": self.whole,
            "records": self.records,
            "rejected": self.rejected,
            "rejected_percent": round(self.rejected_percent, 3),
            "chunks": self.chunks,
            "parts": self.parts,
            "body_bytes": self.body_bytes,
            "gate": self.gate(),
            "first_records": self.first_records,
            "reasons": self.by_frequency(),
            "rejects": self.rejects,
        }


def check_file(
    source: Source,
    *,
    rows: int | None = None,
    shown: int = 1,
    chunk_bytes: int = CHUNK_BYTES,
    tell: Callable[[Step], None] = lambda _: None,
    size: int = 0,
) -> Checked:
    """Map and check all rows of `source`, or the first `rows`, and cut them into chunks.

    Chunks are those of an import with stage requests of at most `chunk_bytes` bytes. `size` is the
    file's size where that tells how far reading has got, for `tell`.
    """
    checked = Checked(source.feed, source.file, source.warnings, shown)
    most = PART_RECORDS if rows is None else 1
    limits = ChunkLimits(
        bytes=chunk_bytes, records=most, rejects=REJECTS_IN_MEMORY if rows is None else 1
    )
    filling = _Filling(chunk_bytes) if rows is not None else None
    for chunk in source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC)):
        checked.add(chunk)
        tell(Step("checking", chunk.end.offset if size else 0, size, checked.rows))
        if chunk.records:
            checked.chunks += 1 if filling is None else filling.begins(len(chunk.body))
            checked.body_bytes += len(chunk.body)
        if rows is not None and checked.rows >= rows:
            checked.whole = chunk.last
            break
    if filling is not None:
        checked.body_bytes = filling.bytes
    return checked


class _Filling:
    """Fills records that come one by one into chunks, as an import would; counts only."""

    def __init__(self, limit: int) -> None:
        self.bytes = 0
        self._limit = limit
        self._chunk = 0

    def begins(self, body: int) -> int:
        """Add the record of a body of so many bytes that holds it alone; 1 if it starts a chunk."""
        record = body - _FRAME
        if self._chunk and self._chunk + 1 + record <= self._limit:
            self._chunk += 1 + record
            self.bytes += 1 + record
            return 0
        self._chunk = body
        self.bytes += body
        return 1
