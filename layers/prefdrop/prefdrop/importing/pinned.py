"""The pinned inputs of an import: the versions of its feed, its source and the configuration."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import BinaryIO

from msgspec.structs import replace

from prefdrop.configuring.store import SnapshotStore, SnapshotUnreadable
from prefdrop.errors import Terminal
from prefdrop.feeds import AccountSnapshot, Feed, LaterDrops, Source, load_feed
from prefdrop.feeds.account import PATTERN_NOT_UNDERSTOOD
from prefdrop.ledger.clock import iso, milliseconds
from prefdrop.ledger.imports import Configuration, Correction, Import
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.services import Services
from prefdrop.telemetry import logger


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
            hint="Push it with `prefdrop feeds push FEED.toml`, then `prefdrop imports retry`.",
        ) from None
    return load_feed(stored.body, file=key), stored.version_id


def pinned_feed(services: Services, record: Import) -> Feed:
    """The feed that the import was registered with."""
    feed, _ = read_feed(services, record.feed, version_id=record.feed_version_id)
    return feed


def source_of(
    services: Services,
    record: Import,
    feed: Feed,
    number: int = 0,
    *,
    later: LaterDrops | None = None,
) -> Source:
    """The import's drop (0) or one of its corrections (1 and up), read with `feed`.

    Its chunks leave out the rows that a `later` drop holds.
    """
    file = Correction(record.key, record.version_id, record.bytes)
    if number:
        file = record.corrections[number - 1]

    def open_at(offset: int) -> BinaryIO:
        return services.objects.open_at(file.key, file.version_id, offset, file.bytes)

    return Source(
        feed,
        open_at,
        size=file.bytes,
        file=file.key,
        snapshot=_account(services, record.configuration),
        later=later,
    )


def current_configuration(services: Services, record: Import) -> Configuration:
    """The snapshot to pin for an import that begins now; its absence or age is logged.

    The decision is pinned with the version: an import whose rows are held to the account keeps
    being so, however long it waits, and one that is not never begins to be.
    """
    try:
        found = SnapshotStore(services.objects).find()
    except SnapshotUnreadable as error:
        logger.warning("no configuration snapshot", extra={"why": error.message})
        return Configuration()
    if found is None or found.snapshot.client_id != services.settings.client_id:
        why = "none was taken yet" if found is None else "it is another account's"
        logger.warning("no configuration snapshot", extra={"why": why})
        return Configuration()
    longest = timedelta(days=services.settings.snapshot_days)
    account = found.snapshot.account()
    stale = account.is_stale(check_time(record), longest)
    taken_at = iso(milliseconds(found.snapshot.taken_at))
    if stale:
        logger.warning("the configuration snapshot is stale", extra={"taken_at": taken_at})
    not_understood: tuple[str, ...] = ()
    if account.pattern_not_understood and not stale:
        logger.warning(PATTERN_NOT_UNDERSTOOD)
        not_understood = ("email_pattern",)
    return Configuration(found.version_id, taken_at, stale, not_understood=not_understood)


def _account(services: Services, pinned: Configuration | None) -> AccountSnapshot | None:
    """What the import's rows are held to; None leaves it to the vendor."""
    if pinned is None or not pinned.version_id or pinned.stale:
        return None
    version_id = pinned.version_id
    if version_id not in services.accounts:
        services.accounts.clear()
        services.accounts[version_id] = _read_account(services, version_id)
    return services.accounts[version_id]


def snapshot_is_lost(services: Services, record: Import) -> bool:
    """Whether the snapshot that the import's rows are held to can be read no more."""
    pinned = record.configuration
    used = pinned is not None and pinned.version_id and not pinned.stale
    return bool(used) and _account(services, pinned) is None


def unpin_configuration(services: Services, record: Import) -> None:
    """Hold the import to no snapshot from now on, whoever works on it."""
    pinned = record.configuration or Configuration()
    without = replace(pinned, stale=True, not_understood=("snapshot",))
    services.imports.update(record, configuration=without)


def _read_account(services: Services, version_id: str) -> AccountSnapshot | None:
    """What a version of the snapshot tells, or None where it can be read no more.

    The bucket's life cycle keeps replaced versions for as long as imports are kept, so that is for
    a snapshot in the format of another release.
    """
    try:
        found = SnapshotStore(services.objects).find(version_id)
    except SnapshotUnreadable as error:
        logger.warning("rows are held to no snapshot any more", extra={"why": error.message})
        return None
    if found is None:
        logger.warning("rows are held to no snapshot any more", extra={"why": "it is gone"})
        return None
    return found.snapshot.account()


def check_time(record: Import) -> datetime:
    """The `now` of the import's checks: pinned, so that a chunk built again is the same."""
    return datetime.fromisoformat(record.registered_at)
