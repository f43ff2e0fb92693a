"""`prefdrop imports`: what became of the files that were dropped."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from shlex import quote
from typing import Annotated, Any

import typer

from prefdrop.importing import operate
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.imports import STATUSES, Import, Status
from prefdrop_cli.attention import LOOKED_THROUGH, Need, needs, still_open
from prefdrop_cli.commands.watch import print_story, watch_to_the_end
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, ImportId, Stack
from prefdrop_cli.output import copy_out, note, say, say_json, table
from prefdrop_cli.results import parts_of, print_summary, report_of, require_place
from prefdrop_cli.shapes.imports import DecidedImport, FetchedRejects, ListedImport
from prefdrop_cli.story.telling import tell
from prefdrop_cli.watching import waiting_words

app = typer.Typer(help="List, watch and decide imports.", no_args_is_help=True)

StatusFilter = Annotated[
    str, typer.Option("--status", help="Only imports in this status, such as Held or Failed.")
]
Open = Annotated[bool, typer.Option("--open", help="Only those under way or in need of somebody.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many, newest first.")]
Output = Annotated[
    Path | None, typer.Option("--out", "-o", help="File to write the rejects to; else printed.")
]
Corrected = Annotated[
    Path | None,
    typer.Option(
        "--with",
        exists=True,
        dir_okay=False,
        readable=True,
        help="Its rejects file with rows corrected: they are staged before it is executed.",
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Show how it gets on until it ends.")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Overwrite what a newer file of the feed brought since."),
]
ExceptNewer = Annotated[
    bool,
    typer.Option("--except-newer", help="Leave out rows whose match key a newer file holds."),
]
Reason = Annotated[
    str, typer.Option("--reason", help="Why; kept with the decision, the time and your identity.")
]


@app.command("list", epilog="Example: prefdrop imports list --open")
def list_imports(
    status: StatusFilter = "",
    unsettled: Open = False,
    limit: Limit = 20,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """List imports, newest first, with what they need of you.

    The column `needs` says: `decision`, a gate holds it; `retry`, its execution is gone; `remedy`,
    it failed or was aborted; `check`, its figures do not add up; `rejects`, it is through, and
    some rows are to be corrected. `prefdrop imports show ID` says what to do about each.
    """
    wanted = _status(status)
    if wanted and unsettled:
        raise WrongUse("--open and --status exclude each other.", hint="Leave one of them out.")
    deployment = connect(stack, endpoint)
    if unsettled:
        found, cut = still_open(deployment, limit)
        if cut:
            note(f"The newest {LOOKED_THROUGH:,} were checked; --status Failed lists older ones.")
    else:
        found = list(needs(deployment, deployment.imports.list(wanted, limit=limit)))
    if as_json:
        say_json([_listed(one, need) for one, need in found])
    elif found:
        heads = ("import", "feed", "status", "needs", "registered", "file")
        table(heads, (_line(one, need) for one, need in found))
    elif unsettled:
        say("Nothing is under way, and nothing needs you.")
    else:
        say("There are no imports." if wanted is None else f"No import is {wanted}.")


def _listed(one: Import, need: Need) -> ListedImport:
    waiting = one.waiting
    return ListedImport(
        **_in_short(one),
        needs=need or None,
        waits_for=waiting.kind if waiting else None,
        waits_since=waiting.since if waiting else None,
    )


def _line(one: Import, need: str) -> tuple[str, ...]:
    registered = one.registered_at[:16].replace("T", " ")
    status = f"{one.status} ({waiting_words(one)})" if one.waiting else one.status
    return (one.import_id, one.feed, status, need, registered, PurePosixPath(one.key).name)


def _status(given: str) -> Status | None:
    if not given:
        return None
    for status in STATUSES:
        if status.lower() == given.lower():
            return status
    raise WrongUse(f"{given} is no status.", hint=f"Use one of: {', '.join(STATUSES)}.")


def _in_short(one: Import) -> dict[str, Any]:
    return {name: getattr(one, name) for name in DecidedImport.__struct_fields__}


@app.command()
def show(
    import_id: ImportId,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Tell the story of one import: what happened, what it waits for, and what comes next."""
    deployment = connect(stack, endpoint)
    found = deployment.imports.get(import_id)
    report = report_of(deployment, found)
    parts = parts_of(deployment, found)
    story = tell(deployment, found)
    if as_json:
        say_json({**report, "parts": parts, "story": story})
        return
    print_summary(report, reason=False)
    if parts:
        say("", "Parts")
        shown = ("number", "state", "rows", "staged", "processed", "executed_at")
        titles = ("part", "state", "rows", "staged", "processed", "executed")
        table(titles, ([part[name] for name in shown] for part in parts))
    print_story(story)


