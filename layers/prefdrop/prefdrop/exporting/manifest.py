"""The manifest of a run: what it holds and from when on, for readers that trust nothing else."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.exporting.definition import Export
from prefdrop.exporting.lapses import LAPSED
from prefdrop.exporting.pinned import definition_key, spool_folder
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.exports import ExportObject, ExportRun, ExportState


def manifest_key(run: ExportRun) -> str:
    """Where the manifest lies; it is there once everything else of the run is."""
    return f"{run.folder}/manifest.json"


def draft_key(run: ExportRun) -> str:
    """Where the manifest lies before the run is decided."""
    return f"{spool_folder(run)}/manifest.json"


def compose(
    export: Export,
    run: ExportRun,
    state: ExportState,
    objects: list[ExportObject],
    removed: ExportObject | None,
) -> dict[str, Any]:
    """All that readers are told; `state` is where the export stood before."""
    return {
        "export": run.export,
        "run": run.run,
        export.family: export.source,
        "mode": "full" if run.full else "incremental",
        "why_full": run.why_full or None,
        "definition": {
            "key": definition_key(run.export),
            "version_id": run.definition_version,
        },
        "format": export.output.format,
        "compression": "none" if export.output.compression == "none" else "gzip",
        "columns": list(export.columns) or None,
        "started_at": run.started_at,
        "finished_at": iso_now(),
        "watermark": {
            "before": run.watermark_before or None,
            "after": run.watermark_after,
            "sent": run.sent_since or None,
            "overlap_seconds": None if run.full else export.export.overlap_seconds,
        },
        "previous_run": state.last_run or None,
        "read": run.records + run.duplicates,
        "records": run.records,
        "duplicates_removed": run.duplicates,
        "inexpressible": run.inexpressible,
        "examples": run.examples,
        "lapsed": _lapsed(run) if export.output.format != "jsonl" else None,
        "objects": [msgspec.to_builtins(one) for one in objects],
        "removed": (
            {**msgspec.to_builtins(removed), "since_run": state.full_run} if removed else None
        ),
        "committed": run.committed,
        "attempts": run.attempt,
    }


def _lapsed(run: ExportRun) -> dict[str, int]:
    return {name: run.lapsed.get(name, 0) for name in LAPSED}
