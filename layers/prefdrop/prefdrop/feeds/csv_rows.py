"""Rows of a csv file, with the exact bytes of each.

A row may span several lines inside quotes. A row that opens a quote and never closes it would
swallow what follows, so it is taken to end with its first line: that line is unreadable, and
reading goes on after it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from prefdrop.feeds.faults import NOT_READABLE, Fault
from prefdrop.feeds.lines import LineReader

_TOO_LONG = "field larger than field limit"


class Unreadable(list[str]):
    """A row that can't be mapped: no cells, but a fault, and `shown` the cells as far as known."""

    def __init__(self, fault: Fault, shown: list[str] | None = None) -> None:
        super().__init__()
        self.fault = fault
        self.shown = shown or []


class CsvRows:
    """An iterator over rows of cells. `start` and `end` are the byte offsets of the row given last.

    Blank lines are no rows. `raw` are the bytes of the row given last, its line end included.
    """

    def __init__(self, lines: LineReader, offset: int, options: dict[str, Any]) -> None:
        self.start = self.end = offset
        self.raw = b""
        self._lines = lines
        self._options = options

    def __iter__(self) -> Iterator[list[str]]:
        while True:
            rows = csv.reader(self._lines, **self._options)
            try:
                yield from self._read(rows)
                return
            except csv.Error as error:
                yield self._unreadable(str(error))

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def _read(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        lines, pending = self._lines, self._lines.pending
        for cells in rows:
            # As `_advance`, without its calls: this is done for every row.
            self.raw = raw = pending[0] if len(pending) == 1 else b"".join(pending)
            pending.clear()
            self.start = self.end
            self.end += len(raw)
            if lines.fault is not None:
                fault, lines.fault = lines.fault, None
                yield Unreadable(fault, cells if lines.keeps_bytes else None)
            elif cells:
                yield cells
        self._advance()

    def _advance(self) -> None:
        self.raw = raw = self._lines.take()
        self.start = self.end
        self.end += len(raw)

    def _unreadable(self, message: str) -> Unreadable:
        lines = self._lines
        lines.fault = None
        open_quote = lines.ended or len(lines.pending) > 1
        lines.give_back(1)
        self._advance()
        if open_quote:
            reason = "The row opens a quote that is not closed where it should be."
        elif _TOO_LONG in message:
            reason = f"A cell is longer than {csv.field_size_limit():,} characters."
        else:
            reason = "The row is not valid csv: a quote or a carriage return stands inside a cell."
        return Unreadable(Fault(NOT_READABLE, None, reason))
