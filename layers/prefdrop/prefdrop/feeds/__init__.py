"""Feeds: what a file's columns mean to the vendor, and the way from rows to stage request bodies.

Knows nothing of AWS or HTTP. `load_feed` reads a feed's TOML; a `Source` is one file read with it.
"""

from __future__ import annotations

from prefdrop.feeds.account import AccountSnapshot
from prefdrop.feeds.definition import Column, Feed, GatesPart, ImportPart, SourcePart
from prefdrop.feeds.duplicates import LaterDrop, LaterDrops
from prefdrop.feeds.errors import FeedError, SourceError
from prefdrop.feeds.faults import LocalReject
from prefdrop.feeds.identifiers import identifiers_of
from prefdrop.feeds.limits import Chunk, ChunkLimits, Cursor, Row
from prefdrop.feeds.loading import load_feed
from prefdrop.feeds.rejects import RejectsWriter
from prefdrop.feeds.source import Source

__all__ = [
    "AccountSnapshot",
    "Chunk",
    "ChunkLimits",
    "Column",
    "Cursor",
    "Feed",
    "FeedError",
    "GatesPart",
    "ImportPart",
    "LaterDrop",
    "LaterDrops",
    "LocalReject",
    "RejectsWriter",
    "Row",
    "Source",
    "SourceError",
    "SourcePart",
    "identifiers_of",
    "load_feed",
]
