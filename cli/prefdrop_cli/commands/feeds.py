"""`prefdrop feeds`: check feeds here, put them into the bucket, list those there."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from prefdrop_cli.checking import Checked, check_file
from prefdrop_cli.deployments import connect
from prefdrop_cli.dropping import push_feed
from prefdrop_cli.exits import Exit
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import pairs, say, say_json, table
from prefdrop_cli.preflight import open_source, read_feed

app = typer.Typer(help="Check, push and list feeds.", no_args_is_help=True)

FeedFile = Annotated[Path, typer.Argument(metavar="FEED.toml", help="The feed.")]
FeedFiles = Annotated[list[Path], typer.Argument(metavar="FEED.toml...", help="The feeds.")]
Sample = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A file to try the feed on.")]
Rows = Annotated[int, typer.Option(min=1, help="Try at most so many rows of FILE.")]
SHOWN_REJECTS = 10


@app.command()
def check(
    feed: FeedFile, file: Sample = None, rows: Rows = 10_000, as_json: AsJson = False
) -> None:
    """Check FEED.toml and, where FILE is given, run the local side of an import on it.

    Nothing is sent anywhere: it shows the first record as the vendor would get it, and the rejects.
    """
    loaded = read_feed(feed)
    if file is None:
        _tell_feed(loaded.name, as_json=as_json)
        return
    checked = check_file(open_source(file, loaded), rows)
    if as_json:
        say_json({"feed": loaded.name, **checked.as_json()})
    else:
        _tell_checked(checked)
    raise typer.Exit(Exit.REJECTS if checked.rejects else Exit.DONE)


def _tell_feed(name: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"feed": name, "valid": True})
    else:
        say(f"The feed {name} is valid.")


def _tell_checked(checked: Checked) -> None:
    pairs({"rows read": checked.rows, "records": checked.records, "rejected": len(checked.rejects)})
    if checked.first_record is not None:
        say("\nThe first record as the vendor would get it:")
        say(checked.first_record)
    if checked.rejects:
        say("\nRejects:")
        shown = islice(checked.rejects, SHOWN_REJECTS)
        table(("row", "code", "reason"), ((r.row, r.code, r.reason) for r in shown))
        if (more := len(checked.rejects) - SHOWN_REJECTS) > 0:
            say(f"... and {more:,} more.")


@app.command()
def push(
    feeds: FeedFiles, stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False
) -> None:
    """Check feeds and put them into the bucket; drops from now on use them."""
    for path in feeds:
        read_feed(path)
    deployment = connect(stack, endpoint)
    keys = [push_feed(deployment, path) for path in feeds]
    if as_json:
        say_json({"bucket": deployment.bucket, "keys": keys})
    for key in () if as_json else keys:
        say(f"Pushed s3://{deployment.bucket}/{key}")


@app.command("list")
def list_feeds(
    stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False
) -> None:
    """List the feeds in the bucket."""
    deployment = connect(stack, endpoint)
    keys = [key for key in deployment.objects.list("feeds/") if key.endswith(".toml")]
    found = [{"feed": Path(key).stem, "key": key} for key in keys]
    if as_json:
        say_json(found)
    elif not found:
        say("There are no feeds; push one with `prefdrop feeds push FEED.toml`.")
    else:
        table(("feed", "key"), ((f["feed"], f["key"]) for f in found))
