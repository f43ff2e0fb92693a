"""`prefdrop drop`: put a file into a deployed stack's inbox."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from prefdrop.feeds import load_feed
from prefdrop.ledger.objects import ObjectMissing
from prefdrop_cli.commands.watch import watch_to_the_end
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.dropping import Dropped, drop_file
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, SourceFile, Stack
from prefdrop_cli.output import say, say_json
from prefdrop_cli.preflight import open_source, require_feed_name

FeedName = Annotated[str, typer.Option("--feed", help="Name of a feed that the bucket holds.")]
Watch = Annotated[bool, typer.Option("--watch", help="Show how the import gets on until it ends.")]


def drop(
    file: SourceFile,
    feed: FeedName,
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Drop FILE into a deployed stack, which imports it."""
    deployment = connect(stack, endpoint)
    check_against_bucket(deployment, file, feed)
    dropped = drop_file(deployment, file, feed)
    if watch:
        watch_to_the_end(deployment, dropped.import_id, as_json=as_json)
    _tell(dropped, as_json=as_json)


def check_against_bucket(deployment: Deployment, file: Path, feed: str) -> None:
    """Hold the file's header against the bucket's feed, so that nothing hopeless is dropped."""
    if "/" in feed or feed.endswith(".toml"):
        raise WrongUse(
            f"--feed takes the name of a feed in the bucket, and {feed} is a path.",
            hint=f"Say --feed {quote(Path(feed).stem)}, after `prefdrop feeds push {quote(feed)}`.",
        )
    require_feed_name(feed)
    key = f"feeds/{feed}.toml"
    try:
        text = deployment.objects.read(key).body
    except ObjectMissing:
        raise WrongUse(
            f"The bucket has no feed named {feed} ({key}).",
            hint="Push it with `prefdrop feeds push`; `prefdrop feeds list` shows those there are.",
        ) from None
    open_source(file, load_feed(text, file=key))


def _tell(dropped: Dropped, *, as_json: bool) -> None:
    if as_json:
        say_json(dropped)
        return
    say(f"Dropped as s3://{dropped.bucket}/{dropped.key} (version {dropped.version_id}).")
    say(f"Watch the import with: prefdrop imports watch {dropped.import_id}")
