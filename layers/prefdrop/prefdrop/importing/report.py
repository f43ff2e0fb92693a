"""What `report.json` says of an import, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from prefdrop.errors import Problem
from prefdrop.feeds import Feed
from prefdrop.importing.rejects_file import Progress
from prefdrop.importing.report_members import (
    DroppedObject,
    MadeDecision,
    Rejects,
    Report,
    ReportedPart,
    Timing,
    UsedConfiguration,
)
from prefdrop.importing.totals import total
from prefdrop.ledger.imports import Configuration, Failure, Import, Status
from prefdrop.ledger.parts import LIVE, Part
from prefdrop.settings import Settings

SHORTFALL = "The figures do not add up; docs/operations.md, Unreconciled, says where to look."

FAILED_PARTLY = (
    "The vendor reports that it failed, and counts records as added all the same. " + SHORTFALL
)


class Verdict(msgspec.Struct, frozen=True):
    """How an import ended, and, in a sentence, why; `reconciled` says that every row is accounted
    for."""

    status: Status
    reconciled: bool
    cause: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the execution ends well."""
        return self.status in ("Completed", "CompletedWithRejects")


def judge(record: Import, parts: list[Part], progress: Progress | None, *, held: bool) -> Verdict:
    """Draw the verdict from the ledger and from what the merge found."""
    sums = total(parts)
    reconciled = sums.add_up() and not any(p.suspect_chunk for p in parts)
    reconciled = reconciled and sums.left_out >= 0
    if progress is not None:
        reconciled = reconciled and _all_named(parts, progress)
    if held:
        return Verdict("Held", reconciled, record.gate)
    if any(part.failed_partly for part in parts if part.state == "executing"):
        return Verdict("Unreconciled", False, FAILED_PARTLY)
    if record.error:
        return Verdict("Failed", reconciled, f"{record.error.code}: {record.error.message}")
    if (stopped := _stopped_by(record)) and not _was_executed(parts) and sums.left_out >= 0:
        return Verdict("Aborted", reconciled, stopped)
    if not reconciled or sums.pending:
        return Verdict("Unreconciled", False, _shortfall(parts, progress))
    return Verdict("CompletedWithRejects" if sums.left_out else "Completed", True)


UNRECORDED = Failure(
    "FailureUnrecorded",
    "A step failed before the file was imported whole, and why could not be written down.",
    "The execution's history says why. `prefdrop imports retry` goes on from the ledger.",
)


def failed_unrecorded(record: Import, parts: list[Part]) -> bool:
    """Return whether the import came to its report before its end, and nothing says why.

    Whatever ends an import early writes that down first. That write may fail, too.
    """
    if record.error or _stopped_by(record):
        return False
    live = [part for part in parts if part.state in LIVE]
    ended = bool(live) and live[-1].source_read and live[-1].state in ("finished", "local")
    return not ended


def drawn_before(record: Import) -> Verdict:
    """Return the verdict of an import that has ended: it ends once, whatever is run again."""
    cause = SHORTFALL if record.status == "Unreconciled" else _stopped_by(record)
    if record.error:
        cause = f"{record.error.code}: {record.error.message}"
    return Verdict(record.status, bool(record.reconciled), cause)


def _stopped_by(record: Import) -> str:
    """Return why the import stopped before its last part was executed; empty if it did not."""
    if record.cancelled is not None:
        return f"An operator cancelled it at {record.cancelled.at}."
    return "" if record.is_approved else record.gate


def _was_executed(parts: list[Part]) -> bool:
    """Return whether the part that ends the file was executed: then nothing stopped the import.

    An import that is cancelled between two parts was stopped, though its last part was executed.
    """
    live = [part for part in parts if part.state in LIVE]
    return bool(live) and live[-1].source_read and live[-1].state in ("executing", "finished")


def _shortfall(parts: list[Part], progress: Progress | None) -> str:
    """What does not add up: a chunk that the vendor may have received twice or never, refused
    records that it counts and does not list, records that it has not processed."""
    suspects = [
        f"Part {p.number} was executed with another number of records than were staged; "
        f"chunk {p.suspect_chunk} is in doubt. "
        for p in parts
        if p.suspect_chunk
    ]
    listed = [
        f"Of part {part.number}'s records the vendor refused {counted:,} at {stage} and listed "
        f"{found:,}. "
        for part, stage, counted, found in (_refused(parts, progress) if progress else ())
        if counted != found
    ]
    pending = total(parts).pending
    waiting = [f"{pending:,} records are still pending at the vendor. "] if pending else []
    return "".join((*suspects, *listed, *waiting, SHORTFALL))


def _all_named(parts: list[Part], progress: Progress) -> bool:
    """Whether the vendor listed as many exceptions as it counted."""
    counts = _refused(parts, progress)
    return all(counted == found for *_, counted, found in counts) and progress.unnamed == 0


