"""`prefdrop exports`: bring segments out of MyPreferences, and look at what was brought out."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import msgspec
import typer

from prefdrop.exporting import operate
from prefdrop.exporting.loading import load_export
from prefdrop.exporting.operate import Summary
from prefdrop.exporting.pinned import definition_key
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import Exit
from prefdrop_cli.export_runs import (
    described,
    ended_run,
    exit_of_run,
    fetch_run,
    follow_run,
    kind_of,
    print_run,
    start_run,
    tell_files,
)
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import note, say, say_json, table
from prefdrop_cli.progress import progress_for
from prefdrop_cli.shapes.exports import ListedExport, PushedExport, ShownRun, StartedRun

app = typer.Typer(help="Bring segments out of MyPreferences.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The export's name.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="One run of it; else its newest.")]
Full = Annotated[bool, typer.Option("--full", help="Bring everything, not only what changed.")]
AllowRemovals = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Publish a full run that removes up to N profiles."),
]
Out = Annotated[Path | None, typer.Option("--out", help="Copy what was brought out to a folder.")]
Detach = Annotated[bool, typer.Option("--no-wait", help="Start it and leave it running.")]
Definition = Annotated[
    Path,
    typer.Argument(
        metavar="EXPORT.toml", exists=True, dir_okay=False, readable=True, help="The definition."
    ),
]


@app.command("list")
def list_exports(
    stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False
) -> None:
    """List the exports that are defined, and how the newest run of each stands."""
    found = list(operate.list_exports(connect(stack, endpoint)))
    if as_json:
        say_json([msgspec.convert(_listed(one), ListedExport) for one in found])
    elif found:
        heads = ("export", "of", "mode", "schedule", "watermark", "newest run", "status")
        table(heads, (_row(one) for one in found))
    else:
        say("No export is defined. `prefdrop exports push EXPORT.toml` puts one there.")
    for one in found:
        if one.error and not as_json:
            note(f"Error: {one.error}")


def _row(one: Summary) -> tuple[Any, ...]:
    *cells, status, away_since, error = _listed(one).values()
    if away_since:
        return (*cells, f"{status}, vendor away since {away_since}")
    return (*cells, f"{status}: {error}" if error else status)


def _listed(one: Summary) -> dict[str, Any]:
    definition, last = one.definition, one.last
    schedule = definition.schedule if definition else None
    return {
        "name": one.name,
        "of": definition.source if definition else None,
        "mode": definition.export.mode if definition else None,
        "schedule": (schedule.every or schedule.at) if schedule else None,
        "watermark": one.state.watermark or None,
        "run": last.run if last else None,
        "status": "not usable" if one.error else (last.status if last else None),
        "away_since": (last.away_since or None) if last else None,
        "error": last.error.code if last and last.error else None,
    }


@app.command()
def push(
    definition: Definition,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Check a definition and put it into the bucket; its schedule counts from then on."""
    export = load_export(definition.read_bytes(), file=str(definition))
    deployment = connect(stack, endpoint)
    key = definition_key(export.name)
    deployment.objects.write(key, definition.read_bytes(), content_type="application/toml")
    if as_json:
        say_json(PushedExport(export.name, key))
    else:
        say(f"Export {export.name} is at s3://{deployment.bucket}/{key}.")
        when = "It runs by its schedule" if export.schedule else "It has no schedule"
        say(f"{when}; run it now with: prefdrop exports run {quote(export.name)}")


@app.command()
def run(
    name: Name,
    full: Full = False,
    allow_removals: AllowRemovals = 0,
    out: Out = None,
    detach: Detach = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Run an export now and wait for its end; Ctrl-C leaves it running."""
    deployment = connect(stack, endpoint)
    started = start_run(deployment, name, full=full, allow_removals=allow_removals)
    if detach:
        _tell_started(name, started.run, as_json=as_json)
        return
    try:
        with progress_for(as_json=as_json) as progress:
            ended = follow_run(deployment, started, progress)
    except KeyboardInterrupt:
        show = f"prefdrop exports show {quote(name)} {quote(started.run)}"
        note(f"The run goes on. See it with: {show}")
        raise typer.Exit(Exit.INTERRUPTED) from None
    files = fetch_run(deployment, ended, out) if out else []
    if as_json:
        say_json(ended_run(ended, files))
    else:
        print_run(ended)
        tell_files(files)
    raise typer.Exit(exit_of_run(ended))


def _tell_started(name: str, run: str, *, as_json: bool) -> None:
    if as_json:
        say_json(StartedRun(name, run))
    else:
        say(f"Run {run} of {name} was started: prefdrop exports show {quote(name)} {quote(run)}")


@app.command()
def show(
    name: Name,
    run: RunId = "",
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Show one run of an export, and the runs before it."""
    deployment = connect(stack, endpoint)
    found = operate.show_run(deployment, name, run)
    manifest = operate.manifest_of(deployment, found)
    if as_json:
        say_json(msgspec.convert({**described(found), "manifest": manifest}, ShownRun))
        return
    print_run(found)
    if manifest is None and found.manifest_key:
        note("Its manifest is not in the bucket any more.")
    if manifest and manifest["objects"]:
        say("", "Objects")
        rows = ((one["key"], one["records"], one["bytes"]) for one in manifest["objects"])
        table(("key", "records", "bytes"), rows)
    if not run:
        _print_runs(deployment, name)


def _print_runs(deployment: Deployment, name: str) -> None:
    say("", "Runs, newest first")
    rows = (
        (one.run, one.status, kind_of(one), one.records, one.started_at)
        for one in operate.list_runs(deployment, name)
    )
    table(("run", "status", "kind", "records", "started"), rows)
