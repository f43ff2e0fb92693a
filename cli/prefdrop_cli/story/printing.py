"""An import's story on a terminal."""

from __future__ import annotations

from prefdrop_cli.output import say, table
from prefdrop_cli.story.standing import DOING, Standing
from prefdrop_cli.story.steps import StepSpan
from prefdrop_cli.story.telling import Story


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
