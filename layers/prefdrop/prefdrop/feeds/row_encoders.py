"""From what a reader yields to the text of its record: one encoder per way to write rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prefdrop.feeds.account import AccountRules
from prefdrop.feeds.csv_rows import Unreadable
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.encoder import EncodeRow, compile_encoder
from prefdrop.feeds.faults import NUL_FAULT, Fault, ragged
from prefdrop.feeds.header import Header
from prefdrop.feeds.json_mapping import not_scalar_faults, value_getter
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
