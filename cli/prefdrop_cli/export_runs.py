"""Following a run of an export to its end, and telling what it brought out."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath
from typing import Any

from prefdrop.exporting import operate
from prefdrop.importing.turn import status_of
from prefdrop.ledger.exports import RUN_ENDED, ExportRun
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import Exit
from prefdrop_cli.operator_exports import OperatorExports
from prefdrop_cli.output import note, pairs, say
from prefdrop_cli.progress import Progress, Step
from prefdrop_cli.watching import ExecutionGone

EXECUTION_EVERY = 10.0
"""Seconds between two looks at the execution, in case it was stopped without a word."""
WAITING = ("Beginning", "Waiting")

SHOWN = (
    "export", "run", "status", "full", "why_full", "why_skipped", "started_at", "finished_at",
    "records", "duplicates", "removed", "objects", "bytes", "watermark_before", "watermark_after",
    "attempt", "given_up", "manifest_key",
)  # fmt: skip
"""Never a run's tokens: they are secrets."""


def described(run: ExportRun) -> dict[str, Any]:
    """A run's members as they are shown."""
    error = run.error
    told = {name: getattr(run, name) for name in SHOWN}
    return told | {"error": error and {"code": error.code, "message": error.message,
                                       "hint": error.hint}}  # fmt: skip


def follow_run(
    deployment: Deployment, exports: OperatorExports, name: str, run: str, progress: Progress
) -> ExportRun:
    """Show how a run gets on until it has ended; raises ExecutionGone."""
    looked = time.monotonic()
    while True:
        found = exports.exports.find(name, run)
        if found is not None:
            progress.show(_step(found))
            if found.status in RUN_ENDED:
                return found
            if found.execution and time.monotonic() - looked > EXECUTION_EVERY:
                looked = time.monotonic()
                _require_alive(exports, found)
        else:
            progress.show(Step("waiting", note="for the run to begin"))
        time.sleep(deployment.poll_seconds)


def _require_alive(exports: OperatorExports, run: ExportRun) -> None:
    status = status_of(exports, run.execution)
    if status in ("RUNNING", "PENDING_REDRIVE"):
        return
    again = exports.exports.find(run.export, run.run)
    if again is not None and again.status not in RUN_ENDED:
        raise ExecutionGone(
            f"Run {run.run} of export {run.export} is {run.status}, but its execution has ended "
            f"({status or 'unknown'}).",
            hint=f"Start another: `prefdrop exports run {run.export}`. The watermark has not moved,"
            " so nothing is missed.",
        )


def _step(run: ExportRun) -> Step:
    if run.status in WAITING:
        return Step("waiting", note="for the vendor to make the export")
    done = run.records + run.duplicates
    if run.status == "Retrieving":
        return Step("retrieving", done, max(run.total, 0), done, f"{run.objects:,} objects")
    return Step("completing", note="commit, watermark, manifest")


def exit_of_run(run: ExportRun) -> Exit:
    """The exit code that tells of a run that has ended."""
    return Exit.DONE if run.status == "Completed" else Exit.FAILED


def print_run(run: ExportRun) -> None:
    """Print one run, and what is to be done where it did not complete."""
    told = described(run)
    error = told.pop("error")
    pairs({name.replace("_", " "): value for name, value in told.items() if value != ""})
    if error:
        note(f"Error: {error['message']}")
        if error["hint"]:
            note(f"       {error['hint']}")
    elif run.status == "Skipped":
        why = run.why_skipped or "another run of this export was under way"
        note(f"Nothing was brought out: {why}.")


def fetch_run(
    deployment: Deployment, exports: OperatorExports, run: ExportRun, out: Path
) -> list[Path]:
    """Copy a completed run's objects and its manifest into a folder."""
    manifest = operate.manifest_of(exports, run)
    if manifest is None:
        return []
    out.mkdir(parents=True, exist_ok=True)
    objects = [*manifest["objects"], *filter(None, [manifest["removed"]])]
    written = []
    for key in [*(one["key"] for one in objects), run.manifest_key]:
        file = out / PurePosixPath(key).name
        deployment.s3.download_file(deployment.bucket, key, str(file))
        written.append(file)
    return written


def tell_files(files: list[Path]) -> None:
    """Name the files that were written."""
    for file in files:
        say(f"  {file}")
