"""Merging what was rejected, where and why, in the order of the rows.

The sequence number of a vendor exception counts the records of its part in staging order, and the
ledger's chunks say which rows those are. A record's own identifiers are compared with the row's:
where they disagree the identifiers win, so such an exception is set aside as a stray.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Set
from itertools import groupby, islice

import msgspec

from prefdrop.feeds import Cursor, LocalReject, Row, Source
from prefdrop.importing import spool
from prefdrop.importing.spool import Pass, VendorReject
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.parts import StagedChunk


class Rejected(msgspec.Struct, frozen=True):
    """One rejected row, at one stage, with everything that was said about it."""

    row: Row
    stage: str
    code: str
    reason: str


Told = tuple[str, VendorReject]
"""A stage and one exception of it."""


def vendor_rejects(objects: ObjectStore, import_id: str, part: int) -> Iterator[Told]:
    """A part's exceptions, each once, by sequence.

    What a reading after execution lists and the one before it did not is `execution`'s; the same
    sequence and record listed again is the same exception (O-10).
    """
    validation = _told(objects, import_id, part, "validation")
    execution = _told(objects, import_id, part, "execution")
    merged = heapq.merge(validation, execution, key=_sequence)  # a tie: validation comes first
    for _, same in groupby(merged, key=_sequence):
        seen = set()
        for stage, reject in same:
            if reject.identifiers not in seen:
                seen.add(reject.identifiers)
                yield stage, reject


def _told(objects: ObjectStore, import_id: str, part: int, during: Pass) -> Iterator[Told]:
    for reject in _ordered(objects, import_id, part, during):
        yield during, reject


def _sequence(told: Told) -> int:
    return told[1].sequence


def _ordered(
    objects: ObjectStore, import_id: str, part: int, during: Pass
) -> Iterator[VendorReject]:
    """Merge the stretches of one pass, holding only those in memory that overlap."""
    waiting = spool.vendor_stretches(objects, import_id, part, during)
    heap: list[tuple[int, int, int, list[VendorReject]]] = []
    while waiting or heap:
        while waiting and (not heap or waiting[0].first <= heap[0][0]):
            stretch = spool.read_vendor(objects, waiting.pop(0))
            heapq.heappush(heap, (stretch[0].sequence, len(waiting), 0, stretch))
        _, rank, place, stretch = heap[0]
        yield stretch[place]
        if place + 1 < len(stretch):
            heapq.heapreplace(heap, (stretch[place + 1].sequence, rank, place + 1, stretch))
        else:
            heapq.heappop(heap)


class RowStream:
    """The rows of one source, stretch after stretch, each beginning at or after the last one's end.

    A plain file is opened where a stretch begins; a compressed one is read on, since opening it
    anywhere unpacks it from its beginning.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._rows: Iterator[Row | None] = iter(())
        self._wanted: set[int] = set()
        self._read: int | None = None
        """Rows that lie behind."""

    def between(self, start: Cursor, end: Cursor, wanted: Set[int]) -> Iterator[Row]:
        """The rows between two cursors whose numbers are wanted."""
        self._wanted.clear()
        self._wanted |= wanted
        behind = self._read
        goes_on = behind == start.row or (
            behind is not None and behind < start.row and self.source.opened.is_compressed
        )
        if behind is None or not goes_on:
            self._rows, behind = self.source.picked(start, self._wanted), start.row
        self._read = end.row
        return (row for row in islice(self._rows, end.row - behind) if row is not None)


def rejected_rows(
    stream: RowStream,
    chunk: StagedChunk,
    local: list[LocalReject],
    told: list[Told],
    strays: list[Told],
) -> Iterator[Rejected]:
    """The rejected rows of one chunk; exceptions that are not this row's are added to `strays`."""
    locally = {reject.row: reject for reject in local if reject.code != spool.ELSEWHERE}
    start, end = msgspec.convert(chunk.start, Cursor), msgspec.convert(chunk.end, Cursor)
    by_row = _by_row(chunk, start, sorted(reject.row for reject in local), told)
    for row in stream.between(start, end, locally.keys() | by_row.keys()):
        if mistake := locally.get(row.number):
            yield Rejected(row, "local", mistake.code, mistake.reason)
            continue
        mine, known = by_row[row.number], stream.source.identifiers(row)
        matching = [one for one in mine if _same(one[1], known)]
        strays += [one for one in mine if one not in matching]
        if matching:
            yield _joined(row, matching)


def _by_row(
    chunk: StagedChunk, start: Cursor, without: list[int], told: list[Told]
) -> dict[int, list[Told]]:
    """The exceptions of a chunk, by sequence, under the number of the row that theirs leads to.

    The chunk's records are its rows in their order, but those it is `without`.
    """
    found: dict[int, list[Told]] = {}
    passed = 0
    for one in told:
        row = start.row + 1 + one[1].sequence - chunk.first_sequence + passed
        while passed < len(without) and without[passed] <= row:
            passed += 1
            row += 1
        found.setdefault(row, []).append(one)
    return found


def rows_of_strays(source: Source, strays: list[Told]) -> Iterator[Rejected]:
    """The rows whose identifiers are a stray's, found by reading the source again.

    Where more rows than strays have the same ones, nobody can say which were meant: none is named.
    """
    wanted: dict[frozenset[str], list[Told]] = {}
    for one in strays:
        if one[1].identifiers:
            wanted.setdefault(frozenset(one[1].identifiers), []).append(one)
    found: dict[frozenset[str], list[Row]] = {}
    for row in source.rows(Cursor(0, 0)) if wanted else ():
        known = source.identifiers(row)
        if known in wanted:
            found.setdefault(known, []).append(row)
    for known, rows in found.items():
        if len(rows) == len(wanted[known]):
            for row, one in zip(rows, wanted[known], strict=True):
                yield _joined(row, [one])


def _same(reject: VendorReject, known: frozenset[str]) -> bool:
    return not reject.identifiers or not known or not known.isdisjoint(reject.identifiers)


def _joined(row: Row, told: list[Told]) -> Rejected:
    stage, first = told[0]
    return Rejected(row, stage, first.code, "; ".join(reject.reason for _, reject in told))
