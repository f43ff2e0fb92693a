"""What the commands about imports print with `--json`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from prefdrop.importing.rejects_file import RejectKind
from prefdrop.importing.report import ReportedPart
from prefdrop.ledger.imports import Status, WaitingFor
from prefdrop_cli.shapes.problems import Problem
from prefdrop_cli.shapes.words import Moment
from prefdrop_cli.story.telling import Story

Need = Literal["decision", "retry", "remedy", "check", "rejects"]


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


class ShownImport(Report, frozen=True, kw_only=True):
    """The report, and the story of how it came to this."""

    story: Story
    """What happened, what it waits for, and what comes next."""


class ReturnedEvents(msgspec.Struct, frozen=True):
    """What the sandbox reported of the import to the webhook."""

    came_back: int
    """Events that are kept."""
    complete: bool
    """False where more were on the way."""


class LocalRun(Report, frozen=True, kw_only=True):
    """The report, and what was left on this machine."""

    files: dict[str, str]
    """Paths of the files written: `report`, `page`, and `rejects` if there are any."""
    events: ReturnedEvents | None
    """What came back; null with `--vendor-url`."""


class DecidedImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import in short."""

    import_id: str
    """The import's id."""
    feed: str
    """Its feed's name."""
    status: Status
    """[What it means](operations.md#what-an-imports-status-means)."""
    registered_at: Moment
    """When the drop was noticed."""
    rows_read: int
    """Rows read so far."""
    processed: int
    """Records that the vendor applied so far."""
    key: str
    """The file: `inbox/<feed>/<name>`."""


class ListedImport(DecidedImport, frozen=True, kw_only=True):
    """An import in short, and what it needs."""

    needs: Need | None
    """What it needs of you ([meaning](operations.md#operations)); null for nothing."""
    waits_for: WaitingFor | None
    """What it waits for at the vendor: no answer (`away`), accepted credentials (`credentials`),
    the end of a pause (`throttled`), an answer to this import's call (`call`); null for nothing."""
    waits_since: Moment | None
    """Since when; null where it does not wait."""


class FetchedRejects(msgspec.Struct, frozen=True):
    """Where an import's rejects are."""

    import_id: str
    """The import's id."""
    rejects_key: str | None
    """Their file in the bucket; null where there are none."""
    file: str | None
    """The file of `-o`."""
