"""What the commands about feeds print with `--json`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from prefdrop.feeds import LocalReject
from prefdrop.feeds.inference import Finding, Trial
from prefdrop.ledger.clock import Moment
from prefdrop_cli.checking import Gate, Reason


class ProposedFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed that was proposed for a file."""

    out: str | None
    """The file of `--out`; null without."""
    name: str
    """The import's name at the vendor."""
    format: str
    """How the file is written: a value of `source.format`."""
    delimiter: str | None
    """Between columns; null where there is none."""
    encoding: str
    """Of the file."""
    header: bool
    """The first line names the columns."""
    match: str
    """What people are matched by: `ProfileId`, or a type of alternate id."""
    timezone: str | None
    """Of local times; null where there are none."""
    columns: list[Finding]
    """What became of each column."""
    check: Trial
    """How the feed did on the file's first rows."""
    text: str
    """The feed."""


class HeldTo(msgspec.Struct, frozen=True):
    """The configuration snapshot that a feed was held to."""

    from_: str = msgspec.field(name="from")
    """Where it was read."""
    taken_at: Moment
    """When it was taken."""
    stale: bool
    """It is too old, so nothing was refused by it."""


class CheckedFeed(msgspec.Struct, frozen=True):
    """A feed that can be used."""

    feed: str
    """The feed's name."""
    valid: Literal[True]
    """Always; a feed that is not is told as a mistake."""
    warnings: tuple[str, ...]
    """What it allows and will hardly mean."""
    configuration: HeldTo | None
    """What its names were held to; null for nothing."""


class CheckedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What an import of a file would send and reject."""

    feed: str
    """The feed's name."""
    file: str
    """The file."""
    warnings: tuple[str, ...]
    """What the feed allows and will hardly mean."""
    rows: int
    """Rows read."""
    whole_file: bool
    """False if `--rows` ended it before the file did."""
    records: int
    """Records that would be staged."""
    rejected: int
    """Rows rejected here."""
    rejected_percent: float
    """Their share."""
    chunks: int
    """Stage requests, at the stack's default size or `--chunk-bytes`."""
    parts: int
    """Imports at the vendor, at the stack's default size."""
    body_bytes: int
    """Bytes of all stage requests together."""
    gate: Gate
    """Whether the import would be stopped."""
    first_records: list[dict[str, Any]]
    """As many as `--show` says, as they would be staged."""
    reasons: list[Reason]
    """Why rows are rejected, the most frequent first."""
    rejects: list[LocalReject]
    """The first 100 rejects."""
    configuration: HeldTo | None
    """What feed and rows were held to; null for nothing."""


class UnknownName(msgspec.Struct, frozen=True):
    """A name in the feed that the account does not have."""

    code: str
    """The error's name."""
    message: str
    """What is wrong."""
    hint: str
    """What there is instead."""
    file: str
    """The feed's file."""
    line: int | None
    """Where in it."""
    key: str | None
    """The feed's key."""


class RefusedFeed(msgspec.Struct, frozen=True):
    """A feed that names what the account does not have."""

    error: UnknownName
    """The first of them."""
    errors: list[UnknownName]
    """All of them."""


class PushedFeeds(msgspec.Struct, frozen=True):
    """Feeds that were put into the bucket."""

    bucket: str
    """The stack's bucket."""
    keys: list[str]
    """Where they lie, in the order given."""


class ListedFeed(msgspec.Struct, frozen=True):
    """A feed in the bucket."""

    feed: str
    """Its name."""
    key: str
    """Where it lies."""
