"""ReportImport: write rejects and report, and draw the verdict."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from aws_lambda_powertools.metrics import MetricUnit
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.errors import Transient
from prefdrop.feeds import Feed, RejectsWriter
from prefdrop.importing.pinned import pinned_feed, source_of
from prefdrop.importing.rejects_file import Progress, RejectsFile
from prefdrop.importing.report import (
    UNRECORDED,
    Verdict,
    compose,
    drawn_before,
    failed_unrecorded,
    judge,
    settings_used,
)
from prefdrop.importing.report_members import Report
from prefdrop.importing.report_page import render
from prefdrop.importing.step import Answer, StepInput, answer, import_of_attempt
from prefdrop.ledger.clock import iso_now, milliseconds_of, now_ms
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop.ledger.parts import LIVE
from prefdrop.ledger.table import ConditionFailed
from prefdrop.ledger.uploads import Upload, UploadGone
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import logger, metrics

CONTENT_TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
"""Content type of the rejects file, by its extension."""
PAGE_TYPE = "text/html; charset=utf-8"


def run(services: Services, event: dict[str, Any], deadline: Deadline) -> Answer:
    """Answer `report` while there is more to write, then `succeed`, `fail` or `held`."""
    request = msgspec.convert(event, StepInput)
    held = request.pass_name == "held"
    record = import_of_attempt(services, request)
    if record.status in FINISHED:
        reached("a report of an import that has ended")
        verdict = drawn_before(record)
        _clear_up(services, record, verdict)
        return _end(record, verdict, held=False)
    if not held:
        record = services.imports.update_open(record, status="Reporting")
    parts = services.parts.all(record.import_id)
    if not held and failed_unrecorded(record, parts):
        reached("a failure that was not written down")
        record = services.imports.update_open(record, error=UNRECORDED)
    counted = [part for part in parts if part.state in LIVE]
    progress = None
    if any(part.chunks for part in counted):
        file = _open(services, record, held=held)
        try:
            if not file.write(counted, deadline):
                _save(services, record, file)
                return _said(answer("report"))
        except UploadGone:
            reached("an upload that ended")
            services.reports.clear(record.import_id, record.attempt)
            raise
        except (Transient, ClientError, BotoCoreError):
            file.rewind()
            _save(services, record, file)
            raise
        progress = file.progress
        record = msgspec.structs.replace(record, rejects_key=progress.upload.key)
    verdict = judge(record, parts, progress, held=held)
    ended = iso_now()
    settings = settings_used(services.settings, _feed(services, record), record)
    report = compose(record, parts, progress, verdict, ended, settings)
    key = _write(services, record, report)
    if not _point_to(services, record, verdict, key, None if held else ended):
        reached("a report of a hold decided on")
        return _end(record, verdict, held=held)
    _clear_up(services, record, verdict)
    if not held:
        _publish(verdict, report)
    logger.info("import reported", extra={"status": verdict.status, "seconds": report.seconds})
    return _end(record, verdict, held=held)


def _save(services: Services, record: Import, file: RejectsFile) -> None:
    """Keep the place of the pass, for the next invocation or the next try."""
    note = msgspec.json.encode(file.save())
    services.reports.save(record.import_id, record.attempt, note)


def _clear_up(services: Services, record: Import, verdict: Verdict) -> None:
    """Let go of what the import needs no more, once its verdict counts."""
    if record.content_sha256 and not (verdict.succeeded or verdict.status == "Held"):
        services.drops.release_content(record)
    services.reports.clear(record.import_id, record.attempt)


def _point_to(
    services: Services, record: Import, verdict: Verdict, key: str, ended: str | None
) -> bool:
    """Write the verdict and where the report is, which makes both count.

    False for the report of a hold that was decided on meanwhile: it says nothing any more.
    """
    pending = Attr("hold.state").eq("pending") & Attr("status").eq("Held")
    try:
        services.imports.update(
            record,
            when=pending if ended is None and record.hold is not None else None,
            status=verdict.status,
            reconciled=verdict.reconciled,
            report_key=key,
            rejects_key=record.rejects_key or None,
            finished_at=ended,
        )
    except ConditionFailed:
        return False
    return True


def _feed(services: Services, record: Import) -> Feed | None:
    """The import's feed, if it was found fit for use when the import was registered."""
    return pinned_feed(services, record) if record.feed_version_id else None


def _write(services: Services, record: Import, report: Report) -> str:
    """Write the report for readers of both kinds; returns the key of `report.json`."""
    key = f"{_folder(record)}/report.json"
    page = render(msgspec.to_builtins(report))
    services.objects.write(f"{_folder(record)}/report.html", page, content_type=PAGE_TYPE)
    services.objects.write(key, msgspec.json.format(msgspec.json.encode(report), indent=2))
    return key


def _publish(verdict: Verdict, report: Report) -> None:
    """Write the import's figures as metrics, by how it ended."""
    metrics.add_dimension("status", verdict.status)
    rejected = report.rejected_local + report.rejected_validation + report.rejected_execution
    for name, unit, value in (
        ("ImportsEnded", MetricUnit.Count, 1),
        ("RecordsProcessed", MetricUnit.Count, report.processed),
        ("RecordsRejected", MetricUnit.Count, rejected),
        ("ImportSeconds", MetricUnit.Seconds, report.seconds or 0.0),
    ):
        metrics.add_metric(name, unit, value)
    metrics.flush_metrics()


def _open(services: Services, record: Import, *, held: bool) -> RejectsFile:
    sources = partial(source_of, services, record, pinned_feed(services, record))
    note = services.reports.load(record.import_id, record.attempt)
    progress = None if note is None else msgspec.json.decode(note, type=Progress)
    if progress is None or (progress.attempt, progress.held) != (record.attempt, held):
        extension = RejectsWriter(sources(0)).extension
        upload = Upload(
            key=f"{_folder(record)}/rejects.{extension}", content_type=CONTENT_TYPES[extension]
        )
        progress = Progress(attempt=record.attempt, held=held, upload=upload)
    return RejectsFile(services, record, sources, progress)


def _end(record: Import, verdict: Verdict, *, held: bool) -> Answer:
    if held:
        seconds = max(1, (milliseconds_of(record.hold_until) - now_ms()) / 1000)
        return _said(answer("held", seconds=seconds), verdict)
    return _said(answer("succeed" if verdict.succeeded else "fail"), verdict)


def _said(base: Answer, verdict: Verdict | None = None) -> Answer:
    status, cause = (verdict.status, verdict.cause) if verdict else ("", "")
    return {**base, "verdict": status, "cause": cause}


def _folder(record: Import) -> str:
    """Return where the attempt's report goes: one that comes late replaces no other attempt's."""
    attempt = f"/attempt-{record.attempt}" if record.attempt > 1 else ""
    return f"results/{record.feed}/{record.import_id}{attempt}"
