"""Ways to show how an import gets on: not at all, in lines, or as a live bar."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress as Bars,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from prefdrop_cli.output import note, printable

LINE_EVERY = 5.0
"""Seconds between two lines about the same phase where there is no terminal."""


@dataclass(frozen=True)
class Step:
    """Where an import is at one moment."""

    phase: str
    """What is going on: `waiting`, `staging`, `executing`, `completing`."""
    done: int = 0
    total: int = 0
    """How much `done` will be at the phase's end; 0 where nobody knows."""
    records: int = 0
    """Records this phase has got through, for the rate."""
    note: str = ""


class Progress(Protocol):
    """Shows steps as they come; a context manager that tidies up at its end."""

    def show(self, step: Step) -> None:
        """Show `step`; called again and again, also when nothing has changed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class NullProgress:
    """Shows nothing."""

    def show(self, step: Step) -> None:
        """Ignore `step`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class LogProgress:
    """Writes a line when a phase begins, and one now and then while it lasts."""

    def __init__(self) -> None:
        self._seen: Step | None = None
        self._told: Step | None = None
        self._began = self._told_at = 0.0

    def show(self, step: Step) -> None:
        """Write a line about `step` when there is something new to say."""
        fresh = self._seen is None or self._seen.phase != step.phase
        if fresh:
            self._tell_rest()
            self._began = time.monotonic()
        self._seen = step
        if fresh or time.monotonic() - self._told_at >= LINE_EVERY:
            self._tell_rest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tell_rest()

    def _tell_rest(self) -> None:
        """Write the latest step, unless it has been written."""
        if self._seen is None or self._seen == self._told:
            return
        self._told, self._told_at = self._seen, time.monotonic()
        note(_line(self._seen, self._told_at - self._began))


class TerminalProgress:
    """Draws one bar per phase, with count, rate and time left."""

    def __init__(self) -> None:
        self._bars = Bars(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=16),
            TextColumn("{task.percentage:>3.0f}%"),
            _Rate(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}
        self._phase = ""

    def show(self, step: Step) -> None:
        """Move the bar of the step's phase; the bars of earlier phases are done."""
        if step.phase != self._phase:
            self._begin(step.phase)
        self._bars.update(
            self._tasks[step.phase],
            total=step.total or None,
            completed=step.done,
            records=step.records,
            note=printable(step.note),
        )

    def _begin(self, phase: str) -> None:
        """Finish the phase before and give this one its bar; a further part has them again."""
        if self._phase:
            self._finish(self._tasks[self._phase])
        self._phase = phase
        if phase in self._tasks:
            self._bars.reset(self._tasks[phase])
        else:
            self._tasks[phase] = self._bars.add_task(phase, total=None, records=0, note="")

    def _finish(self, task: TaskID) -> None:
        bar = self._bars.tasks[task]
        if not bar.finished:
            total = bar.total or 1
            self._bars.update(task, total=total, completed=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if raised[0] is None and self._phase:
            self._finish(self._tasks[self._phase])
        self._bars.stop()


class _Rate(ProgressColumn):
    """Records per second since the phase began."""

    def render(self, task: Task) -> Text:
        seconds = task.finished_time or task.elapsed or 0.0
        return Text(_rate(task.fields["records"], seconds), style="progress.data.speed")


def progress_for(*, as_json: bool) -> Progress:
    """The kind that suits where standard error goes."""
    if as_json:
        return NullProgress()
    return TerminalProgress() if sys.stderr.isatty() else LogProgress()


def _line(step: Step, seconds: float) -> str:
    percent = f"{100 * step.done // step.total}%" if step.total else ""
    rate = _rate(step.records, seconds) if seconds >= 1 else ""
    return "  ".join(filter(None, (f"{step.phase:<10}", percent, rate, step.note))).rstrip()


def _rate(records: int, seconds: float) -> str:
    return f"{records / seconds:,.0f}/s" if records and seconds else ""
