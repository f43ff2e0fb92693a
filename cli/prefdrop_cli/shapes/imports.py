"""What the commands about imports print with `--json`."""

from __future__ import annotations

from typing import Literal

import msgspec

from prefdrop.importing.report_members import Report
from prefdrop.ledger.clock import Moment
from prefdrop.ledger.imports import Status, WaitingFor
from prefdrop_cli.story.telling import Story

Need = Literal["decision", "retry", "remedy", "check", "rejects"]


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
