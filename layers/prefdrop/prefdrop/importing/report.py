"""What `report.json` says of an import, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from prefdrop.importing.circumstances import seconds_between, timings
from prefdrop.importing.rejects_file import Progress, RejectKind
from prefdrop.importing.totals import total
from prefdrop.ledger.imports import Configuration, Decision, Failure, Import, Status
from prefdrop.ledger.parts import LIVE, Part, PartState

SHORTFALL = "The figures do not add up; docs/operations.md, Unreconciled, says where to look."

FAILED_PARTLY = (
    "The vendor reports that it failed, and counts records as added all the same. " + SHORTFALL
)


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
) -> dict[str, Any]:
    """The members of `report.json`; times are ISO 8601 in UTC. `settings`: those in force."""
    sums = total(parts)
    return {
        "import_id": record.import_id,
        "feed": record.feed,
        "status": verdict.status,
        "reconciled": verdict.reconciled,
        "cause": verdict.cause,
        "source": {
            "bucket": record.bucket,
            "key": record.key,
            "version_id": record.version_id,
            "bytes": record.bytes,
        },
        "configuration": _configuration(record.configuration),
        **msgspec.to_builtins(sums),
        "vendor_requests": record.vendor_requests,
        "parts": [described(part) for part in parts],
        "registered_at": record.registered_at,
        "started_at": record.started_at or record.registered_at,
        "finished_at": ended,
        "seconds": seconds_between(record.started_at or record.registered_at, ended),
        "timings": timings(record, parts, ended),
        "settings": settings,
        "rejects": _rejects(record, progress),
        "error": _error(record.error) if record.error else None,
        "decisions": [_decision(one) for one in record.decisions],
    }


def _configuration(pinned: Configuration | None) -> dict[str, Any]:
    """The snapshot that rows were held to, unless it was stale; nulls where there was none."""
    known = pinned or Configuration()
    return {
        "version_id": known.version_id or None,
        "taken_at": known.taken_at or None,
        "stale": known.stale,
        "not_understood": known.not_understood,
    }


def described(part: Part) -> dict[str, Any]:
    """One part, in the members of ReportedPart."""
    known = (name for name in ReportedPart.__struct_fields__ if name != "chunks")
    return {name: getattr(part, name) for name in known} | {"chunks": part.stage_requests}


def _decision(decision: Decision) -> dict[str, str]:
    """All members but the name that only the ledger needs."""
    return {name: getattr(decision, name) for name in ("what", "at", "by", "reason")}


def _error(failure: Failure) -> dict[str, str]:
    """All members, also an empty hint: who reads a report goes by their names."""
    return {"code": failure.code, "message": failure.message, "hint": failure.hint}


def _rejects(record: Import, progress: Progress | None) -> dict[str, Any]:
    kinds: list[RejectKind] = sorted(progress.kinds, key=lambda k: -k.count) if progress else []
    return {
        "key": record.rejects_key or None,
        "count": progress.written if progress else 0,
        "unnamed": progress.unnamed if progress else 0,
        "kinds": [msgspec.to_builtins(kind) for kind in kinds],
    }
