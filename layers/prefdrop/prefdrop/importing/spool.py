"""Rejects on their way to the report: written as they are found, merged when all are known.

S3 cannot append, so each chunk's local rejects and each stretch of the vendor's exceptions is an
object of its own; writing one again replaces it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from prefdrop.feeds import Chunk, LocalReject
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.parts import Part

Pass = Literal["validation", "execution"]


ELSEWHERE = "Elsewhere"
"""Code of a row in a chunk's range whose fate another chunk decides; it is no reject."""


class VendorReject(msgspec.Struct, frozen=True, array_like=True):
    """One exception of the vendor: `sequence` counts the part's records from 1, 0 is unknown."""

    sequence: int
    code: str
    reason: str
    identifiers: tuple[str, ...]


_locals = msgspec.json.Decoder(list[LocalReject])
_strays = msgspec.json.Decoder(list[tuple[str, VendorReject]])
_vendors = msgspec.json.Decoder(list[VendorReject])


def write_local(objects: ObjectStore, import_id: str, part: Part, chunk: Chunk) -> None:
    """Write the local rejects of the chunk that comes next in `part`."""
    if chunk.rejects:
        key = _local_key(import_id, part.number, part.chunks + 1)
        objects.write(key, msgspec.json.encode(chunk.rejects))


def read_local(objects: ObjectStore, import_id: str, part: int, chunk: int) -> list[LocalReject]:
    """The local rejects of one chunk, by row."""
    return _locals.decode(objects.read(_local_key(import_id, part, chunk)).body)


class Stretch(msgspec.Struct, frozen=True):
    """One object of a part's exceptions: its key, and the lowest sequence in it."""

    key: str
    first: int


def write_vendor(
    objects: ObjectStore,
    import_id: str,
    part: int,
    during: Pass,
    number: int,
    rejects: list[VendorReject],
) -> None:
    """Write one stretch of the vendor's exceptions of a part; its key says where it begins."""
    if rejects:
        ordered = sorted(rejects, key=lambda reject: reject.sequence)
        name = f"{number:06d}-{ordered[0].sequence}.json"
        objects.write(_vendor_prefix(import_id, part, during) + name, msgspec.json.encode(ordered))


def vendor_stretches(
    objects: ObjectStore, import_id: str, part: int, during: Pass
) -> list[Stretch]:
    """The stretches of the vendor's exceptions of a part, by where they begin."""
    found = objects.list(_vendor_prefix(import_id, part, during))
    stretches = [Stretch(key, int(key.rpartition("-")[2].removesuffix(".json"))) for key in found]
    return sorted(stretches, key=lambda stretch: stretch.first)


def read_vendor(objects: ObjectStore, stretch: Stretch) -> list[VendorReject]:
    """One stretch, by sequence."""
    return _vendors.decode(objects.read(stretch.key).body)


def write_strays(objects: ObjectStore, key: str, strays: list[tuple[str, VendorReject]]) -> None:
    """Keep exceptions whose number did not lead to their row, with their stage."""
    objects.write(key, msgspec.json.encode(strays))


def read_strays(objects: ObjectStore, key: str) -> list[tuple[str, VendorReject]]:
    """What `write_strays` kept."""
    return _strays.decode(objects.read(key).body)


def _local_key(import_id: str, part: int, chunk: int) -> str:
    return f"spool/{import_id}/local/{part:04d}-{chunk:06d}.json"


def _vendor_prefix(import_id: str, part: int, during: Pass) -> str:
    return f"spool/{import_id}/exceptions/{part:04d}/{during}-"
