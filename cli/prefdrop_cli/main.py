"""The command `prefdrop`: its groups, and what happens to errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from prefdrop import __version__
from prefdrop.errors import PrefdropError
from prefdrop_cli.commands import drop, feeds, imports, local, quota, sandbox
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.output import note, say, show_error

app = typer.Typer(
    name="prefdrop",
    help="Drop a file; the records land in MyPreferences, every one accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(local.app, name="local")
app.add_typer(imports.app, name="imports")
app.add_typer(feeds.app, name="feeds")
app.command("drop")(drop.drop)
app.command("quota")(quota.quota)
app.command("sandbox", **sandbox.PASSED_THROUGH)(sandbox.sandbox)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"prefdrop {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Drop a file; the records land in MyPreferences, every one accounted for."""


def main() -> None:
    """Run the command and turn what a user can mend into a message and an exit code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from prefdrop_cli.aws_errors import explain_aws

    as_json = "--json" in sys.argv[1:]
    try:
        app()
    except PrefdropError as error:
        show_error(error, as_json=as_json)
        sys.exit(exit_of(error))
    except (BotoCoreError, ClientError) as error:
        told = explain_aws(error)
        show_error(told, as_json=as_json)
        sys.exit(exit_of(told))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.FAILED)
    except KeyboardInterrupt:
        note("Interrupted.")
        sys.exit(Exit.INTERRUPTED)


def exit_of(error: PrefdropError) -> Exit:
    """Wrong use where the user has to correct the call, the feed or the file; else failed."""
    from prefdrop.feeds import FeedError, SourceError
    from prefdrop.ledger.imports import UnknownImport

    mendable = (WrongUse, FeedError, SourceError, UnknownImport)
    return Exit.WRONG_USE if isinstance(error, mendable) else Exit.FAILED
