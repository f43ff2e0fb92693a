"""Following a run of an export to its end, and telling what it brought out."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath
from shlex import quote
from typing import Any, NamedTuple

import msgspec

from prefdrop.exporting import operate
from prefdrop.ledger.exports import RUN_ENDED, ExportRun
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import Exit
from prefdrop_cli.output import note, pairs, say, table
from prefdrop_cli.progress import Progress, Step
from prefdrop_cli.shapes.exports import EndedRun, Run
from prefdrop_cli.watching import ExecutionGone

EXECUTION_EVERY = 10.0
"""Seconds between two looks at the execution, in case it was stopped without a word."""
WAITING = ("Beginning", "Waiting")
GOING_ON = ("RUNNING", "PENDING_REDRIVE")
CAUSE_LENGTH = 300


class Started(NamedTuple):
    """A run that was started: its export, its id, and its execution's ARN."""

    export: str
    run: str
    execution: str


def start_run(deployment: Deployment, name: str, *, full: bool, allow_removals: int = 0) -> Started:
    """Start a run of an export; raises ExportMissing and ExportError."""
    machine = deployment.outputs["ExportStateMachineArn"]
    run, execution = operate.start_run(
        deployment, name, machine, full=full, allow_removals=allow_removals
    )
    return Started(name, run, execution)


def described(run: ExportRun) -> dict[str, Any]:
    """A run's members as they are shown; never its tokens, which are secrets."""
    error = run.error
    told = {name: getattr(run, name) for name in Run.__struct_fields__ if name != "error"}
    return told | {"error": error and {"code": error.code, "message": error.message,
                                       "hint": error.hint}}  # fmt: skip


def ended_run(run: ExportRun, files: list[Path]) -> EndedRun:
    """A run that has ended, and what was copied of it, as programs are told."""
    return msgspec.convert({**described(run), "files": list(map(str, files))}, EndedRun)


def follow_run(deployment: Deployment, started: Started, progress: Progress) -> ExportRun:
    """Show how a run gets on until it has ended; raises ExecutionGone."""
    looked = time.monotonic()
    while True:
        found = deployment.exports.find(started.export, started.run)
        progress.show(_step(found) if found else Step("waiting", note="for the run to begin"))
        if found is not None and found.status in RUN_ENDED:
            return found
        if time.monotonic() - looked > EXECUTION_EVERY:
            looked = time.monotonic()
            _require_alive(deployment, started)
        time.sleep(deployment.poll_seconds)


def _require_alive(deployment: Deployment, started: Started) -> None:
    """Raise ExecutionGone where the ledger will not hear of the run's end from its execution."""
    ended = _how_it_ended(deployment, started.execution)
    if not ended:
        return
    run = deployment.exports.find(started.export, started.run)
    again = f"`prefdrop exports run {quote(started.export)}`"
    if run is None:
        raise ExecutionGone(
            f"Run {started.run} of export {started.export} never began: its execution has ended "
            f"({ended}).",
            hint="Nothing was asked of MyPreferences and the watermark has not moved. The log of "
            f"begin-export says more; then start another: {again}.",
        )
    if run.status in RUN_ENDED:
        return
    hint = f"The watermark has not moved, so nothing is missed. Start another: {again}."
    if run.status == "Publishing":
        hint = (
            "The run is decided: its watermark has moved and its records are in the bucket. The "
            "stack publishes it when it next looks for due exports, every five minutes; see "
            f"`prefdrop exports show {quote(run.export)} {quote(run.run)}`."
        )
    raise ExecutionGone(
        f"Run {run.run} of export {run.export} is {run.status}, but its execution has ended "
        f"({ended}).",
        hint=hint,
    )


def _how_it_ended(deployment: Deployment, execution: str) -> str:
    """How an execution ended, in the words of Step Functions; empty as long as it goes on."""
    client = deployment.step_functions
    try:
        found = client.describe_execution(executionArn=execution)
    except client.exceptions.ExecutionDoesNotExist:
        return "it is not known any more"
    if found["status"] in GOING_ON:
        return ""
    words = (found["status"], found.get("error", ""), found.get("cause", "")[:CAUSE_LENGTH])
    return ": ".join(filter(None, words))


def _step(run: ExportRun) -> Step:
    if run.away_since:
        return Step("waiting", note=f"for the vendor, who has been away since {run.away_since}")
    if run.status in WAITING:
        return Step("waiting", note="for the vendor to make the export")
    done = run.records + run.duplicates
    if run.status == "Retrieving":
        return Step("retrieving", done, max(run.total, 0), done, f"{run.objects:,} objects")
    return Step("completing", note="commit, watermark, manifest")


def kind_of(run: ExportRun) -> str:
    """Whether a run brings everything, once that is decided."""
    if not run.attempt:
        return "-"
    return "full" if run.full else "incremental"


def exit_of_run(run: ExportRun) -> Exit:
    """The exit code that tells of a run that has ended."""
    return Exit.DONE if run.status == "Completed" else Exit.FAILED


def print_run(run: ExportRun) -> None:
    """Print one run, and what is to be done where it did not complete."""
    told = described(run)
    for name in ("error", "inexpressible", "examples", "lapsed"):
        del told[name]
    if not run.attempt:  # how much it would have brought was not decided
        del told["full"]
    pairs({name.replace("_", " "): value for name, value in told.items() if value != ""})
    _print_untold(run)
    if run.error:
        note(f"Error: {run.error.message}")
        if run.error.hint:
            note(f"       {run.error.hint}")
    elif run.status == "Skipped":
        why = run.why_skipped or "another run of this export was under way"
        note(f"Nothing was brought out: {why}.")


def _print_untold(run: ExportRun) -> None:
    """Print what the columns could not tell, and what is not in force."""
    if run.inexpressible:
        say("", "What the columns do not tell exactly")
        counts = sorted(run.inexpressible.items(), key=lambda one: (-one[1], one[0]))
        rows = [(name, count, str(run.examples.get(name, "-"))) for name, count in counts]
        table(("column or path", "values", "such as in profile"), rows)
    if run.lapsed:
        counted = (f"{count:,} {name.replace('_', ' ')}" for name, count in run.lapsed.items())
        say("", f"Not in force any more: {', '.join(counted)}")


def fetch_run(deployment: Deployment, run: ExportRun, out: Path) -> list[Path]:
    """Copy a completed run's objects and its manifest into a folder."""
    manifest = operate.manifest_of(deployment, run)
    if manifest is None:
        return []
    out.mkdir(parents=True, exist_ok=True)
    objects = [*manifest["objects"], *filter(None, [manifest["removed"]])]
    written = []
    for one in [*objects, {"key": run.manifest_key}]:
        file = out / PurePosixPath(one["key"]).name
        # Somebody may have put another object in its place since.
        version = {"VersionId": one["version_id"]} if one.get("version_id") else None
        deployment.s3.download_file(deployment.bucket, one["key"], str(file), ExtraArgs=version)
        written.append(file)
    return written


def tell_files(files: list[Path]) -> None:
    """Name the files that were written."""
    for file in files:
        say(f"  {file}")
