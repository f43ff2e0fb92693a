"""What the feed makes of a cell that was written, by the feed's own compiled mapping.

So an export never claims more than reading it again would show, whatever a column's options do to
a cell: cut it, change its case, fill it, or refuse it.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from prefdrop.feeds.dates import DateRule, date_parser
from prefdrop.feeds.definition import Column, Feed
from prefdrop.feeds.encoder import EncodeRow, compile_encoder
from prefdrop.feeds.layout import Group, Item, Leaf
from prefdrop.feeds.value_source import options_of
from prefdrop.feeds.vendor_record import RECORD, Shape

Means = Callable[[str, Any], bool]
"""Whether a cell, read again, makes the member what the vendor has; None where it has nothing."""

LONGEST_CELL = csv.field_size_limit()
"""Characters of a csv cell that a feed reads."""

_ANY_DATE = "9999-12-30T00:00:00Z"
"""The present, for whom no date lies in the future: when a file is read nobody knows yet."""
_MEMO_ENTRIES = 1 << 12
_ITEMS = "Items"
_REFUSED = object()


class Meaning(NamedTuple):
    """How the cells of one leaf are held to its values.

    `fills_empty` says that the feed makes something of an empty cell, or refuses it. `longest` is
    set where a text is its own cell, as long as it has no more characters and no NUL.
    """

    means: Means
    fills_empty: bool
    longest: int | None = None


def meaning_of(leaf: Leaf, feed: Feed) -> Meaning:
    """What the feed makes of the leaf's cells. An empty text is nothing, as in a cell."""
    read, normal = _reader(leaf, feed), _normal(leaf)
    longest = LONGEST_CELL if leaf.field.longest is None else leaf.field.longest

    def means_text(cell: str, value: Any) -> bool:
        if type(value) is str:
            return cell == value and len(cell) <= longest and "\0" not in cell
        return value is None and not cell

    def means(cell: str, value: Any) -> bool:
        if len(cell) > LONGEST_CELL or "\0" in cell:
            return False
        return _same(read(cell), normal(value))

    memo: dict[tuple[str, type, object], bool] = {}

    def means_of_memo(cell: str, value: Any) -> bool:
        if isinstance(value, list | dict):
            return means(cell, value)
        pair = cell, type(value), value
        found = memo.get(pair)
        if found is None:
            if len(memo) >= _MEMO_ENTRIES:
                memo.clear()
            found = memo[pair] = means(cell, value)
        return found

    if _is_plain(leaf):
        return Meaning(means_text, read("") is not None, longest)
    return Meaning(means_of_memo, read("") is not None)


def _is_plain(leaf: Leaf) -> bool:
    """Whether a cell is the value as it stands, as long as it is not too long."""
    options, field = options_of(leaf), leaf.field
    kind = options.type or field.kind
    empty = None if options.empty == "reject" else options.empty
    plain = Column(to=options.to, optional=options.optional, type=options.type, empty=empty)
    return (
        kind in ("text", "any", "string")
        and options in (plain, msgspec.structs.replace(plain, trim=False))
        and not field.form
        and field.shortest <= 1
    )


def _normal(leaf: Leaf) -> Callable[[Any], Any]:
    """Values as the feed would write them: dates in UTC; nothing for an empty text."""
    options = options_of(leaf)
    dated = options.values is None and (options.datetime is not None or leaf.field.kind == "date")
    parse = date_parser(DateRule("iso8601"))

    def single(value: Any) -> Any:
        if value == "":
            return None
        return parse(value) if dated and isinstance(value, str) else value

    def pieces(values: Any) -> Any:
        return [single(value) for value in values or () if value not in ("", None)] or None

    return pieces if options.split is not None else single


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: `true` is not 1, as it is in Python."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _reader(leaf: Leaf, feed: Feed) -> Callable[[str], Any]:
    """From a cell to the member's value: a list where it is split, None for nothing."""
    encode, split = _encoder(leaf, feed), options_of(leaf).split is not None

    def read(cell: str) -> Any:
        made = encode([cell], _ANY_DATE)
        if not isinstance(made, str):
            return _REFUSED
        record = msgspec.json.decode(made)
        if split:
            return [item[leaf.member] for item in record.get(_ITEMS, ())] or None
        return record.get(leaf.member)

    return read


def _encoder(leaf: Leaf, feed: Feed) -> EncodeRow:
    """The feed's mapping of this leaf alone."""
    alone = dataclasses.replace(leaf, required=False, match_key=False)
    root = Item(RECORD)
    if options_of(leaf).split is None:
        root.leaves[leaf.member] = alone
    else:
        shape = Shape({leaf.member: leaf.field})
        item = Item(shape, _ITEMS, "", leaves={leaf.member: alone})
        root.groups[_ITEMS] = Group(_ITEMS, shape, True, {"": item})
    return compile_encoder(feed, root, {leaf.column: 0}, 1, lambda _cells, _now: [])