def _refused(parts: list[Part], progress: Progress) -> Iterator[tuple[Part, str, int, int]]:
    """Of each part and stage, how many refused records the vendor counts, and how many it lists."""
    for part in parts:
        if part.state in ("staged", "executing", "finished"):
            found = progress.found.get(f"{part.number}/validation", 0)
            yield part, "validation", part.rejected_validation, found
        if part.state == "finished":
            found = progress.found.get(f"{part.number}/execution", 0)
            yield part, "execution", part.rejected_execution, found


def compose(
    record: Import,
    parts: list[Part],
    progress: Progress | None,
    verdict: Verdict,
    ended: str,
    settings: dict[str, Any],
) -> Report:
    """Return what `report.json` says; times are ISO 8601 in UTC. `settings`: those in force."""
    started = record.started_at or record.registered_at
    return Report(
        import_id=record.import_id,
        feed=record.feed,
        status=verdict.status,
        reconciled=verdict.reconciled,
        cause=verdict.cause,
        source=DroppedObject(record.bucket, record.key, record.version_id, record.bytes),
        configuration=_configuration(record.configuration or Configuration()),
        **msgspec.structs.asdict(total(parts)),
        vendor_requests=record.vendor_requests,
        parts=[described(part) for part in parts],
        registered_at=record.registered_at,
        started_at=started,
        finished_at=ended,
        seconds=seconds_between(started, ended),
        timings=timings(record, parts, ended),
        settings=settings,
        rejects=_rejects(record, progress),
        error=_problem(record.error) if record.error else None,
        decisions=[MadeDecision(one.what, one.at, one.by, one.reason) for one in record.decisions],
    )


def _configuration(pinned: Configuration) -> UsedConfiguration:
    """The snapshot that rows were held to, unless it was stale; nulls where there was none."""
    version_id, taken_at = pinned.version_id or None, pinned.taken_at or None
    return UsedConfiguration(version_id, taken_at, pinned.stale, pinned.not_understood)


def _problem(failure: Failure) -> Problem:
    return Problem(failure.code, failure.message, failure.hint)


def described(part: Part) -> ReportedPart:
    """Return what a report says of one part."""
    known = {name: getattr(part, name) for name in ReportedPart.__struct_fields__}
    return ReportedPart(**known | {"chunks": part.stage_requests})


def _rejects(record: Import, progress: Progress | None) -> Rejects:
    key = record.rejects_key or None
    if progress is None:
        return Rejects(key, 0, 0, [])
    kinds = sorted(progress.kinds, key=lambda kind: -kind.count)
    return Rejects(key, progress.written, progress.unnamed, kinds)


STACK_SETTINGS = (
    "part_records",
    "part_seconds",
    "quota_limit",
    "quota_unit",
    "quota_reserve",
    "request_seconds",
    "lease_seconds",
    "ghost_seconds",
    "max_torn_parts",
    "max_poison_records",
)
"""The settings of the stack that shape an import; none of them is secret."""


def settings_used(settings: Settings, feed: Feed | None, record: Import) -> dict[str, Any]:
    """The feed's import settings and gates that are set, and the stack's, by name."""
    used: dict[str, Any] = {}
    if feed is not None:
        used["action"] = feed.import_.action
        used["match"] = feed.import_.match_alternate_id or feed.import_.match
        used |= dict.fromkeys(feed.import_.refreshes, True)
        if feed.import_.allow_prior_consents:
            used["allow_prior_consents"] = True
        used["max_rejected_percent"] = feed.gates.max_rejected_percent
        used["min_records"] = feed.gates.min_records
        used["over_gate"] = feed.gates.over_gate
    used["chunk_bytes"] = record.chunk_bytes or settings.chunk_bytes
    return used | {name: getattr(settings, name) for name in STACK_SETTINGS}


def timings(record: Import, parts: list[Part], ended: str) -> list[Timing]:
    """Return seconds by step, in their order."""
    steps = [("waiting for its turn", record.registered_at, record.started_at)]
    last = record.started_at
    for part in parts:
        name = f"part {part.number}"
        steps.append((f"{name}: staging and gates", part.started_at, part.executed_at))
        steps.append((f"{name}: execution at the vendor", part.executed_at, part.finished_at))
        last = part.finished_at or part.executed_at or part.started_at or last
    steps.append(("exceptions, rejects and report", last, ended))
    return [
        Timing(name, seconds_between(began, until))
        for name, began, until in steps
        if began and until
    ]


def seconds_between(began: str, ended: str) -> float:
    """Seconds from one ISO 8601 moment to another, to the millisecond."""
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return round(took.total_seconds(), 3)
