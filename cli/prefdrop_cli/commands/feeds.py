"""`prefdrop feeds`: infer and check feeds here, put them into the bucket, list those there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer

from prefdrop.configuring.pull import pull
from prefdrop.feeds import Feed
from prefdrop.feeds.inference import Proposal, propose
from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop_cli.checking import CHUNK_BYTES, Checked, Gate, check_file
from prefdrop_cli.deployments import connect
from prefdrop_cli.dropping import push_feed
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import note, pairs, say, say_formatted, say_json, table
from prefdrop_cli.preflight import (
    open_source,
    opener,
    plain_size,
    read_feed,
    read_file,
    require_feed_name,
    require_file,
)
from prefdrop_cli.progress import progress_for
from prefdrop_cli.shapes.feeds import (
    CheckedFeed,
    CheckedFile,
    HeldTo,
    ListedFeed,
    ProposedFeed,
    PushedFeeds,
)
from prefdrop_cli.snapshots import KnownAccount, hold_feed_to, known_account

app = typer.Typer(help="Infer, check, push and list feeds.", no_args_is_help=True)

FeedFile = Annotated[Path, typer.Argument(metavar="FEED.toml", help="The feed.")]
FeedFiles = Annotated[list[Path], typer.Argument(metavar="FEED.toml", help="The feeds.")]
DataFile = Annotated[Path, typer.Argument(metavar="DATA", help="A file to infer the feed from.")]
Sample = Annotated[Path | None, typer.Argument(metavar="DATA", help="A file to try the feed on.")]
Rows = Annotated[int | None, typer.Option(min=1, help="Try only so many rows of DATA.")]
Shown = Annotated[int, typer.Option(min=0, max=1000, help="Show so many of the first records.")]
ChunkBytes = Annotated[
    int, typer.Option(min=1_000, max=28_000_000, help="The stack's ChunkBytes, where it was set.")
]
SnapshotFile = Annotated[
    Path | None,
    typer.Option("--snapshot", metavar="FILE", help="Check against this configuration snapshot."),
]
Sandbox = Annotated[
    bool,
    typer.Option("--sandbox", help="Check against the sandbox's invented account."),
]
StackIfAny = Annotated[
    str,
    typer.Option(
        "--stack", envvar="PREFDROP_STACK", help="Check against the snapshot of this stack."
    ),
]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Write the feed to this file.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")]
Name = Annotated[str, typer.Option(help="The import's name at the vendor. [default: from DATA]")]
Zone = Annotated[str, typer.Option(help="Time zone of the file's local times, if you know it.")]

SCHEMA_PLACES = ("feed.schema.json", "docs/feed.schema.json")

SHOWN_REASONS = 20
_WOULD = {
    "pass": "would let it through",
    "hold": "would hold it",
    "abort": "would abort it",
    "refuse": "it would be refused",
}


@app.command(epilog="Example: prefdrop feeds infer people.csv -o people.toml")
def infer(
    data: DataFile,
    out: Out = None,
    name: Name = "",
    timezone: Zone = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Propose a feed for DATA, with a comment on each guess, and try it on DATA's first rows.

    Without --out the feed is printed. It holds column names and no values of your file.
    """
    if out is not None and out.exists() and not force:
        raise WrongUse(f"{out} is there already.", hint="Choose another name, or add --force.")
    if out is not None:
        require_feed_name(out.stem)
    proposed = propose_feed(data, name=name, timezone=timezone, out=out)
    if out is not None:
        out.write_text(proposed.text, encoding="utf-8")
    if as_json:
        say_json(described(proposed, out))
    elif out is None:
        say(*proposed.text.rstrip("\n").split("\n"))
    tell_proposal(proposed, data, out, as_json=as_json)


