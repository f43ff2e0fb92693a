"""The columns' paths as a plan for writing rows: which member of which item goes into which cell.

It is made once for an export, from the same tree as a feed's mapping. Every column target has a
number, by which its value in a record is kept until all are known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from prefdrop.exporting.definition import Export
from prefdrop.exporting.loading import export_feed, export_layout
from prefdrop.exporting.read_back import Means, meaning_of
from prefdrop.feeds.dates import DateRule, date_parser
from prefdrop.feeds.definition import Column, Feed
from prefdrop.feeds.layout import Group, Item, Leaf
from prefdrop.feeds.value_source import date_rule, options_of
from prefdrop.feeds.vendor_record import Kind

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


Record = dict[str, Any]


class Target(NamedTuple):
    """One column's target. `always`: a record without the member is held to the cell too.

    `kind` is what the vendor has there; `longest` is that of `prefdrop.exporting.read_back`.
    """

    number: int
    place: int
    column: str
    member: str
    write: ToCell
    means: Means
    split: str
    always: bool
    kind: Kind
    longest: int | None

    def joined(self, values: Sequence[Any]) -> str:
        """The values of several items as one cell, parted by what the column splits at."""
        return self.split.join(filter(None, map(self.write, values)))


class Constant(NamedTuple):
    """A member that the feed sets without a column."""

    member: str
    value: Any
    path: str

    def in_(self, item: Record) -> bool:
        """Whether the item holds it."""
        held = item.get(self.member)
        return bool(held == self.value) and isinstance(held, bool) is isinstance(self.value, bool)


class ItemPlan(NamedTuple):
    """One object of the record. One without `has_columns` rides along with its holder."""

    path: str
    discriminator: tuple[str, str] | None
    targets: list[Target]
    constants: list[Constant]
    groups: list[GroupPlan]
    has_columns: bool

    def meant(self, items: list[Record]) -> list[Record]:
        """Those with the discriminator. The vendor compares names without case."""
        if self.discriminator is None:
            return list(items)
        member, value = self.discriminator
        return [item for item in items if folded(item.get(member)) == value]

    def holds_constants(self, item: Record) -> bool:
        """Whether the item holds what the constants say of it."""
        return all(constant.in_(item) for constant in self.constants)


class GroupPlan(NamedTuple):
    """One member with items, those first that say most of themselves: they choose theirs first."""

    member: str
    collection: bool
    items: list[ItemPlan]
    has_columns: bool


def folded(name: Any) -> str:
    """What tells items apart, as it is compared."""
    return str(name).lower()


def plan_rows(export: Export) -> tuple[ItemPlan, list[Target]]:
    """The plan of a whole record, and all its targets by their numbers."""
    planner = _Planner(export, export_feed(export))
    return planner.item(export_layout(export)), planner.targets


class _Planner:
    def __init__(self, export: Export, feed: Feed) -> None:
        self.targets: list[Target] = []
        self._feed = feed
        self._zone = export.output.timezone
        self._places = {name: place for place, name in enumerate(export.columns)}
        self._shared = {name for name, targets in export.columns.items() if len(targets) > 1}

    def item(self, item: Item) -> ItemPlan:
        discriminator = item.discriminator
        return ItemPlan(
            item.path,
            (discriminator[0], folded(discriminator[1])) if discriminator else None,
            [self._target(leaf) for leaf in item.column_leaves],
            [_constant(leaf) for leaf in item.constant_leaves],
            [self._group(group) for group in item.groups.values()],
            item.has_columns,
        )

    def _group(self, group: Group) -> GroupPlan:
        plans = [self.item(each) for each in group.items.values()]
        filled = any(plan.has_columns for plan in plans)
        return GroupPlan(group.member, group.collection, sorted(plans, key=_vagueness), filled)

    def _target(self, leaf: Leaf) -> Target:
        meaning = meaning_of(leaf, self._feed)
        target = Target(
            len(self.targets),
            self._places[leaf.column],
            leaf.column,
            leaf.member,
            cell_writer(leaf, self._zone),
            meaning.means,
            options_of(leaf).split or "",
            leaf.column in self._shared or meaning.fills_empty,
            leaf.field.kind,
            meaning.longest,
        )
        self.targets.append(target)
        return target


def _vagueness(plan: ItemPlan) -> tuple[bool, bool, int]:
    """Named items choose first, then those without columns, then those with most constants."""
    return plan.discriminator is None, plan.has_columns, -len(plan.constants)


def _constant(leaf: Leaf) -> Constant:
    return Constant(leaf.member, json.loads(leaf.constant), leaf.path)
