"""`prefdrop local export`: run an export whole on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prefdrop.exporting.loading import load_export
from prefdrop.exporting.pinned import definition_key
from prefdrop.ledger.exports import ExportRun
from prefdrop_cli.commands.local import end_on_signals
from prefdrop_cli.dropping import drop_file, push_feed
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.export_runs import (
    ended_run,
    exit_of_run,
    fetch_run,
    follow_run,
    print_run,
    start_run,
    tell_files,
)
from prefdrop_cli.local_stack import RunningStack, running_stack
from prefdrop_cli.options import AllowHosts, AsJson
from prefdrop_cli.output import note, say_json
from prefdrop_cli.preflight import open_source, read_feed
from prefdrop_cli.progress import progress_for
from prefdrop_cli.results import require_writable
from prefdrop_cli.vendors import SANDBOX, VendorOptions, with_vendor
from prefdrop_cli.watching import follow

DEFINITIONS = Path("exports")
RESULTS = Path("out")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of exports/NAME.toml, or a definition's path.")
]
First = Annotated[
    Path | None,
    typer.Option("--import", metavar="FILE", help="Import this file first, with --feed."),
]
OptionalFeed = Annotated[
    Path | None, typer.Option("--feed", metavar="FEED.toml", help="The feed of --import.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for what is brought out; else out/<run>.")
]


@with_vendor
def export(
    name: Name,
    file: First = None,
    feed: OptionalFeed = None,
    out: Out = None,
    options: VendorOptions = SANDBOX,
    allow_host: AllowHosts = [],  # noqa: B006 - typer reads the default and never changes it
    as_json: AsJson = False,
) -> None:
    """Run an export: start a stack, bring the segment out, copy it to a folder, stop the stack.

    The sandbox begins empty, so give it a file to import first, or name a server.
    """
    server = options.server()
    definition = _definition(name)
    loaded = load_export(definition.read_bytes(), file=str(definition))
    if (file is None) != (feed is None):
        raise WrongUse("--import and --feed go together.", hint="Give both, or neither.")
    if file and feed:
        open_source(file, read_feed(feed))
    require_writable(out or RESULTS)
    end_on_signals()
    try:
        with running_stack(server, allow_hosts=allow_host) as stack:
            if file and feed:
                _import(stack, file, feed, as_json=as_json)
            key = definition_key(loaded.name)
            stack.deployment.objects.write(key, definition.read_bytes())
            ended, files = _run(stack, loaded.name, out, as_json=as_json)
    except KeyboardInterrupt:
        note("Interrupted: the local stack is stopped and nothing is left running.")
        raise typer.Exit(Exit.INTERRUPTED) from None
    if as_json:
        say_json(ended_run(ended, files))
    else:
        print_run(ended)
        tell_files(files)
    raise typer.Exit(exit_of_run(ended))


def _definition(name: str) -> Path:
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    there = DEFINITIONS / f"{name}.toml"
    if there.is_file():
        return there
    known = ", ".join(sorted(one.stem for one in DEFINITIONS.glob("*.toml"))) or "none"
    raise WrongUse(
        f"There is no export {name!r}: neither {there} nor a definition at {name}.",
        hint=f"Defined under {DEFINITIONS}/: {known}.",
    )


def _import(stack: RunningStack, file: Path, feed: Path, *, as_json: bool) -> None:
    push_feed(stack.deployment, feed)
    dropped = drop_file(stack.deployment, file, read_feed(feed).name)
    with progress_for(as_json=as_json) as progress:
        ended = follow(stack.deployment, dropped.import_id, progress)
    if not as_json:
        note(f"Imported {file.name}: {ended.status}, {ended.processed:,} records processed.")


def _run(
    stack: RunningStack, name: str, out: Path | None, *, as_json: bool
) -> tuple[ExportRun, list[Path]]:
    deployment = stack.deployment
    started = start_run(deployment, name, full=False)
    with progress_for(as_json=as_json) as progress:
        ended = follow_run(deployment, started, progress)
    return ended, fetch_run(deployment, ended, out or RESULTS / started.run)
