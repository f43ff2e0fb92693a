"""Following an import to its end on behalf of a command, and leaving with its exit code."""

from __future__ import annotations

from typing import NoReturn

import typer

from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import Exit, exit_for
from prefdrop_cli.output import note, say_json
from prefdrop_cli.progress import progress_for
from prefdrop_cli.results import print_summary, report_of
from prefdrop_cli.story.printing import print_standing
from prefdrop_cli.story.telling import tell
from prefdrop_cli.watching import follow

SELF_EVIDENT = ("Completed", "Duplicate")
"""Ends that call for nothing."""


def watch_to_the_end(deployment: Deployment, import_id: str, *, as_json: bool) -> NoReturn:
    """Show how an import gets on, print its summary, exit as it ended; Ctrl-C leaves it running."""
    try:
        with progress_for(as_json=as_json) as progress:
            ended = follow(deployment, import_id, progress)
    except KeyboardInterrupt:
        note(f"The import goes on. Watch it again with: prefdrop imports watch {import_id}")
        raise typer.Exit(Exit.INTERRUPTED) from None
    report = report_of(deployment, ended)
    if as_json:
        say_json(report)
    else:
        print_summary(report, reason=False)
        if ended.status not in SELF_EVIDENT:
            print_standing(tell(deployment, ended).standing)
    raise typer.Exit(exit_for(report["status"]))
