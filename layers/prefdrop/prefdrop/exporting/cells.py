"""One member's value as a cell: what a feed's column options do, done backwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prefdrop.feeds.dates import DateRule, date_parser
from prefdrop.feeds.definition import Column
from prefdrop.feeds.layout import Leaf
from prefdrop.feeds.value_source import date_rule, options_of

ToCell = Callable[[Any], str]
"""From a value that is not null to its cell; empty where no cell stands for it.

A cell may mean another value when it is read again: a format without seconds, or an hour that local
clocks show twice. `prefdrop.exporting.read_back` says whether it does.
"""

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


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _listed(options: Column) -> ToCell:
    """The first key of `values` that stands for the value; a value that none does has no cell."""
    cells: dict[tuple[type, object], str] = {}
    for cell, value in (options.values or {}).items():
        if value != "":
            cells.setdefault((type(value), value), cell)

    def write(value: Any) -> str:
        return "" if isinstance(value, list | dict) else cells.get((type(value), value), "")

    return write


def _dated(rule: DateRule) -> ToCell:
    """The moment as the column's format and zone write it; empty for what is no moment."""
    parse = date_parser(DateRule("iso8601"))
    memo: dict[str, str] = {}

    def write(value: Any) -> str:
        text = str(value)
        if text not in memo:
            if len(memo) >= _MEMO_ENTRIES:
                memo.clear()
            moment = parse(text)
            try:
                memo[text] = "" if moment.startswith("~") else _formatted(moment, rule)
            except OverflowError:  # the zone's calendar does not reach the year 1 or 9999
                memo[text] = ""
        return memo[text]

    return write


def _formatted(text: str, rule: DateRule) -> str:
    moment = datetime.fromisoformat(text)
    if rule.format in ("epoch", "epoch_ms"):
        unit = timedelta(seconds=1) if rule.format == "epoch" else timedelta(milliseconds=1)
        return str((moment - _EPOCH) // unit)
    if rule.format == "iso8601":
        return text
    local = moment.astimezone(rule.zone) if rule.zone else moment
    # strftime of the C library leaves out the zeros before a year of three digits.
    return local.strftime(rule.format.replace("%Y", f"{local.year:04d}"))
