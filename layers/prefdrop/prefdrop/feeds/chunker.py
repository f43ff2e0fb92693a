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


class _Open:
    """The chunk being filled."""

    def __init__(self, start: Cursor) -> None:
        self.start = start
        self.records: list[bytes] = []
        self.rejects: list[LocalReject] = []
        self.bytes = _FRAME - 1
        """Of the body with what is in it, counting one comma per record (the first has none)."""

    def close(self, end: Cursor, *, last: bool) -> Chunk:
        body = b"".join((_HEAD, b",".join(self.records), _TAIL))
        return Chunk(
            body,
            len(self.records),
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
    judge = _judge(encode, limits.bytes, now, refused)
    chunk, number, end = _Open(start), start.row, start.offset
    for payload in rows:
        outcome = judge(payload, number + 1)
        if (
            (outcome.__class__ is bytes and chunk.bytes + len(outcome) + 1 > limits.bytes)
            or len(chunk.records) >= limits.records
            or len(chunk.rejects) >= limits.rejects
        ):
            cut = Cursor(end, number)
            yield chunk.close(cut, last=False)
            chunk = _Open(cut)
        if isinstance(outcome, bytes):
            chunk.records.append(outcome)
            chunk.bytes += len(outcome) + 1
        else:
            chunk.rejects.append(outcome)
        number += 1
        end = rows.end
    yield chunk.close(Cursor(rows.end, number), last=True)


def _judge(
    encode: Encode, limit: int, now: str, refused: Mapping[int, LocalReject]
) -> Callable[[Any, int], Any]:
    """What becomes of a row: the bytes of its record, or its reject."""
    room = limit - _FRAME

    def judge(payload: Any, number: int) -> bytes | LocalReject:
        if refused and number in refused:
            return refused[number]
        outcome = encode(payload, now)
        if not isinstance(outcome, str):
            return reject(number, outcome)
        try:
            record = outcome.encode()
        except UnicodeEncodeError:
            return reject(number, [SURROGATE_FAULT])
        if len(record) > room:
            return reject(number, [too_large(limit)])
        return record

    return judge
