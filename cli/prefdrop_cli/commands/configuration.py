"""`prefdrop configuration`: the snapshot of the vendor account's configuration."""

from __future__ import annotations

from typing import Annotated

import typer

from prefdrop.configuring.store import KEY, SnapshotStore, StoredSnapshot
from prefdrop_cli.configuration_tables import tell_parts, tell_snapshot
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.functions import invoke
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import note, say, say_json
from prefdrop_cli.shapes.stack import PulledConfiguration

app = typer.Typer(
    help="Pull and show the account's configuration, which feeds and rows are held to.",
    no_args_is_help=True,
)

Locale = Annotated[str, typer.Option(help="Show the texts of this locale, for example es_US.")]


@app.command()
def pull(stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False) -> None:
    """Have the stack take a snapshot of the account's configuration now."""
    deployment = connect(stack, endpoint)
    note("Reading the account's configuration ...")
    told = invoke(deployment, f"{stack}-refresh-configuration", {})
    if as_json:
        say_json(PulledConfiguration(**told))
        return
    news = "A new version" if told["written"] else "Nothing has changed today; the version"
    say(f"{news} of s3://{deployment.bucket}/{KEY} is {told['version_id']}.")
    tell_parts(told["parts"], told["unread"])


@app.command()
def show(
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    locale: Locale = "",
    as_json: AsJson = False,
) -> None:
    """Show the newest snapshot; with --json the whole, which `feeds check --snapshot` reads."""
    deployment = connect(stack, endpoint)
    found = _found(deployment)
    snapshot = found.snapshot
    if locale and locale not in snapshot.locales:
        raise WrongUse(
            f"Nothing in the account has a text in {locale}.",
            hint=f"There are texts in {', '.join(snapshot.locales) or 'no locale'}.",
        )
    if as_json:
        say_json(snapshot)
        return
    tell_snapshot(snapshot, locale)


def _found(deployment: Deployment) -> StoredSnapshot:
    found = SnapshotStore(deployment.objects).find()
    if found is None:
        raise WrongUse(
            f"There is no snapshot at s3://{deployment.bucket}/{KEY} yet.",
            hint="Take one with `prefdrop configuration pull`; the stack also does so daily.",
        )
    return found
