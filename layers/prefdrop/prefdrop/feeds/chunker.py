"""Filling stage request bodies: as full as the byte limit allows, the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from prefdrop.feeds.faults import SURROGATE_FAULT, Fault, LocalReject, reject, too_large
from prefdrop.feeds.limits import Chunk, ChunkLimits, Cursor
from prefdrop.feeds.vendor_record import RECORDS_ROOT

_HEAD = b'{"' + RECORDS_ROOT.encode() + b'":['
_TAIL = b"]}"
_FRAME = len(_HEAD) + len(_TAIL)

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
        self.records: list[bytes] = []
        self.rejects: list[LocalReject] = []
        self.bytes = _FRAME - 1
        """Of the body with what is in it, counting one comma per record (the first has none)."""

    def close(self, end: Cursor, *, last: bool) -> Chunk:
        count = len(self.records)
        # Head and tail join the outer records, so that the whole body is copied only once.
        self.records[:1] = [_HEAD + b"".join(self.records[:1])]
        self.records[-1] += _TAIL
        body = b",".join(self.records)
        self.records.clear()
        return Chunk(
            body,
            count,
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
    refused: Mapping[int, LocalReject],
) -> Iterator[Chunk]:
    """Chunks from `start` to the end of the file; at least one, and the last one says so.

    A chunk is cut before the record that does not fit, or once it has all the records or rejects
    it may have and another row follows.
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
            or len(chunk.records) >= limits.records
            or len(chunk.rejects) >= limits.rejects
        ):
            cut = Cursor(end, number)
            yield chunk.close(cut, last=False)
            chunk = _Open(cut)
        if isinstance(settled, bytes):
            chunk.records.append(settled)
            chunk.bytes += len(settled) + 1
        else:
            chunk.rejects.append(settled)
        number += 1
        end = rows.end
    yield chunk.close(Cursor(rows.end, number), last=True)


def _settler(
    limit: int, refused: Mapping[int, LocalReject]
) -> Callable[[str | list[Fault], int], bytes | LocalReject]:
    """What becomes of a row in the end: the bytes of its record, or its reject."""
    room = limit - _FRAME

    def settle(outcome: str | list[Fault], number: int) -> bytes | LocalReject:
        if number in refused:
            return refused[number]
        if not isinstance(outcome, str):
            return reject(number, outcome)
        try:
            record = outcome.encode()
        except UnicodeEncodeError:
            return reject(number, [SURROGATE_FAULT])
        return record if len(record) <= room else reject(number, [too_large(limit)])

    return settle
