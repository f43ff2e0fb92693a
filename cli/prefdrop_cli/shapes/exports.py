"""What the commands about exports print with `--json`."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.errors import Problem
from prefdrop.ledger.clock import Moment
from prefdrop.ledger.exports import RunStatus


class ListedExport(msgspec.Struct, frozen=True, kw_only=True):
    """A defined export, and how its newest run stands."""

    name: str
    """The export's name."""
    of: str | None
    """The segment or segment group; null where the definition is not usable."""
    mode: str | None
    """`full` or `incremental`."""
    schedule: str | None
    """When it runs by itself; null for never."""
    watermark: Moment | None
    """Up to when changes have been brought out."""
    run: str | None
    """The newest run; null where it never ran."""
    status: str | None
    """That run's status, or `not usable` for a definition that is not."""
    away_since: Moment | None
    """Since when that run has been waiting for a vendor who does not answer; else null."""
    error: str | None
    """The code of the error that run failed with; else null."""


class PushedExport(msgspec.Struct, frozen=True):
    """A definition that was put into the bucket."""

    name: str
    """The export's name."""
    key: str
    """Where it lies."""


class StartedRun(msgspec.Struct, frozen=True):
    """A run that was started and left running."""

    export: str
    """The export's name."""
    run: str
    """The run's id."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of an export. Never its tokens."""

    export: str
    """The export's name."""
    run: str
    """The run's id: the time of its slot or start."""
    status: RunStatus
    """`Completed`, `Failed` and `Skipped` are ends."""
    full: bool
    """It brings everything, not only what changed."""
    why_full: str
    """Why an incremental export had to be full; else empty."""
    why_skipped: str
    """Why it brought nothing; else empty."""
    started_at: Moment
    """When it began."""
    finished_at: str
    """When it ended (a moment), or empty."""
    records: int
    """Records that it brought."""
    duplicates: int
    """Records of the overlap that the run before had brought in the same state."""
    removed: int
    """Profiles that are gone since the full run before; of full runs."""
    allow_removals: int
    """How many profiles its operator let it remove, whatever the gate says."""
    objects: int
    """Objects in the bucket."""
    bytes: int
    """Their size."""
    watermark_before: str
    """Where the watermark was (a moment), or empty."""
    watermark_after: str
    """Where a completed run has moved it (a moment), or empty."""
    attempt: int
    """How often the vendor was asked for it."""
    given_up: str
    """Why the attempt before came to nothing; else empty."""
    away_since: str
    """Since when it has been waiting for a vendor who does not answer (a moment), or empty."""
    manifest_key: str
    """Where its manifest lies; empty where there is none."""
    inexpressible: dict[str, int]
    """[What the columns cannot tell](exports.md#inexpressible), by column or path."""
    examples: dict[str, int]
    """For each of these, the profile id of the first."""
    lapsed: dict[str, int]
    """[What is not in force any more](exports.md#what-is-not-in-force), by kind; of tables."""
    error: Problem | None
    """What it failed with."""


class EndedRun(Run, frozen=True, kw_only=True):
    """A run, and what was copied."""

    files: list[str]
    """Paths of the files written, the manifest last; empty without `--out`."""


class ShownRun(Run, frozen=True, kw_only=True):
    """A run with its manifest."""

    manifest: dict[str, Any] | None
    """[What readers go by](exports.md#reading); null where there is none."""
