"""`prefdrop feeds`: infer and check feeds here, put them into the bucket, list those there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer

from prefdrop.configuring.pull import pull
from prefdrop.feeds.inference import Proposal, propose
from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop_cli.checking import CHUNK_BYTES, Checked, check_file
from prefdrop_cli.deployments import connect
from prefdrop_cli.dropping import push_feed
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.feed_reports import (
    described,
    tell_checked,
    tell_feed,
    tell_proposal,
)
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import say, say_json, table
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
from prefdrop_cli.shapes.feeds import CheckedFile, ListedFeed, PushedFeeds
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