@app.command()
def watch(
    import_id: ImportId,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Show how an import gets on until it ends; Ctrl-C leaves it running."""
    deployment = connect(stack, endpoint)
    deployment.imports.get(import_id)
    watch_to_the_end(deployment, import_id, as_json=as_json)


@app.command(epilog="Example: prefdrop imports rejects imp-6c1a6f1f83ff0d95 -o rejects.csv")
def rejects(
    import_id: ImportId,
    out: Output = None,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Fetch an import's rejected rows, as they stood in the file, with their reasons."""
    deployment = connect(stack, endpoint)
    found = deployment.imports.get(import_id)
    if not found.rejects_key:
        _say_no_rejects(found, as_json=as_json)
        return
    if out is not None:
        require_place(out)
        deployment.s3.download_file(deployment.bucket, found.rejects_key, str(out))
    if as_json:
        say_json(FetchedRejects(import_id, found.rejects_key, str(out) if out else None))
    elif out is not None:
        say(f"Wrote {out}. {_what_to_do_with(found, out)}; the _columns are ignored.")
    else:
        copy_out(deployment.objects.open(found.rejects_key).blocks())


def _what_to_do_with(found: Import, out: Path) -> str:
    if found.status == "Held":
        given = f"prefdrop imports approve {found.import_id} --with {quote(str(out))}"
        return f"Correct the rows and give them back: {given}"
    return "Correct the rows and drop the file again"


def _say_no_rejects(found: Import, *, as_json: bool) -> None:
    if as_json:
        say_json(FetchedRejects(found.import_id, None, None))
    else:
        note(f"Import {found.import_id} ({found.status}) has no rejects.")


@app.command(
    epilog="Example: prefdrop imports approve imp-6c1a6f1f83ff0d95 --with rejects.csv --watch"
)
def approve(
    import_id: ImportId,
    corrected: Corrected = None,
    reason: Reason = "",
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Let an import go on that a gate holds, with corrected rows where you give some."""
    deployment = connect(stack, endpoint)
    body = corrected.read_bytes() if corrected else None
    held = deployment.parts.live(import_id)[-1:]
    operate.approve(
        deployment, import_id, body, str(corrected or ""), by=deployment.operator, reason=reason
    )
    if any(part.expires <= now_ms() for part in held):
        note("The vendor's token has died meanwhile: a new part is begun, which costs quota.")
    _tell_decided(deployment, import_id, "goes on", watch=watch, as_json=as_json)


@app.command()
def cancel(
    import_id: ImportId,
    reason: Reason = "",
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Stop an import before it is executed; a part that is being executed cannot be stopped."""
    deployment = connect(stack, endpoint)
    operate.cancel(deployment, import_id, by=deployment.operator, reason=reason)
    _tell_decided(deployment, import_id, "is being ended", watch=watch, as_json=as_json)


@app.command(epilog="Example: prefdrop imports retry imp-6c1a6f1f83ff0d95 --watch")
def retry(
    import_id: ImportId,
    watch: Watch = False,
    force: Force = False,
    except_newer: ExceptNewer = False,
    reason: Reason = "",
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Go on with an import that failed or was stopped, from what has surely happened."""
    if force and except_newer:
        raise WrongUse(
            "--force and --except-newer exclude each other.", hint="Leave one of them out."
        )
    deployment = connect(stack, endpoint)
    state_machine = deployment.outputs["ImportStateMachineArn"]
    operate.retry(
        deployment,
        import_id,
        state_machine,
        force=force,
        except_newer=except_newer,
        by=deployment.operator,
        reason=reason,
    )
    _tell_decided(deployment, import_id, "goes on", watch=watch, as_json=as_json)


def _tell_decided(
    deployment: Deployment, import_id: str, what: str, *, watch: bool, as_json: bool
) -> None:
    if watch:
        watch_to_the_end(deployment, import_id, as_json=as_json)
    if as_json:
        say_json(DecidedImport(**_in_short(deployment.imports.get(import_id))))
        return
    say(f"Import {import_id} {what}.")
    say(f"Watch it with: prefdrop imports watch {import_id}")
