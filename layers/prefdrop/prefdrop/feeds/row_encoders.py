"""From what a reader yields to the text of its record: one encoder per way to write rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from prefdrop.feeds.account import AccountRules
from prefdrop.feeds.csv_rows import Unreadable
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.encoder import EncodeRow, compile_encoder
from prefdrop.feeds.faults import NUL_FAULT, Fault, ragged
from prefdrop.feeds.header import Header
from prefdrop.feeds.json_rows import JsonRow
from prefdrop.feeds.loading import feed_layout

EncodeJson = Callable[[JsonRow, str], "str | list[Fault]"]


def cells_encoder(feed: Feed, header: Header, account: AccountRules | None = None) -> EncodeRow:
    """From a row's original cells to its record; a ragged row is padded or refused here."""
    width = len(header.names)
    pad = feed.source.ragged == "pad"

    def encode_odd(cells: Sequence[str], now: str) -> str | list[Fault]:
        if isinstance(cells, Unreadable):
            return [cells.fault]
        if not pad or any(cells[width:]):
            return [ragged(len(cells), width)]
        return encode([*cells[:width], *[""] * (width - len(cells))], now)

    root = feed_layout(feed)
    encode = compile_encoder(feed, root, header.positions, width, encode_odd, account)
    return encode


def csv_encoder(encode: EncodeRow, header: Header) -> EncodeRow:
    """From a row as the reader yields it: a rejects file's rows are unpacked first."""
    if not header.is_rejects:
        return encode

    def encode_reject(cells: Sequence[str], now: str) -> str | list[Fault]:
        return encode(cells if isinstance(cells, Unreadable) else header.unpacked(cells), now)

    return encode_reject


def json_encoder(feed: Feed, account: AccountRules | None = None) -> EncodeJson:
    """From a JSON object whose members the feed maps to its record."""
    names = tuple(feed.columns)
    positions = {name: place for place, name in enumerate(names)}
    encode = compile_encoder(feed, feed_layout(feed), positions, len(names), _never, account)
    get = value_getter(names)
    known = known_members(feed)

    def encode_value(row: JsonRow, now: str) -> str | list[Fault]:
        if row.fault is not None:
            return [row.fault]
        if not row.value.keys() <= known:
            return [_unknown(name) for name in row.value if name not in known]
        cells = get(row.value)
        return not_scalar_faults(names, cells) or encode(cells, now)

    return encode_value


def without_nul(encode: EncodeJson) -> EncodeJson:
    """The same, refusing a record with a NUL character in it."""

    def encode_checked(row: JsonRow, now: str) -> str | list[Fault]:
        if "\\u0000" in row.text and row.fault is None and _holds_nul(row.value):
            return [NUL_FAULT]
        return encode(row, now)

    return encode_checked


def known_members(feed: Feed) -> frozenset[str]:
    """The top-level members of a JSON source that the feed maps (or parts of) or ignores."""
    names = (*feed.columns, *feed.ignore)
    return frozenset(names) | frozenset(name.split(".")[0] for name in names)


def _never(_cells: Sequence[str], _now: str) -> str | list[Fault]:
    raise AssertionError("a JSON object has as many values as the feed has columns")


def _unknown(name: str) -> Fault:
    shown = name[:60]
    return Fault(
        "UnknownMember", shown, f"The feed does not know {shown}: it is neither mapped nor ignored."
    )


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(each) for each in (*value, *value.values()))
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


def value_getter(names: Sequence[str]) -> Callable[[dict[str, Any]], list[Any]]:
    """A function from an object to the values at `names`, in their order.

    A name is a member, or several with dots between; a number steps into a list. A member whose
    own name holds dots is found first. Values come as cell texts: absent and null as empty, numbers
    and booleans as JSON writes them. Lists and objects come as they are, for the caller to refuse.
    """
    deep = [(place, name.split(".")) for place, name in enumerate(names) if "." in name]

    def get(value: dict[str, Any]) -> list[Any]:
        find = value.get
        found = [find(name) for name in names]
        for place, steps in deep:
            if found[place] is None:
                found[place] = _descend(value, steps)
        return [each if each.__class__ is str else _as_cell(each) for each in found]

    return get


def _descend(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _as_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value


def not_scalar_faults(names: Sequence[str], cells: Sequence[Any]) -> list[Fault]:
    """One fault for each cell that holds a list or an object."""
    return [
        Fault("NotAValue", name, f"Column {name} holds a list or an object, not a single value.")
        for name, cell in zip(names, cells, strict=True)
        if cell.__class__ is not str
    ]
