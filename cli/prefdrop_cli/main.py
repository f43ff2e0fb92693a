"""The command `prefdrop`: its groups, and what happens to errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from prefdrop import __version__
from prefdrop.errors import PrefdropError
from prefdrop_cli.commands import (
    configuration,
    console,
    doctor,
    drop,
    events,
    exports,
    feeds,
    imports,
    local,
    local_export,
    quota,
    sandbox,
    subscriptions,
)
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.output import say, show_error

app = typer.Typer(
    name="prefdrop",
    help="Drop a file; the records land in MyPreferences, every one accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
local.app.command("export")(local_export.export)
app.add_typer(local.app, name="local")
app.add_typer(imports.app, name="imports")
app.add_typer(feeds.app, name="feeds")
app.add_typer(events.app, name="events")
app.add_typer(exports.app, name="exports")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(configuration.app, name="configuration")
app.command("drop")(drop.drop)
app.command("quota")(quota.quota)
app.command("doctor")(doctor.doctor)
app.command("console")(console.console)
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and turn what a user can mend into a message and an exit code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from prefdrop_cli.aws_errors import explain_aws

    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        app(words)
    except PrefdropError as error:
        _fail(error, words)
    except (BotoCoreError, ClientError) as error:
        _fail(explain_aws(error), words)
    except OSError as error:
        if error.filename is None:
            raise
        _fail(WrongUse(f"{error.filename}: {error.strerror}.", hint="Check the path."), words)


def _fail(error: PrefdropError, words: Sequence[str]) -> NoReturn:
    show_error(error, as_json="--json" in words)
    sys.exit(_exit_of(error))


def _exit_of(error: PrefdropError) -> Exit:
    """Wrong use where the user has to correct the call, the feed or the file; else failed."""
    from prefdrop.feeds import FeedError, SourceError
    from prefdrop.importing.correcting import NotACorrection
    from prefdrop.importing.operate import NotHeld, NothingToRetry
    from prefdrop.ledger.audit import UnknownEvent
    from prefdrop.ledger.imports import UnknownImport

    mendable = (
        WrongUse,
        FeedError,
        SourceError,
        UnknownImport,
        UnknownEvent,
        NotACorrection,
        NotHeld,
        NothingToRetry,
    )
    return Exit.WRONG_USE if isinstance(error, mendable) else Exit.FAILED
