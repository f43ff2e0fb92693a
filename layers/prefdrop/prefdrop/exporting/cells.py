"""One member's value as a cell: what a feed's column options do, done backwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prefdrop.feeds.dates import DateRule, date_parser, utc_text
from prefdrop.feeds.definition import Column
from prefdrop.feeds.layout import Leaf
from prefdrop.feeds.value_source import date_rule, options_of

ToCell = Callable[[Any], "tuple[str, bool]"]
"""From a value that is not null to its cell, and whether the cell means exactly that value."""

_MEMO_ENTRIES = 1 << 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cell_writer(leaf: Leaf, timezone: str | None) -> ToCell:
    """How the values of one leaf are written; `timezone` is that of dates that name none."""
    options = options_of(leaf)
    if options.values is not None:
        return _listed(options)
    if options.datetime is not None:
        return _dated(date_rule(options, timezone))
    return _plain


def _plain(value: Any) -> tuple[str, bool]:
    if isinstance(value, str):
        return value, value != ""
    return json.dumps(value, ensure_ascii=False), not isinstance(value, list | dict)


def _listed(options: Column) -> ToCell:
    """The first key of `values` that stands for the value; a value that none does has no cell."""
    cells: dict[str, str] = {}
    for cell, value in (options.values or {}).items():
        if value != "":
            cells.setdefault(json.dumps(value), cell)

    def write(value: Any) -> tuple[str, bool]:
        cell = cells.get(json.dumps(value))
        return (cell, True) if cell is not None else ("", False)

    return write


def _dated(rule: DateRule) -> ToCell:
    """The moment as the column's format and zone write it.

    A format without seconds, or an hour that local clocks show twice, can mean another moment when
    it is read again: such cells are written, and said not to be exact.
    """
    parse, read_back = date_parser(DateRule("iso8601")), date_parser(rule)
    memo: dict[str, tuple[str, bool]] = {}

    def write(value: Any) -> tuple[str, bool]:
        text = str(value)
        if text not in memo:
            if len(memo) >= _MEMO_ENTRIES:
                memo.clear()
            moment = parse(text)
            if moment.startswith("~"):
                return "", False
            try:
                cell = _formatted(datetime.fromisoformat(moment), rule)
                memo[text] = cell, read_back(cell) == moment
            except OverflowError:  # the zone's calendar does not reach the year 1 or 9999
                memo[text] = "", False
        return memo[text]

    return write


def _formatted(moment: datetime, rule: DateRule) -> str:
    if rule.format in ("epoch", "epoch_ms"):
        unit = timedelta(seconds=1) if rule.format == "epoch" else timedelta(milliseconds=1)
        return str((moment - _EPOCH) // unit)
    if rule.format == "iso8601":
        return utc_text(moment)
    local = moment.astimezone(rule.zone) if rule.zone else moment
    # strftime of the C library leaves out the zeros before a year of three digits.
    return local.strftime(rule.format.replace("%Y", f"{local.year:04d}"))
