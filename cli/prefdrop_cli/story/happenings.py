"""What happened to an import, in time order, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import msgspec

from prefdrop.ledger.clock import iso
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop.ledger.parts import Part, StagedChunk


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened."""

    at: str
    """When (a moment)."""
    what: str
    """In a sentence."""


def happenings(
    record: Import, parts: Iterable[Part], chunks: dict[int, list[StagedChunk]]
) -> list[Happening]:
    """Everything the ledger tells with a time, oldest first; `chunks` by their part's number."""
    told = [*_of_import(record)]
    for part in parts:
        told += _of_part(part, chunks.get(part.number, []))
    return sorted(told, key=lambda one: one.at)


def _of_import(record: Import) -> Iterator[Happening]:
    name = PurePosixPath(record.key).name
    if record.dropped_at:
        yield Happening(_milliseconds(record.dropped_at), f"{name} was dropped")
    yield Happening(record.registered_at, f"registered as an import of feed {record.feed}")
    if record.started_at:
        yield Happening(record.started_at, "had its turn and began")
    if record.status in FINISHED and record.finished_at:
        reason = record.error.code if record.error else record.gate
        yield Happening(record.finished_at, f"ended {record.status}{_because(reason)}")


def _of_part(part: Part, chunks: list[StagedChunk]) -> Iterator[Happening]:
    name = f"part {part.number}"
    if part.started_at:
        yield Happening(part.started_at, f"{name}: begun")
    yield from _of_chunks(name, chunks)
    if part.executed_at:
        yield Happening(part.executed_at, f"{name}: {part.staged:,} records were put to execution")
    if part.finished_at:
        yield Happening(
            part.finished_at,
            f"{name}: executed ({part.vendor_status}): {part.processed:,} processed, "
            f"{part.rejected_execution:,} refused, {part.not_honored:,} not honoured",
        )
    if part.given_up:
        latest = max((chunk.posted_at for chunk in chunks), default=0)
        at = iso(latest) if latest else part.started_at
        yield Happening(at, f"{name}: given up: {part.given_up}")


def _of_chunks(name: str, chunks: list[StagedChunk]) -> Iterator[Happening]:
    """The chunks that went without trouble as one entry, the others each as its own."""
    smooth = [c for c in chunks if c.state == "settled" and c.attempts == 1 and c.records]
    if smooth:
        records, size = sum(c.records for c in smooth), sum(c.bytes for c in smooth)
        until = iso(max(c.posted_at for c in smooth))
        many = f"{len(smooth)} chunks" if len(smooth) > 1 else "1 chunk"
        yield Happening(
            iso(min(c.posted_at for c in smooth)),
            f"{name}: {many} staged until {until[11:19]}, {records:,} records, {size:,} bytes",
        )
    for chunk in chunks:
        if chunk.attempts > 1 or chunk.state != "settled":
            doing = {"settled": "staged", "posting": "not surely staged", "refused": "refused"}
            sent = f", sent {chunk.attempts} times" if chunk.attempts > 1 else ""
            yield Happening(
                iso(chunk.posted_at),
                f"{name}: chunk {chunk.number} ({chunk.records:,} records) "
                f"{doing[chunk.state]}{sent}",
            )


def _milliseconds(moment: str) -> str:
    """S3's whole seconds in the form of the ledger's times, which sort as text."""
    return moment if "." in moment else moment.replace("Z", ".000Z")


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
