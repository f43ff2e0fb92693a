"""Reports and rejects: fetching them, and the summary of an import."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from prefdrop.importing.report import Verdict, compose, described
from prefdrop.importing.totals import Totals
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.output import note, pairs, say

COUNTS = tuple(name for name in Totals.__struct_fields__ if name != "validation_ok")
"""Figures that an import's own item has."""
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


def require_place(out: Path) -> None:
    """Raise WrongUse when the file `out` cannot be written where it is meant to be."""
    folder = out.absolute().parent
    if out.is_dir():
        raise WrongUse(f"{out} is a folder.", hint="Name a file in it.")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise WrongUse(
            f"{out} cannot be written: {folder} is no folder that may be written to.",
            hint="Name another place with -o.",
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


def parts_of(deployment: Deployment, found: Import) -> list[dict[str, Any]]:
    """The parts of an import as the ledger has them, in a report's members."""
    return [msgspec.to_builtins(described(one)) for one in deployment.parts.all(found.import_id)]


def is_reported(found: Import) -> bool:
    """Whether the import has a report of its own.

    One that goes on has at most that of an earlier stop.
    """
    return bool(found.report_key) and (found.status in FINISHED or found.status == "Held")


def report_of(deployment: Deployment, ended: Import) -> dict[str, Any]:
    """The import's report, or, while it has none, the same members from the ledger."""
    if is_reported(ended):
        stored = deployment.objects.read(ended.report_key)
        report: dict[str, Any] = msgspec.json.decode(stored.body)
        return report
    return from_ledger(deployment, ended)


def from_ledger(deployment: Deployment, found: Import) -> dict[str, Any]:
    """What the ledger knows of an import, in the report's members and order.

    What only the report can tell is null, empty or 0: where the time went, settings, rejects.
    """
    parts = list(deployment.parts.all(found.import_id))
    verdict = Verdict(found.status, bool(found.reconciled), found.gate)
    ended = found.finished_at or found.updated_at or found.registered_at
    told: dict[str, Any] = msgspec.to_builtins(compose(found, parts, None, verdict, ended, {}))
    told |= {name: getattr(found, name) for name in COUNTS}
    told["validation_ok"] = found.staged - found.rejected_validation
    told["reconciled"] = found.reconciled
    if not found.finished_at:
        told |= {"finished_at": None, "seconds": None, "timings": []}
    return told


SUMMARY = {
    "rows_read": "rows read",
    "restaged": "given back corrected",
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
    shown = {name: report.get(name) for name in SUMMARY}
    if not shown["restaged"]:
        del shown["restaged"]  # only a gate that held it makes rows come twice
    pairs({SUMMARY[name]: value for name, value in shown.items()})
    if not reason:
        return
    if error := report["error"]:
        note(f"Error: {error['message']}")
        if error["hint"]:
            note(f"       {error['hint']}")
    elif report["cause"]:
        note(f"Why:   {report['cause']}")
