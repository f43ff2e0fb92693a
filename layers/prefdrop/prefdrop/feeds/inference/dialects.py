"""Which delimiter and quote a csv sample is written with: those that give rows of one width."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from prefdrop.feeds.dialect import csv_options

_USUAL = ",;\t|"
_UNUSUAL = "^~\x1f\x01¦:"
"""Tried where none of the usual ones parts the lines."""
_ENOUGH = 0.3
"""Of the filled cells so many stand in apostrophes if those are the quotes."""


class Dialect(NamedTuple):
    """A delimiter and a quote (or none), and how well they fit."""

    delimiter: str
    quote: str
    width: int = 1
    agreement: float = 1.0
    """Share of the sample's rows that have as many cells as most."""
    headed: bool = True
    """The first row has as many cells as most."""

    @property
    def fit(self) -> tuple[bool, float, int]:
        """Sorts better dialects behind worse ones."""
        return (self.fits, round(self.agreement, 1), self.width)

    @property
    def fits(self) -> bool:
        """Whether the rows are as those of a table are."""
        return self.width > 1 and self.headed and self.agreement >= 0.7


def find_dialect(text: str, *, whole: bool) -> Dialect:
    """The dialect of the lines in `text`; the last one counts only if the text is `whole`."""
    lines = [line for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text) if line.strip("\r\n")]
    if not whole and len(lines) > 1:
        lines.pop()
    for delimiters in (_USUAL, _UNUSUAL):
        found = max((_best_quote(lines, each) for each in delimiters), key=lambda d: d.fit)
        if found.fits:
            return found
    found = max((_best_quote(lines, each) for each in _USUAL), key=lambda d: d.fit)
    if found.width > 1 and found.agreement >= 0.5:
        return found
    return Dialect(",", _best_quote(lines, ",").quote)


def _best_quote(lines: list[str], delimiter: str) -> Dialect:
    quoted = _measured(lines, delimiter, '"')
    bare, cells = _read(lines, delimiter, "")
    filled = [cell for row in cells for cell in row if cell]
    framed = sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in filled)
    if framed > _ENOUGH * len(filled):
        single = _measured(lines, delimiter, "'")
        if single.agreement >= quoted.agreement:
            return single
    if quoted.agreement < 1 and not bare:
        unquoted = _dialect(cells, bare, delimiter, "")
        if unquoted.agreement > quoted.agreement + 0.05:
            return unquoted
    return quoted


def _measured(lines: list[str], delimiter: str, quote: str) -> Dialect:
    errors, rows = _read(lines, delimiter, quote)
    return _dialect(rows, errors, delimiter, quote)


def _dialect(rows: list[list[str]], errors: int, delimiter: str, quote: str) -> Dialect:
    widths = Counter(map(len, rows))
    if not widths:
        return Dialect(delimiter, quote, 1, 0.0, headed=False)
    width, count = widths.most_common(1)[0]
    agreement = count / (len(rows) + errors)
    return Dialect(delimiter, quote, width, agreement, len(rows[0]) == width)


def _read(lines: list[str], delimiter: str, quote: str) -> tuple[int, list[list[str]]]:
    """How many rows could not be read, and the others."""
    options = csv_options(delimiter, quote)
    rows: list[list[str]] = []
    errors = 0
    rest: Iterator[str] = iter(lines)
    while True:
        try:
            rows += [row for row in csv.reader(rest, **options) if row]
            return errors, rows
        except csv.Error:
            errors += 1
