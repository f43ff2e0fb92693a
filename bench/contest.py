"""Ways that are compared in one run: they take turns, and each must have the same rows.

What else the machine does falls on all of them alike. A ratio is the median of those of the turns,
so that one disturbed turn changes nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any, Literal

from bench.figures import Figure
from bench.processes import Run

TURNS = 5

Way = Callable[[int], Run]
"""Takes the number of the turn, from 1."""
Seconds = Literal["wall", "processor"]


class RowsDifferError(Exception):
    """A way has read or written other rows than the file holds, so it can't be compared."""


def check_rows(name: str, run: Run, rows: int) -> None:
    """Raise RowsDifferError if a run has not read or written so many rows."""
    if run.rows != rows:
        raise RowsDifferError(
            f"{name} has {run.rows:,} rows, but {rows:,} are expected. "
            "Correct it before you compare it."
        )


class Contest:
    """What each way took in each turn. `by` says which seconds the figures are made of."""

    def __init__(self, row: str, ways: Mapping[str, Way], rows: int, *, by: Seconds) -> None:
        self._row, self._by, self._rows = row, by, rows
        self._runs: dict[str, list[Run]] = {name: [] for name in ways}
        for turn in range(1, TURNS + 1):
            for name, way in ways.items():
                run = way(turn)
                check_rows(name, run, rows)
                self._runs[name].append(run)

    def speed(self, name: str, what: str, unit: str = "rows/s", **more: Any) -> Figure:
        """Return the median speed of a way. A speed is shown, and has no target."""
        return self._figure(name, what, self._rows / self.median(name, self._by), unit, **more)

    def seconds(self, name: str, what: str, **more: Any) -> Figure:
        """Return the median seconds of a way."""
        return self._figure(name, what, self.median(name, self._by), "s", **more)

    def ratio(
        self, above: str, below: str, what: str, *, by: Seconds | None = None, **more: Any
    ) -> Figure:
        """Return one way's seconds divided by another's."""
        return Figure(self._row, what, self.times(above, below, by), "times", **more)

    def times(self, above: str, below: str, by: Seconds | None = None) -> float:
        """Return the median, over the turns, of one way's seconds divided by another's."""
        seconds = by or self._by
        pairs = zip(self._of(above, seconds), self._of(below, seconds), strict=True)
        return statistics.median(one / other for one, other in pairs)

    def median(self, name: str, seconds: Seconds) -> float:
        """Return the median seconds of a way."""
        return statistics.median(self._of(name, seconds))

    def megabytes(self, name: str) -> float | None:
        """Return the most memory of a way in any turn; None where it is not measured."""
        peaks = [run.megabytes for run in self._runs[name]]
        return max((peak for peak in peaks if peak is not None), default=None)

    def _figure(self, name: str, what: str, value: float, unit: str, **more: Any) -> Figure:
        runs = self._runs[name]
        processor = [run.processor for run in runs if run.processor is not None]
        return Figure(
            self._row, what, value, unit,
            wall=self.median(name, "wall"),
            processor=statistics.median(processor) if processor else None, **more,
        )  # fmt: skip

    def _of(self, name: str, seconds: Seconds) -> list[float]:
        return [value for run in self._runs[name] if (value := getattr(run, seconds)) is not None]
