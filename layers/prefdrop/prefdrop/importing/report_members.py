"""The members of `report.json`: what they hold and mean, for the report and for the command."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from prefdrop.errors import Problem
from prefdrop.ledger.clock import Moment
from prefdrop.ledger.imports import Status
from prefdrop.ledger.parts import PartState


class DroppedObject(msgspec.Struct, frozen=True):
    """The file that was dropped."""

    bucket: str
    """The stack's bucket."""
    key: str
    """`inbox/<feed>/<name>`."""
    version_id: str
    """The object's version; an import is one of these."""
    bytes: int
    """Its size."""


class UsedConfiguration(msgspec.Struct, frozen=True):
    """The configuration snapshot that rows were held to."""

    version_id: str | None
    """Its object version; null where there was none."""
    taken_at: Moment | None
    """When it was taken."""
    stale: bool
    """It was too old, and so not used."""
    not_understood: tuple[str, ...]
    """What nobody here can hold rows to: `email_pattern`, or the whole `snapshot`."""


class Timing(msgspec.Struct, frozen=True):
    """How long one step took."""

    step: str
    """What was done, in words."""
    seconds: float
    """How long."""


class RejectKind(msgspec.Struct):
    """How often rows were rejected for one reason."""

    stage: str
    """`local`, `validation` or `execution`."""
    code: str
    """The reason's name, as in the column `_code`."""
    count: int
    """So many rows."""
    example_row: int
    """One of them, from 1."""


class Rejects(msgspec.Struct, frozen=True):
    """The rejected rows."""

    key: str | None
    """Where their file lies in the bucket; null where there is none."""
    count: int
    """Rows in that file."""
    unnamed: int
    """Records that the vendor refused without telling which."""
    kinds: list[RejectKind]
    """By reason, the most frequent first."""


class MadeDecision(msgspec.Struct, frozen=True):
    """A decision of an operator about an import."""

    what: Literal["approve", "cancel", "retry"]
    """What it was."""
    at: Moment
    """When it was made."""
    by: str
    """The AWS identity of the operator; empty where no command told it."""
    reason: str
    """Why, as `--reason` says; may be empty."""


class ReportedPart(msgspec.Struct, frozen=True):
    """One import at the vendor. Never its token."""

    number: int
    """From 1."""
    state: PartState
    """`torn` and `dead` parts were given up, and their rows do not count."""
    rows: int
    """Rows that it read."""
    restaged: int
    """Rows of corrections, given back while it was held."""
    rejected_local: int
    """Rows rejected before anything was sent."""
    staged: int
    """Records that the vendor received."""
    validation_ok: int
    """Records that passed the vendor's validation."""
    rejected_validation: int
    """Records that did not."""
    processed: int
    """Records that the vendor applied."""
    rejected_execution: int
    """Records that it refused to apply."""
    not_honored: int
    """Records that it left out, having newer data."""
    pending: int
    """Records that it has not processed."""
    vendor_status: str
    """The vendor's own word for its status, as it was told last; may be empty."""
    suspect_chunk: int
    """The chunk in doubt, where the vendor's totals are not ours after execution; else 0."""
    given_up: str
    """Why it was given up; else empty."""
    started_at: str
    """When it was begun (a moment), or empty."""
    executed_at: str
    """When the vendor was told to execute it (a moment), or empty."""
    finished_at: str
    """When the vendor had executed it (a moment), or empty."""
    chunks: int
    """Stage requests that landed."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An import's `report.json`. While there is none, the same members as the ledger has them."""

    import_id: str
    """The import's id."""
    feed: str
    """Its feed's name."""
    status: Status
    """[What it means](operations.md#what-an-imports-status-means)."""
    reconciled: bool | None
    """Whether every row is accounted for; null while that cannot be told."""
    cause: str
    """Why it was stopped or does not add up, in a sentence; else empty."""
    source: DroppedObject
    """The file."""
    configuration: UsedConfiguration
    """What rows were held to."""
    rows_read: int
    """`rows_read + restaged = rejected_local + staged`."""
    restaged: int
    """Rows of corrections, given back while a gate held it."""
    rejected_local: int
    """Rows rejected before anything was sent."""
    staged: int
    """`staged = validation_ok + rejected_validation`."""
    validation_ok: int
    """`validation_ok = processed + rejected_execution + not_honored + pending`."""
    rejected_validation: int
    """Records that the vendor's validation refused."""
    processed: int
    """Records that the vendor applied."""
    rejected_execution: int
    """Records that the vendor refused to apply."""
    not_honored: int
    """Records that the vendor left out, having newer data. It does not say which."""
    pending: int
    """Records that the vendor has not processed."""
    chunks: int
    """Stage requests that landed, of the parts that count."""
    vendor_requests: int
    """Requests sent to the vendor, all of them."""
    parts: list[ReportedPart]
    """Its imports at the vendor."""
    registered_at: Moment
    """When the drop was noticed."""
    started_at: Moment
    """When its turn came."""
    finished_at: Moment | None
    """When it ended or was held; null while it goes on."""
    seconds: float | None
    """From `started_at` to `finished_at`."""
    timings: list[Timing]
    """Where the time went; empty while it goes on."""
    settings: dict[str, Any]
    """Settings of feed and stack that were in force, by name; empty while it goes on."""
    rejects: Rejects
    """The rejected rows."""
    error: Problem | None
    """What it failed with."""
    decisions: list[MadeDecision]
    """What operators decided about it, oldest first."""
