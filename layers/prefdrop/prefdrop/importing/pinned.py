"""The pinned inputs of an import: its feed's version and its source's version."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from prefdrop.errors import Terminal
from prefdrop.feeds import Feed, Source, load_feed
from prefdrop.importing.services import Services
from prefdrop.ledger.imports import Correction, Import
from prefdrop.ledger.objects import ObjectMissing


class FeedMissing(Terminal):
    """The file was dropped into the folder of a feed that the bucket does not hold."""


def feed_key(feed: str) -> str:
    """Where a feed lies in the bucket."""
    return f"feeds/{feed}.toml"


def read_feed(services: Services, name: str, *, version_id: str = "") -> tuple[Feed, str]:
    """Read a feed and say which version of it; raises FeedMissing, or FeedError if it is broken."""
    key = feed_key(name)
    try:
        stored = services.objects.read(key, version_id=version_id)
    except ObjectMissing:
        raise FeedMissing(
            f"There is no feed {name!r}: s3://{services.objects.bucket}/{key} is not there.",
            hint="Push it with `prefdrop feeds push FEED.toml`, then drop the file again.",
        ) from None
    return load_feed(stored.body, file=key), stored.version_id


def pinned_feed(services: Services, record: Import) -> Feed:
    """The feed that the import was registered with."""
    feed, _ = read_feed(services, record.feed, version_id=record.feed_version_id)
    return feed


def source_of(services: Services, record: Import, feed: Feed, number: int = 0) -> Source:
    """The import's drop (0) or one of its corrections (1 and up), read with `feed`."""
    file = Correction(record.key, record.version_id, record.bytes)
    if number:
        file = record.corrections[number - 1]

    def open_at(offset: int) -> BinaryIO:
        return services.objects.open_at(file.key, file.version_id, offset, file.bytes)

    return Source(feed, open_at, size=file.bytes, file=file.key)


def check_time(record: Import) -> datetime:
    """The `now` of the import's checks: pinned, so that a chunk built again is the same."""
    return datetime.fromisoformat(record.registered_at)
