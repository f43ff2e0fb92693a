"""BeginExport: claim the export, decide from when on, and ask the vendor for it.

The vendor is asked once for each attempt, and the token written down with what it is for. When the
answer is lost the vendor is simply asked again: a token that nobody uses dies by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from prefdrop.exporting.definition import Export, ExportError
from prefdrop.exporting.ending import settle
from prefdrop.exporting.loading import read_values, values_of
from prefdrop.exporting.patience import AWAY, wait_for_vendor
from prefdrop.exporting.pinned import definition_key, read_definition
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, next_of
from prefdrop.exporting.vendor import Begun
from prefdrop.importing.step import Answer
from prefdrop.importing.turn import is_running
from prefdrop.ledger.clock import iso, iso_now, milliseconds, now_ms
from prefdrop.ledger.exports import RUN_ENDED, ExportRun, ExportState
from prefdrop.mypreferences.bulk_export_dates import covering
from prefdrop.services import Deadline
from prefdrop.telemetry import logger

AHEAD = timedelta(minutes=15)
"""How far the vendor's clock may be ahead of ours. Beyond it, ours is gone by: a watermark that is
too early costs records that come again, one that is too late costs changes."""

CLOCK_WENT_BACK = "the vendor's clock is behind the watermark, which must have been too late"


class Selection(NamedTuple):
    """What an attempt asks for; `since` is None for everything."""

    since: datetime | None
    values: tuple[str, ...]
    changes: dict[str, Any]
    """What the run's item says of it."""


def run(services: ExportServices, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `poll` once the vendor was asked, `busy` while another run works on the export."""
    request = msgspec.convert(event, ExportInput)
    logger.append_keys(export=request.export, run=request.run)
    run = services.exports.begin(
        ExportRun(
            export=request.export,
            run=request.run,
            execution=request.execution,
            started_at=iso_now(),
            allow_removals=int(request.input.get("allow_removals", 0)),
        )
    )
    if run.status in RUN_ENDED:
        services.exports.release(run.export, run.run)  # a worker may have died before it did
        return next_of(run)
    if not _claimed(services, run):
        return next_of(_skipped(services, run, "another run of this export was under way"))
    if run.status == "Beginning" and run.run <= services.exports.state(run.export).last_run:
        run = _skipped(services, run, "a later run has done its work already")
        services.exports.release(run.export, run.run)
        return next_of(run)
    if run.status == "Beginning":
        try:
            run = _initiate(services, run, full=request.full)
        except AWAY as error:
            return wait_for_vendor(services, request, error)
    return next_of(run, seconds=services.settings.poll_first_seconds)


def _skipped(services: ExportServices, run: ExportRun, why: str) -> ExportRun:
    """End a run that brings nothing: readers take runs in the order of their names."""
    logger.info("the run is skipped", extra={"why": why})
    return services.exports.update(run, status="Skipped", why_skipped=why, finished_at=iso_now())


def _claimed(services: ExportServices, run: ExportRun) -> bool:
    """Whether this run may work on the export; one that died meanwhile is settled first."""
    state = services.exports.state(run.export)
    if state.run == run.run:
        return True
    other = services.exports.find(run.export, state.run) if state.run else None
    if other and other.status not in RUN_ENDED:
        if is_running(services, state.execution):
            logger.info("another run has the export", extra={"other": other.run})
            return False
        settle(services, other)
        state = services.exports.state(run.export)
    return services.exports.claim(state, run.run, run.execution)


def _initiate(services: ExportServices, run: ExportRun, *, full: bool) -> ExportRun:
    export, version = read_definition(services, run.export, version_id=run.definition_version)
    state = services.exports.state(run.export)
    selection = _select(services, export, state, "it was asked for" if full else "")
    begun = _ask(services, export, selection)
    if selection.since and begun.asked_at < selection.since:
        selection = _select(services, export, state, CLOCK_WENT_BACK)
        begun = _ask(services, export, selection)
    seen = iso(milliseconds(begun.asked_at))
    if selection.since:
        # Within the overlap the vendor's clocks may differ; what was seen has been seen.
        seen = max(seen, state.watermark)
    run = services.exports.initiated(
        run,
        begun.token,
        definition_version=version,
        initiated_at=now_ms(),
        watermark_after=seen,
        **selection.changes,
    )
    logger.info("export initiated", extra={"attempt": run.attempt, "full": run.full})
    return run


def _ask(services: ExportServices, export: Export, selection: Selection) -> Begun:
    """Ask the vendor; a time of its that our clock calls impossible is not gone by."""
    ours = datetime.fromtimestamp(now_ms() / 1000, UTC)
    begun = services.export_vendor.begin(
        export,
        since=selection.since,
        values=selection.values,
        callback_url=_callback_url(services),
    )
    if begun.asked_at - ours <= AHEAD:
        return begun
    logger.warning("the vendor's clock is ahead", extra={"date": iso(milliseconds(begun.asked_at))})
    return begun._replace(asked_at=ours)


def _select(services: ExportServices, export: Export, state: ExportState, why: str) -> Selection:
    """What to ask for; `why` it must be everything, if it must."""
    values = _values(services, export)
    scope = export.scope(values)
    why_full = _why_full(export, state, scope, why)
    changes = {
        "full": bool(why_full),
        "why_full": why_full,
        "scope": scope,
        "watermark_before": state.watermark,
        "sent_since": None,
        "tail": None,
    }
    if why_full:
        return Selection(None, values, changes)
    overlap = timedelta(seconds=export.export.overlap_seconds)
    since = covering(datetime.fromisoformat(state.watermark) - overlap)
    sent = iso(milliseconds(since))
    return Selection(since, values, changes | {"sent_since": sent, "tail": state.tail or None})


def _why_full(export: Export, state: ExportState, scope: str, why: str) -> str:
    """Why the run brings everything; empty for an incremental one."""
    if export.export.mode == "full":
        return "the definition says so"
    if why:
        return why
    if not state.watermark:
        return "it is the first run"
    if state.scope != scope:
        return "the definition selects other profiles than at the last run"
    return ""


def _values(services: ExportServices, export: Export) -> tuple[str, ...]:
    """The restriction's values; raises ExportError and ObjectMissing."""
    restrict = export.restrict
    if restrict is None or not restrict.file:
        return values_of(restrict) if restrict else ()
    try:
        values = read_values(services.files.read(restrict.file).body)
    except UnicodeDecodeError:
        values = ()
    if not values:
        raise ExportError(
            f"the file {restrict.file} holds no values, or is not UTF-8",
            file=definition_key(export.name),
            key="restrict.file",
            remedy="Write one id or address a line.",
        )
    return values


def _callback_url(services: ExportServices) -> str:
    base = services.settings.callback_url
    return f"{base.rstrip('/')}/{services.callback_secret.current().key}" if base else ""
