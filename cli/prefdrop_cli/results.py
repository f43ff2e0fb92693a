"""Reports and rejects: fetching them, and the summary of an import."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from prefdrop.ledger.imports import FINISHED, Import
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.output import note, pairs, say

NAMES = ("report.json", "report.html", "rejects.csv", "rejects.jsonl")


def require_free(out: Path, source: Path) -> None:
    """Raise WrongUse when writing results to `out` would overwrite the file being imported."""
    if any((out / name).resolve() == source.resolve() for name in NAMES):
        raise WrongUse(
            f"The results would overwrite {source}, the file to import.",
            hint="Name another folder with --out.",
        )


def require_writable(out: Path) -> None:
    """Raise WrongUse when results cannot be written to `out`, before an import has made them."""
    place = out.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise WrongUse(
            f"Results cannot be written to {out}: {place} is no folder that may be written to.",
            hint="Name another folder with --out.",
        )


def fetch(
    deployment: Deployment, ended: Import, report: dict[str, Any], out: Path
) -> dict[str, Path]:
    """Copy what `ended` left in the bucket to `out`; older results there are removed first.

    A rejects file without rejects is left out.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (out / name).unlink(missing_ok=True)
    keys = {"report": ended.report_key}
    if ended.report_key:
        keys["page"] = str(PurePosixPath(ended.report_key).with_suffix(".html"))
    if report["rejects"]["count"]:
        keys["rejects"] = ended.rejects_key
    files = {kind: out / PurePosixPath(key).name for kind, key in keys.items() if key}
    for kind, file in files.items():
        deployment.s3.download_file(deployment.bucket, keys[kind], str(file))
    return files


def report_of(deployment: Deployment, ended: Import) -> dict[str, Any]:
    """The import's report, or, while it has none, the same members from the ledger.

    An import that goes on has at most the report of an earlier stop, which is not its own.
    """
    if ended.report_key and (ended.status in FINISHED or ended.status == "Held"):
        stored = deployment.objects.read(ended.report_key)
        report: dict[str, Any] = msgspec.json.decode(stored.body)
        return report
    return from_ledger(ended)


def from_ledger(found: Import) -> dict[str, Any]:
    """What the ledger knows of an import, in the report's members and order."""
    error = found.error
    return {
        "import_id": found.import_id,
        "feed": found.feed,
        "status": found.status,
        "reconciled": found.reconciled,
        "cause": found.gate,
        "source": {
            "bucket": found.bucket,
            "key": found.key,
            "version_id": found.version_id,
            "bytes": found.bytes,
        },
        "rows_read": found.rows_read,
        "rejected_local": found.rejected_local,
        "staged": found.staged,
        "rejected_validation": found.rejected_validation,
        "processed": found.processed,
        "rejected_execution": found.rejected_execution,
        "not_honored": found.not_honored,
        "pending": found.pending,
        "chunks": found.chunks,
        "vendor_requests": found.vendor_requests,
        "parts": [],
        "started_at": found.started_at or found.registered_at,
        "finished_at": found.finished_at or None,
        "seconds": None,
        "rejects": {"key": found.rejects_key or None, "count": 0},
        "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
    }


SUMMARY = {
    "rows_read": "rows read",
    "rejected_local": "rejected: local",
    "rejected_validation": "rejected: validation",
    "rejected_execution": "rejected: execution",
    "processed": "processed",
    "not_honored": "not honoured",
    "pending": "pending",
    "chunks": "chunks",
    "vendor_requests": "vendor requests",
    "seconds": "seconds",
    "status": "status",
}


def print_summary(report: dict[str, Any], *, reason: bool = True) -> None:
    """Print the figures of an import and, unless a story tells it, why it did not complete."""
    say(f"Import {report['import_id']} of {PurePosixPath(report['source']['key']).name}")
    pairs({label: report.get(name) for name, label in SUMMARY.items()})
    if not reason:
        return
    if error := report["error"]:
        note(f"Error: {error['message']}")
        if error["hint"]:
            note(f"       {error['hint']}")
    elif report["cause"]:
        note(f"Why:   {report['cause']}")
