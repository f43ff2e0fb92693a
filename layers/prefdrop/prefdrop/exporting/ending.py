"""How runs end: published, or failed with nothing to be seen of them."""

from __future__ import annotations

from typing import Any

import msgspec
from aws_lambda_powertools.metrics import MetricUnit

from prefdrop.exporting.manifest import draft_key, manifest_key
from prefdrop.exporting.pinned import spool_folder, state_folder
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.exports import ExportRun, RunGoneOn
from prefdrop.ledger.imports import Failure
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.telemetry import logger, metrics

SOURCE = "prefdrop.exports"

NEXT_RUN = "The watermark is where it was: the next slot, or `prefdrop exports run`, goes on there."


def publish(services: ExportServices, run: ExportRun) -> ExportRun:
    """Make a decided run visible and tell of it; doing it again changes nothing."""
    files = services.files
    key = manifest_key(run)
    try:
        draft = files.read(draft_key(run)).body
    except ObjectMissing:
        found = services.exports.get(run.export, run.run)
        if found.status == "Completed":  # whoever published it took the draft away
            return found
        raise
    files.write(key, draft)
    services.bus.publish(SOURCE, "ExportCompleted", _completed(run, msgspec.json.decode(draft)))
    try:
        run = services.exports.update(
            run,
            status="Completed",
            manifest_key=key,
            finished_at=iso_now(),
            token=None,
            task_token=None,
            error=None,
        )
    except RunGoneOn:  # somebody else published it just then
        return services.exports.get(run.export, run.run)
    _count("Completed", run)
    clear_away(services, run)
    logger.info("export published", extra={"records": run.records})
    return run


def clear_away(services: ExportServices, run: ExportRun) -> None:
    """Let another run begin, and take away what nobody reads any more; again is fine."""
    services.exports.release(run.export, run.run)
    _tidy(services, run)


def fail(services: ExportServices, run: ExportRun, failure: Failure) -> ExportRun:
    """Write down why a run failed and tell of it; the watermark stays where it was.

    A worker that was thought dead may have decided the run just before: then it is published. The
    ledger says which, once and for all. Returns the run as it has ended.
    """
    run = services.exports.fail(run, failure)
    if run.status == "Publishing":
        return publish(services, run)
    if run.status == "Completed":
        return run
    code = run.error.code if run.error else failure.code
    detail = _detail(run) | {"error_code": code, "watermark": run.watermark_before or None}
    services.bus.publish(SOURCE, "ExportFailed", detail)
    services.exports.release(run.export, run.run)
    _count("Failed", run)
    _tidy(services, run)
    logger.error("export failed", extra={"code": code})
    return run


def settle(services: ExportServices, run: ExportRun) -> None:
    """End a run whose execution has ended without doing so, as when it was stopped."""
    if run.status == "Publishing":
        publish(services, run)
        return
    message = "The run's execution was stopped, or ended before the run did."
    fail(services, run, Failure("ExecutionEnded", message, NEXT_RUN))


def _detail(run: ExportRun) -> dict[str, Any]:
    """What an event says of any run: ids, counts and keys only."""
    return {
        "export": run.export,
        "run": run.run,
        "status": run.status,
        "mode": "full" if run.full else "incremental",
        "attempts": run.attempt,
    }


def _completed(run: ExportRun, manifest: dict[str, Any]) -> dict[str, Any]:
    removed = manifest["removed"]
    return _detail(run) | {
        "status": "Completed",
        "manifest_key": manifest_key(run),
        "counts": {
            "records": run.records,
            "duplicates_removed": run.duplicates,
            "objects": run.objects,
            "bytes": run.bytes,
            "removed": removed["records"] if removed else None,
        },
        "watermark": manifest["watermark"],
    }


def _count(status: str, run: ExportRun) -> None:
    if status == "Failed":
        metrics.add_metric("ExportFailed", MetricUnit.Count, 1)
        metrics.flush_metrics()
    metrics.add_dimension("status", status)
    metrics.add_metric("ExportsEnded", MetricUnit.Count, 1)
    metrics.add_metric("RecordsExported", MetricUnit.Count, run.records)
    metrics.flush_metrics()


def _tidy(services: ExportServices, run: ExportRun) -> None:
    """Take away what nobody reads any more: working files, older rolls, objects that do not count.

    Whatever is left when this fails is invisible to readers, so it fails nothing else.
    """
    files = services.files
    try:
        state = services.exports.state(run.export)
        kept = {state.tail, state.known}
        mine = f"{state_folder(run)}/{run.run}-~"  # what a later run is writing just now is not
        rolls = files.list(f"{state_folder(run)}/")
        unused = [key for key in rolls if key not in kept and key < mine]
        unused += _objects_without_manifest(services, run)
        for attempt in range(1, run.attempt + 1):
            one = msgspec.structs.replace(run, attempt=attempt)
            unused += list(files.list(f"{spool_folder(one)}/"))
        files.delete(unused)
    except Exception as error:
        logger.warning("could not tidy up", extra={"code": type(error).__name__})


def _objects_without_manifest(services: ExportServices, run: ExportRun) -> list[str]:
    """What workers left that did not come to settle it, and attempts that came to nothing."""
    counted = set()
    if run.status == "Completed":
        counted = {one.key for one in services.exports.objects(run)}
        counted |= {manifest_key(run), f"{run.folder}/removed.jsonl"}
    attempts = (msgspec.structs.replace(run, attempt=n) for n in range(1, run.attempt + 1))
    found = (key for one in attempts for key in services.files.list(f"{one.folder}/"))
    return [key for key in found if key not in counted]
