"""What a chunk is and what bounds it."""

from __future__ import annotations

import re

import msgspec

from prefdrop.feeds.faults import LocalReject

_NUMBER = re.compile(r"[0-9]{1,18}")


class Cursor(msgspec.Struct, frozen=True):
    """A place between two rows: the byte offset where the next row starts, and the rows before it.

    `Cursor(0, 0)` is the start of the file, header included. In a compressed file the offset
    counts decompressed bytes, in a Parquet file or an Excel workbook rows.
    """

    offset: int = 0
    row: int = 0


class ChunkLimits(msgspec.Struct, frozen=True):
    """The most bytes of a body as sent, records in a chunk, and rejects gathered with it."""

    bytes: int
    records: int
    rejects: int


class Chunk(msgspec.Struct, frozen=True):
    """The records of one stage request, and the rows between `start` and `end` that gave them.

    `body` is the complete request body. `rows = records + len(rejects)`. A chunk may have no
    records at all. `last` says that the file ends with it.
    """

    body: bytes
    records: int
    sha256: str
    rows: int
    start: Cursor
    end: Cursor
    rejects: list[LocalReject]
    last: bool


def row_number(said: object) -> int | None:
    """The row number that a rejects file's `_row` holds, or `None` if it holds none."""
    if isinstance(said, str) and _NUMBER.fullmatch(said.strip()):
        said = int(said)
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else None


class Row(msgspec.Struct, frozen=True):
    """One data row. `number` is 1-based, the header not counted; `start` and `end` are offsets.

    `raw` are its bytes without the line end. A csv row has `cells` (as many as it has, a rejects
    file's own columns taken off), a JSON row has `value`. `fault` says why a row can't be read.
    `origin` is the row's number in the file it was rejected from: what a rejects file says in
    `_row`, `None` in any other file or if no number stands there.
    """

    number: int
    start: int
    end: int
    raw: bytes
    cells: list[str] | None = None
    value: dict[str, object] | None = None
    fault: str = ""
    origin: int | None = None
