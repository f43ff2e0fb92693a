"""Filling stage request bodies: as full as the byte limit allows, the same every time."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from prefdrop.feeds.duplicates import Refusals
from prefdrop.feeds.faults import SURROGATE_FAULT, Fault, LocalReject, reject, too_large
from prefdrop.feeds.limits import Chunk, ChunkLimits, Cursor
from prefdrop.feeds.vendor_record import RECORDS_ROOT

_HEAD = b'{"' + RECORDS_ROOT.encode() + b'":['
_TAIL = b"]}"
_FRAME = len(_HEAD) + len(_TAIL)

_GATHERED = 256
"""Records that are written at a time."""
_NEVER = sys.maxsize
"""Bytes that there is never room for."""
_LARGE = 4 * 1024 * 1024
_MAPPED = 33 * 1024 * 1024
"""The C library takes what is larger than 32 MiB straight from the system and gives it back."""

Encode = Callable[[Any, str], "str | list[Fault]"]


class RowReader(Protocol):
    """An iterator over rows that knows where the row given last begins and ends in the file."""

    start: int
    end: int
    raw: bytes

    def __iter__(self) -> Iterator[Any]: ...

    def close(self) -> None: ...


class _Open:
    """The chunk being filled."""

    def __init__(self, start: Cursor, limits: ChunkLimits, *, careful: bool) -> None:
        """`careful`: no row may go the short way."""
        self.start = start
        self.rejects: list[LocalReject] = []
        self._limits = limits
        self._careful = careful
        self._records = 0
        self._bytes = _FRAME - 1
        """Of the body with what is in it, counting one comma per record (the first has none)."""
        self._gathered: list[str] = []
        self._body = io.BytesIO()
        self._body.write(_HEAD)
        self._roomy = False

    def short_way(self) -> tuple[Callable[[str], None], int, int]:
        """What adds a record that surely encodes, how many bytes such records and their commas may
        have, and how many may be added before this is asked again."""
        closed = self._careful or len(self.rejects) >= self._limits.rejects
        slots = 0 if closed else min(_GATHERED, self._limits.records - self._records)
        return self._gathered.append, self._limits.bytes - self._bytes, slots

    def write(self) -> None:
        """Write down what went the short way."""
        if self._gathered:
            self._append(",".join(self._gathered).encode(), len(self._gathered))
            self._gathered.clear()

    def takes(self, settled: bytes | LocalReject) -> bool:
        """Whether there is room for one more row that became this."""
        if self._records >= self._limits.records or len(self.rejects) >= self._limits.rejects:
            return False
        return not isinstance(settled, bytes) or len(settled) < self._limits.bytes - self._bytes

    def add(self, settled: bytes | LocalReject) -> None:
        """Add what a row became."""
        if isinstance(settled, bytes):
            self._append(settled, 1)
        else:
            self.rejects.append(settled)

    def _append(self, text: bytes, records: int) -> None:
        if self._records:
            self._body.write(b",")
        self._records += records
        self._bytes += len(text) + 1
        if self._bytes > _LARGE and not self._roomy:
            self._make_room()
        self._body.write(text)

    def _make_room(self) -> None:
        """Grow once and for all, and so far that the system itself gives the memory.

        Buffers that grow bit by bit leave holes in the heap, and the memory of a long run would
        creep up.
        """
        place = self._body.tell()
        self._body.seek(_MAPPED)
        self._body.write(b"\0")
        self._body.seek(place)
        self._roomy = True

    def close(self, end: Cursor, *, last: bool) -> Chunk:
        """The chunk with what was written."""
        self._body.write(_TAIL)
        self._body.truncate()
        body = self._body.getvalue()
        self._body.close()
        return Chunk(
            body,
            self._records,
            hashlib.sha256(body).hexdigest(),
            end.row - self.start.row,
            self.start,
            end,
            self.rejects,
            last,
        )


def fill_chunks(
    rows: RowReader,
    encode: Encode,
    start: Cursor,
    limits: ChunkLimits,
    now: str,
    refused: Refusals,
) -> Iterator[Chunk]:
    """Chunks from `start` to the end of the file; at least one, and the last one says so.

    A chunk is cut before the record that does not fit, or once it has all the records or rejects
    it may have and another row follows. Every chunk but that of an empty rest has a row at least.
    """
    settle, careful = _settler(limits.bytes, refused), bool(refused)
    chunk, number, end = _Open(start, limits, careful=careful), start.row, start.offset
    add, left, slots = chunk.short_way()
    for payload in rows:
        outcome = encode(payload, now)
        # Nearly every row takes the short way: a text that surely encodes, with room for it.
        if slots and isinstance(outcome, str):
            length = len(outcome) if outcome.isascii() else _utf8_length(outcome)
        else:
            length = _NEVER
        if length < left:
            add(outcome)  # type: ignore[arg-type]  # it has a length, so it is a text
            left -= length + 1
            slots -= 1
        else:
            chunk.write()
            settled = settle(outcome, number + 1)
            if number > chunk.start.row and not chunk.takes(settled):
                yield chunk.close(cut := Cursor(end, number), last=False)
                chunk = _Open(cut, limits, careful=careful)
            chunk.add(settled)
            add, left, slots = chunk.short_way()
        number += 1
        end = rows.end
    chunk.write()
    yield chunk.close(Cursor(rows.end, number), last=True)


def _utf8_length(text: str) -> int:
    """How many bytes the text has; more than there is room for where it can't be encoded."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return _NEVER


def _settler(
    limit: int, refused: Refusals
) -> Callable[[str | list[Fault], int], bytes | LocalReject]:
    """What becomes of a row in the end: the bytes of its record, or its reject."""
    room = limit - _FRAME

    def settle(outcome: str | list[Fault], number: int) -> bytes | LocalReject:
        refusal = refused.of(number) if refused else None
        if refusal is not None:
            return refusal
        if not isinstance(outcome, str):
            return reject(number, outcome)
        try:
            record = outcome.encode()
        except UnicodeEncodeError:
            return reject(number, [SURROGATE_FAULT])
        return record if len(record) <= room else reject(number, [too_large(limit)])

    return settle
