"""Filling stage request bodies: as full as the byte limit allows, the same every time."""

from __future__ import annotations

import hashlib
import io
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
"""Records that are joined at a time."""
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

    def __init__(self, start: Cursor) -> None:
        self.start = start
        self.records = 0
        self.rejects: list[LocalReject] = []
        self.bytes = _FRAME - 1
        """Of the body with what is in it, counting one comma per record (the first has none)."""
        self._gathered: list[bytes] = []
        self._body = io.BytesIO()
        self._body.write(_HEAD)
        self._roomy = False

    def add(self, record: bytes) -> None:
        self._gathered.append(record)
        self.records += 1
        self.bytes += len(record) + 1
        if len(self._gathered) == _GATHERED:
            self._flush()

    def _flush(self) -> None:
        body = self._body
        if body.tell() > len(_HEAD) and self._gathered:
            body.write(b",")
        if self.bytes > _LARGE and not self._roomy:
            self._make_room()
        body.write(b",".join(self._gathered))
        self._gathered.clear()

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
        self._flush()
        self._body.write(_TAIL)
        self._body.truncate()
        body = self._body.getvalue()
        self._body.close()
        return Chunk(
            body,
            self.records,
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
    settle = _settler(limits.bytes, refused)
    room = 0 if refused else limits.bytes - _FRAME
    chunk, number, end = _Open(start), start.row, start.offset
    for payload in rows:
        outcome = encode(payload, now)
        # Nearly every row takes the short way: a plain text that surely encodes, not too long.
        if outcome.__class__ is str and len(outcome) <= room and outcome.isascii():
            settled: bytes | LocalReject = outcome.encode()
        else:
            settled = settle(outcome, number + 1)
        if (
            (isinstance(settled, bytes) and chunk.bytes + len(settled) + 1 > limits.bytes)
            or chunk.records >= limits.records
            or len(chunk.rejects) >= limits.rejects
        ) and number > chunk.start.row:
            cut = Cursor(end, number)
            yield chunk.close(cut, last=False)
            chunk = _Open(cut)
        if isinstance(settled, bytes):
            chunk.add(settled)
        else:
            chunk.rejects.append(settled)
        number += 1
        end = rows.end
    yield chunk.close(Cursor(rows.end, number), last=True)


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
