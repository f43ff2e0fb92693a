"""Small feeds and files, and the ways to run one through the other."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import msgspec

from prefdrop.feeds import Chunk, ChunkLimits, Cursor, LocalReject, Source, load_feed

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
START = Cursor(0, 0)
WIDE = ChunkLimits(bytes=25_000_000, records=10_000_000, rejects=100_000)

EMAIL = "Emails[EmailAddressType=Home].EmailAddress"
NEWS = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType"
CONSENT = "Consents[ConsentType=Marketing]"


def make_feed(
    columns: str = "", *, source: str = 'format = "csv"', rest: str = "", top: str = ""
) -> bytes:
    """A feed whose rows are matched by `crm_id`, with more columns and parts."""
    return f"""
{top}
[import]
name = "crm-nightly"
match_alternate_id = "CrmContactId"
[source]
{source}
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
{columns}
{rest}
""".encode()


def source_of(feed: bytes, data: bytes | str, file: str = "drop.csv") -> Source:
    raw = data.encode() if isinstance(data, str) else data
    return Source(
        load_feed(feed, file="feeds/crm.toml"),
        lambda offset: io.BytesIO(raw[offset:]),
        size=len(raw),
        file=file,
    )


def all_chunks(source: Source, limits: ChunkLimits = WIDE, start: Cursor = START) -> list[Chunk]:
    return list(source.chunks(start, limits, now=NOW))


def records_of(chunks: list[Chunk]) -> list[dict[str, Any]]:
    bodies = [msgspec.json.decode(chunk.body) for chunk in chunks]
    return [record for body in bodies for record in body["UserProfilePreferences"]]


def rejects_of(chunks: list[Chunk]) -> list[LocalReject]:
    return [reject for chunk in chunks for reject in chunk.rejects]


def stage(feed: bytes, data: bytes | str) -> tuple[list[dict[str, Any]], list[LocalReject]]:
    """Run a file through a feed: the records and the local rejects."""
    chunks = all_chunks(source_of(feed, data))
    return records_of(chunks), rejects_of(chunks)


def stage_one(columns: str, cell: str, *, source: str = 'format = "csv"') -> dict[str, Any]:
    """The record, less its alternate id, of one row whose only mapped cell is `x`."""
    records, rejects = stage(make_feed(columns, source=source), f"crm_id,x\n7,{cell}\n")
    assert rejects == []
    (record,) = records
    del record["AlternateIds"]
    return record


def reject_one(columns: str, cell: str, *, source: str = 'format = "csv"') -> LocalReject:
    """The reject of one row whose only mapped cell is `x`."""
    records, rejects = stage(make_feed(columns, source=source), f"crm_id,x\n7,{cell}\n")
    assert records == []
    (reject,) = rejects
    return reject
