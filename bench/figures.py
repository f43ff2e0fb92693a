"""What a row of the bench answers, how it is printed, and how it is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

Holds = Literal["at least", "at most"]


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measured figure. `value` is in `unit`; `target` bounds it from the side `holds` names."""

    row: str
    """The row of the bench that measured it."""
    what: str
    value: float | None
    """None where this system does not report it."""
    unit: str
    target: float | None = None
    holds: Holds = "at least"
    note: str = ""
    wall: float | None = None
    processor: float | None = None
    """Median seconds by the clock, and of processors, that `value` is made of."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or no value."""
        if self.target is None or self.value is None:
            return None
        return self.value >= self.target if self.holds == "at least" else self.value <= self.target

    @property
    def verdict(self) -> str:
        """The target and whether it is met, as a table shows it."""
        if self.target is None:
            return ""
        sign = "≥" if self.holds == "at least" else "≤"
        said = f"{sign} {amount(self.target)} {self.unit}".strip()
        met = {True: "met", False: "MISSED", None: "not measured"}[self.met]
        return f"{said}: {met}"

    @property
    def shown(self) -> str:
        """The value with its unit."""
        if self.value is None:
            return "not measured: this system does not report it"
        return f"{amount(self.value)} {self.unit}"

    @property
    def seconds(self) -> str:
        """Seconds by the clock and of processors, as a table shows them."""
        if self.wall is None:
            return ""
        processor = "not measured" if self.processor is None else amount(self.processor)
        return f"{amount(self.wall)} / {processor}"


class Skipped(Exception):
    """A row cannot be measured here; the text says why."""


class Results(msgspec.Struct, kw_only=True):
    """One run of the bench, as its JSON file holds it."""

    machine: str
    python: str
    measured_on: str
    quick: bool = False
    figures: list[Figure] = []
    measured: dict[str, str] = {}
    """When each row was measured, and how busy the machine was."""
    left_out: dict[str, str] = {}
    """Rows that were not measured, and why."""

    def of(self, row: str) -> list[Figure]:
        """The figures of one row."""
        return [figure for figure in self.figures if figure.row == row]


def here(*, quick: bool) -> Results:
    """Empty results of a run on this machine, today."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kind = f"{os.cpu_count()}-core {platform.machine()} machine, {memory:.0f} GB"
    return Results(
        machine=f"{kind}, {platform.system()}",
        python=platform.python_version(),
        measured_on=datetime.now(UTC).strftime("%Y-%m-%d"),
        quick=quick,
    )


def read(path: Path) -> Results:
    """Results that a run has written."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


def write(path: Path, results: Results) -> None:
    """Keep results for the page, sorted as they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def merged(old: Results, new: Results) -> Results:
    """`new` with the rows of `old` that it does not have, unless another machine measured those."""
    if old.machine != new.machine:
        return new
    measured = {figure.row for figure in new.figures}
    kept = [figure for figure in old.figures if figure.row not in measured]
    left_out = {row: why for row, why in old.left_out.items() if row not in measured}
    left_out |= {row: why for row, why in new.left_out.items() if row not in {f.row for f in kept}}
    return msgspec.structs.replace(
        new, figures=[*kept, *new.figures], left_out=left_out, measured=old.measured | new.measured
    )


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """Return aligned lines of plain text."""
    lines = [(f.what, f.shown, f.seconds, f.verdict, f.note) for f in figures]
    widths = [max(len(line[n]) for line in lines) for n in range(4)] if lines else []
    for *cells, note in lines:
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield "  ".join([*padded, note]).rstrip()


def amount(value: float) -> str:
    """A number with as many digits as it deserves."""
    if value != 0 and abs(value) < 0.1:
        return f"{value:.4f}"
    if abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 100 and value != int(value) else f"{value:,.0f}"
