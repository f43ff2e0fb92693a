"""The dry run of `feeds check`: the local side of an import, with nothing sent anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from prefdrop.feeds import ChunkLimits, Cursor, LocalReject, Source

CHUNK_ROWS = 1_000
"""Rows per chunk of a dry run: small enough to stop soon after the wanted number of rows."""


@dataclass
class Checked:
    """What a dry run found in the first rows of a file."""

    rows: int = 0
    records: int = 0
    first_record: str | None = None
    """The first record in JSON, indented."""
    rejects: list[LocalReject] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The members that `--json` prints."""
        first = self.first_record
        return {
            "rows": self.rows,
            "records": self.records,
            "first_record": None if first is None else msgspec.json.decode(first),
            "rejects": self.rejects,
        }


def check_file(source: Source, rows: int) -> Checked:
    """Map and check the first `rows` rows of `source`, rounded up to whole chunks."""
    limits = ChunkLimits(bytes=25_000_000, records=min(rows, CHUNK_ROWS), rejects=CHUNK_ROWS)
    checked = Checked()
    for chunk in source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC)):
        checked.rows += chunk.rows
        checked.records += chunk.records
        checked.rejects += chunk.rejects
        if checked.first_record is None and chunk.records:
            checked.first_record = _first_record(chunk.body)
        if checked.rows >= rows:
            break
    return checked


def _first_record(body: bytes) -> str:
    (records,) = msgspec.json.decode(body).values()
    return msgspec.json.format(msgspec.json.encode(records[0]), indent=2).decode()
