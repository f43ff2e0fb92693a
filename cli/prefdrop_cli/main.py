"""The command `prefdrop`: its groups, and what happens to errors."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from io import StringIO
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup

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
from prefdrop_cli.output import note, say, show_error

NAME = "prefdrop"
HERE = "On this machine: begin here"
STACK = "On a deployed stack, or one that `prefdrop local up` keeps"
WRONG = "When something is wrong"

ORDER = (
    "feeds", "local", "sandbox",
    "drop", "imports", "events", "exports", "subscriptions", "configuration", "quota",
    "doctor", "console",
)  # fmt: skip
"""In which help lists the commands: as they are come upon."""
EXIT_CODES = (
    "Exit codes: 0 done, 2 wrong use, 3 done with rejects, 4 held or aborted by a gate, 5 failed, "
    "130 Ctrl-C."
)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class _InOrder(TyperGroup):
    """Lists commands in our order; typer has those that are no group first."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    name=NAME,
    cls=_InOrder,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
local.app.command("export")(local_export.export)
app.add_typer(feeds.app, name="feeds", rich_help_panel=HERE)
app.add_typer(local.app, name="local", rich_help_panel=HERE)
app.command("sandbox", rich_help_panel=HERE, **sandbox.PASSED_THROUGH)(sandbox.sandbox)
app.command(
    "drop",
    rich_help_panel=STACK,
    epilog="Example: prefdrop drop people.csv --feed people --watch",
)(drop.drop)
app.add_typer(imports.app, name="imports", rich_help_panel=STACK)
app.add_typer(events.app, name="events", rich_help_panel=STACK)
app.add_typer(exports.app, name="exports", rich_help_panel=STACK)
app.add_typer(subscriptions.app, name="subscriptions", rich_help_panel=STACK)
app.add_typer(configuration.app, name="configuration", rich_help_panel=STACK)
app.command("quota", rich_help_panel=STACK)(quota.quota)
app.command("doctor", rich_help_panel=WRONG)(doctor.doctor)
app.command("console", rich_help_panel=WRONG)(console.console)


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
    """Drop a file; the records land in MyPreferences, every one accounted for.

    To begin: `prefdrop feeds infer FILE -o FEED.toml`, `prefdrop feeds check FEED.toml FILE
    --sandbox`, `prefdrop local run FILE --feed FEED.toml`. On call: `prefdrop doctor`, and
    `prefdrop imports list --open`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and turn what a user can mend into a message and an exit code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from prefdrop_cli.aws_errors import explain_aws

    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        _run(words)
    except PrefdropError as error:
        _fail(error, words)
    except (BotoCoreError, ClientError) as error:
        _fail(explain_aws(error), words)
    except OSError as error:
        if error.errno in DISK_FULL:
            _stop_printing(error)
        if error.filename is None:
            raise
        _fail(WrongUse(f"{error.filename}: {error.strerror}.", hint="Check the path."), words)


def _run(words: Sequence[str]) -> NoReturn:
    """Run the command to its exit; raises WrongUse for a wrong call.

    Typer would print what is wrong by itself, with the words as they were typed.
    """
    try:
        sys.exit(app(words, prog_name=NAME, standalone_mode=False) or Exit.DONE)
    except typer.TyperException as error:
        if not error.format_message().strip():  # a group without a command: help is on the screen
            sys.exit(Exit.WRONG_USE)
        raise _told(error) from None
    except typer.Abort:
        sys.exit(Exit.INTERRUPTED)


def _told(error: typer.TyperException) -> WrongUse:
    """What the command line has against the words that were typed."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else NAME
    return WrongUse(error.format_message(), hint=f"`{path} --help` shows how to call it.")


def _fail(error: PrefdropError, words: Sequence[str]) -> NoReturn:
    show_error(error, as_json="--json" in words)
    sys.exit(_exit_of(error))


def _stop_printing(error: OSError) -> NoReturn:
    """Say that what was to be written has no room, where that can still be said."""
    note(
        f"Error: {error.filename or 'The output'} cannot be written: {error.strerror}.",
        "       Make room, or write it elsewhere, and type the command again.",
    )
    sys.stdout = StringIO()  # else the interpreter tries the rest once more as it ends
    sys.exit(Exit.FAILED)


def _exit_of(error: PrefdropError) -> Exit:
    """Wrong use where the user has to correct the call, the feed or the file; else failed."""
    from prefdrop.exporting.pinned import ExportMissing
    from prefdrop.feeds import FeedError, SourceError
    from prefdrop.importing.correcting import NotACorrection
    from prefdrop.importing.operate import NotHeld, NothingToRetry, TooLate
    from prefdrop.ledger.audit import UnknownEvent
    from prefdrop.ledger.exports import UnknownRun
    from prefdrop.ledger.imports import UnknownImport

    mendable = (
        WrongUse,
        FeedError,
        SourceError,
        ExportMissing,
        UnknownImport,
        UnknownEvent,
        UnknownRun,
        NotACorrection,
        NotHeld,
        NothingToRetry,
        TooLate,
    )
    return Exit.WRONG_USE if isinstance(error, mendable) else Exit.FAILED