@app.command(epilog="Example: prefdrop feeds check people.toml people.csv --sandbox")
def check(
    feed: FeedFile,
    data: Sample = None,
    rows: Rows = None,
    show: Shown = 1,
    chunk_bytes: ChunkBytes = CHUNK_BYTES,
    snapshot: SnapshotFile = None,
    sandbox: Sandbox = False,
    stack: StackIfAny = "",
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Check FEED.toml and, where DATA is given, run the local side of an import on it.

    Nothing is sent anywhere: it shows the first records as they would be staged, how many chunks
    they make, the rejects by reason, and whether a gate would stop the import. Names are held to a
    snapshot of the account's configuration: the one in --snapshot, that of the stack, or, with
    --sandbox, what the sandbox has, to which `prefdrop local run` imports.
    """
    loaded = read_feed(feed)
    known = sandbox_account() if sandbox else known_account(snapshot, stack, endpoint)
    hold_feed_to(known, loaded, read_file(feed, "feed"), as_json=as_json)
    if data is None:
        tell_feed(loaded, known.held_to(), as_json=as_json)
        return
    source = open_source(data, loaded, known.usable)
    with progress_for(as_json=as_json) as progress:
        checked = check_file(
            source,
            rows=rows,
            shown=show,
            chunk_bytes=chunk_bytes,
            tell=progress.show,
            size=plain_size(data),
        )
    if as_json:
        say_json(CheckedFile(**checked.members(), configuration=known.held_to()))
    else:
        tell_checked(checked)
    raise typer.Exit(_exit_of(checked))


def _exit_of(checked: Checked) -> Exit:
    if checked.rejected:
        return Exit.REJECTS
    return Exit.DONE if checked.gate().outcome == "pass" else Exit.STOPPED


@app.command(epilog="Example: prefdrop feeds push people.toml")
def push(
    feeds: FeedFiles, stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False
) -> None:
    """Check feeds and put them into the bucket; drops from now on use them."""
    for path in feeds:
        read_feed(path)
    deployment = connect(stack, endpoint)
    keys = [push_feed(deployment, path) for path in feeds]
    if as_json:
        say_json(PushedFeeds(deployment.bucket, keys))
    for key in () if as_json else keys:
        say(f"Pushed s3://{deployment.bucket}/{key}")


@app.command("list")
def list_feeds(
    stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False
) -> None:
    """List the feeds in the bucket."""
    deployment = connect(stack, endpoint)
    keys = [key for key in deployment.objects.list("feeds/") if key.endswith(".toml")]
    found = [ListedFeed(Path(key).stem, key) for key in keys]
    if as_json:
        say_json(found)
    elif not found:
        say("There are no feeds; push one with `prefdrop feeds push FEED.toml`.")
    else:
        table(("feed", "key"), ((one.feed, one.key) for one in found))


def propose_feed(data: Path, *, name: str, timezone: str, out: Path | None) -> Proposal:
    """Infer a feed from `data`; `out` is where it will lie, so that its schema can be named.

    Raises WrongUse or SourceError.
    """
    require_file(data, "file")
    _require_zone(timezone)
    proposed = propose(
        opener(data),
        size=data.stat().st_size,
        file=str(data),
        now=datetime.now(UTC),
        name=name,
        timezone=timezone,
    )
    return msgspec.structs.replace(proposed, text=_schema_lines(out) + proposed.text)


def _require_zone(timezone: str) -> None:
    try:
        _ = ZoneInfo(timezone) if timezone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUse(
            f"{timezone} is no time zone.", hint="Use an IANA name such as America/New_York."
        ) from None


def _schema_lines(out: Path | None) -> str:
    """The comment by which editors find the schema, where it lies near the feed."""
    folder = (out.parent if out is not None else Path()).resolve()
    for steps, above in enumerate((folder, *folder.parents)):
        for place in SCHEMA_PLACES:
            if (above / place).is_file():
                return f"#:schema {'../' * steps or './'}{place}\n"
    return (
        "# An editor completes and checks this file if docs/feed.schema.json of Prefdrop lies\n"
        "# beside it and its first line is:  #:schema ./feed.schema.json\n"
    )


def sandbox_account() -> KnownAccount:
    """The account of a sandbox that is started for this question."""
    from prefdrop_local.sandbox.process import start_sandbox

    with start_sandbox() as sandbox:
        known = sandbox.credentials
        auth = PnAuthInfo3(known["client_id"], known["user_id"], known["secret"])
        with Client(sandbox.url, known["client_id"], auth) as client:
            snapshot = pull(client, known["client_id"], datetime.now(UTC))
    return KnownAccount(snapshot, "the sandbox")


def tell_feed(feed: Feed, configuration: HeldTo | None, *, as_json: bool) -> None:
    """Tell that a feed by itself can be used; `configuration` is what it was checked against."""
    if as_json:
        say_json(CheckedFeed(feed.name, True, tuple(feed.warnings), configuration))
        return
    say(f"The feed {feed.name} is valid.")
    _warn(feed.warnings)


def tell_checked(checked: Checked) -> None:
    """Tell what a dry run found."""
    feed, gate = checked.feed, checked.gate()
    asked = "" if checked.whole else ", its first rows only"
    say(f"{Path(checked.file).name} with the feed {feed.name}{asked}")
    pairs(
        {
            "rows read": checked.rows,
            "records": checked.records,
            "rejected": f"{checked.rejected:,} ({checked.rejected_percent:.1f} %)",
            "chunks": f"{checked.chunks:,} ({checked.body_bytes:,} bytes)",
            "parts": checked.parts,
            "gates": _gate(gate),
        }
    )
    _warn(checked.warnings)
    if checked.first_records:
        count = len(checked.first_records)
        one = "The first record as it would be staged:"
        say("", one if count == 1 else f"The first {count} records as they would be staged:")
        for record in checked.first_records:
            say_formatted(record)
    _tell_reasons(checked)


def _gate(gate: Gate) -> str:
    return f"{_WOULD[gate.outcome]}{': ' if gate.reason else ''}{gate.reason}"


def _tell_reasons(checked: Checked) -> None:
    reasons = checked.by_frequency()
    if not reasons:
        return
    say("", "Rejects by reason:")
    shown = reasons[:SHOWN_REASONS]
    lines = ((each.count, each.code, _rows(each.rows, each.count), each.reason) for each in shown)
    table(("count", "code", "rows", "reason"), lines)
    if more := len(reasons) - len(shown):
        say(f"... and {more:,} more; --json lists them all.")


def _rows(rows: list[int], count: int) -> str:
    return ", ".join(map(str, rows)) + (", ..." if count > len(rows) else "")


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        note(f"Warning: {warning}")


# Inference


def described(proposed: Proposal, out: Path | None) -> ProposedFeed:
    """A proposal as it is told to programs; `out` is the file that it was written to."""
    return ProposedFeed(
        out=None if out is None else str(out),
        name=proposed.name,
        format=proposed.format,
        delimiter=proposed.delimiter,
        encoding=proposed.encoding,
        header=proposed.header,
        match=proposed.match,
        timezone=proposed.timezone or None,
        columns=proposed.findings,
        check=proposed.trial,
        text=proposed.text,
    )


def tell_proposal(proposed: Proposal, data: Path, out: Path | None, *, as_json: bool) -> None:
    """Tell on standard error how the proposed feed does, and what follows."""
    if as_json:
        return
    trial, mapped = proposed.trial, sum(bool(each.to) for each in proposed.findings)
    of = f" of {len(proposed.findings):,} columns" if proposed.findings else ""
    does = f"{mapped:,}{of} mapped; " if of else ""
    note(
        f"{does}{trial.records:,} records and {trial.rejected:,} rejects from {trial.rows:,} rows."
        + ("" if trial.passes else " A gate would stop such a file.")
    )
    unsure = [each.column for each in proposed.findings if each.sure == "guess"]
    if unsure:
        note(f"Guesses to look at first: {', '.join(unsure)}.")
    if out is not None:
        note(f"Read {out}, then: prefdrop feeds check {quote(str(out))} {quote(str(data))}")
