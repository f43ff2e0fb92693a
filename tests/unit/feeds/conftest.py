from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from prefdrop.feeds import Chunk, ChunkLimits, Cursor, Source, load_feed

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
WIDE = ChunkLimits(bytes=25_000_000, records=10_000_000, rejects=100_000)

FEED = """
[import]
name = "crm-nightly"
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
"""


def make_feed(columns: str = "", *, source: str = 'format = "csv"', rest: str = "", top: str = "") -> bytes:
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


def all_chunks(source: Source, limits: ChunkLimits = WIDE, start: Cursor = Cursor()) -> list[Chunk]:
    return list(source.chunks(start, limits, now=NOW))


def records_of(chunks: list[Chunk]) -> list[dict[str, Any]]:
    return [
        record for chunk in chunks for record in msgspec.json.decode(chunk.body)["UserProfilePreferences"]
    ]


Stage = Callable[..., tuple[list[dict[str, Any]], list[Any]]]


@pytest.fixture
def stage() -> Stage:
    """Run a file through a feed: `(records, rejects)`."""

    def run(feed: bytes, data: bytes | str) -> tuple[list[dict[str, Any]], list[Any]]:
        chunks = all_chunks(source_of(feed, data))
        return records_of(chunks), [reject for chunk in chunks for reject in chunk.rejects]

    return run
