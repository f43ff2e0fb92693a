"""Following an import to its end on behalf of a command, and leaving with its exit code."""

from __future__ import annotations

from typing import NoReturn

import typer

from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import Exit, exit_for
from prefdrop_cli.output import note, say, say_json, table
from prefdrop_cli.progress import progress_for
from prefdrop_cli.results import print_summary, report_of
from prefdrop_cli.story.standing import DOING, Standing
from prefdrop_cli.story.steps import StepSpan
from prefdrop_cli.story.telling import Story, tell
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


def print_story(story: Story) -> None:
    """Print what happened, the workflow's steps, and how the import stands."""
    say("", "What happened (UTC)")
    table(("when", "what"), ((_clock(one.at), one.what) for one in story.happened))
    steps = [span for span in story.steps if span.name in DOING]
    if steps:
        say("", "What the workflow did")
        table(
            ("step", "times", "first", "last", "failed tries"),
            ((s.name, s.times, _clock(s.first), _clock(s.last), _failures(s)) for s in steps),
        )
    print_standing(story.standing)


def print_standing(standing: Standing) -> None:
    """Print how an import stands: what is the matter, since when, and what to do next."""
    since = f" (since {_clock(standing.since)})" if standing.since else ""
    say("", f"Now:  {standing.now}{since}")
    say(f"Next: {standing.next}")


def _clock(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _failures(span: StepSpan) -> str:
    return ", ".join(f"{count} x {error}" for error, count in span.failures.items())
