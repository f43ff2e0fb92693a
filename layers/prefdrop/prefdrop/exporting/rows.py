"""A feed's mapping backwards: from a vendor record to the row that the feed would make it of.

The columns' paths are put into one tree, as for a feed, and the tree is turned into a plan once.
A collection's item belongs to the path whose discriminator it has; items without discriminator are
taken in their order, and must hold what the constants say of them. What the vendor has deactivated
is passed over: read again, it would come back to life.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from prefdrop.exporting.cells import ToCell, cell_writer
from prefdrop.feeds.layout import Group, Item, Leaf
from prefdrop.feeds.value_source import options_of

Record = dict[str, Any]


class RowWriter:
    """Writes the rows of one export.

    `inexpressible` counts, by column, the values that its options cannot express exactly, and by
    path the members that differ from their constant: read again, such a row would change them.
    """

    def __init__(self, root: Item, columns: Sequence[str], timezone: str | None = None) -> None:
        self.inexpressible: Counter[str] = Counter()
        self._columns = tuple(columns)
        self._positions = {name: place for place, name in enumerate(columns)}
        self._plan = self._item_plan(root, timezone)

    def row(self, record: Record) -> list[str]:
        """The cells of one record, in the order of the columns."""
        cells = [""] * len(self._columns)
        self._compare(self._plan, record)
        self._fill(self._plan, record, cells)
        return cells

    def _item_plan(self, item: Item, timezone: str | None) -> _ItemPlan:
        return _ItemPlan(
            [
                _Cell(
                    self._positions[leaf.column],
                    leaf.member,
                    cell_writer(leaf, timezone),
                    options_of(leaf).split or "",
                )
                for leaf in item.column_leaves
            ],
            [_constant(leaf) for leaf in item.constant_leaves],
            [
                self._group_plan(group, timezone)
                for group in item.groups.values()
                if any(each.has_columns for each in group.items.values())
            ],
        )

    def _group_plan(self, group: Group, timezone: str | None) -> _GroupPlan:
        named: dict[str, dict[str, _ItemPlan]] = {}
        ordered: list[_ItemPlan] = []
        for item in group.items.values():
            plan = self._item_plan(item, timezone)
            if item.discriminator is None:
                ordered.append(plan)
            else:
                member, value = item.discriminator
                named.setdefault(member, {})[value.lower()] = plan
        return _GroupPlan(group.member, group.collection, named, ordered)

    def _fill(self, plan: _ItemPlan, item: Record, cells: list[str]) -> None:
        for place, member, write, _ in plan.cells:
            value = item.get(member)
            if value is not None:
                self._put(cells, place, *write(value))
        for group in plan.groups:
            held: Any = item.get(group.member)
            if not held:
                continue
            if not _is_held(held, collection=group.collection):
                self.inexpressible[group.member] += 1
            elif group.collection:
                self._fill_items(group, held, cells)
            else:
                self._compare(group.ordered[0], held)
                self._fill(group.ordered[0], held, cells)

    def _put(self, cells: list[str], place: int, cell: str, exact: bool) -> None:
        """A column may fill several members: the first that holds something is its cell."""
        if not exact or (cells[place] and cells[place] != cell):
            self.inexpressible[self._columns[place]] += 1
        cells[place] = cells[place] or cell

    def _fill_items(self, group: _GroupPlan, held: Sequence[Record], cells: list[str]) -> None:
        """Give each active item to the plan that is meant for it."""
        done: list[_ItemPlan] = []
        others: list[Record] = []
        for item in held:
            if not isinstance(item, dict):
                self.inexpressible[group.member] += 1
                continue
            if item.get("IsActive") is False:
                continue
            plan = group.plan_of(item)
            if plan is None:
                others.append(item)
            elif not any(plan is one for one in done):
                done.append(plan)
                self._compare(plan, item)
                self._fill(plan, item, cells)
        for plan in group.ordered:
            fitting = [item for item in others if plan.holds_constants(item)]
            if plan.cells and plan.cells[0].split:
                self._join(plan.cells[0], fitting, cells)
                others = []
            elif fitting and (plan.cells or plan.groups):
                self._fill(plan, fitting[0], cells)
                others = [item for item in others if item is not fitting[0]]

    def _join(self, cell: _Cell, items: Sequence[Record], cells: list[str]) -> None:
        """Several items as one cell, parted by what the column splits at."""
        values = [item[cell.member] for item in items if item.get(cell.member) is not None]
        pieces = [cell.write(value) for value in values]
        texts = [text for text, _ in pieces if text]
        exact = all(exact for _, exact in pieces) and not any(cell.split in t for t in texts)
        if pieces:
            self._put(cells, cell.place, cell.split.join(texts), exact)

    def _compare(self, plan: _ItemPlan, item: Record) -> None:
        for constant in plan.constants:
            if not constant.in_(item):
                self.inexpressible[constant.path] += 1


class _Cell(NamedTuple):
    """One column's target: the row's place, the member, how its value is written."""

    place: int
    member: str
    write: ToCell
    split: str


class _Constant(NamedTuple):
    member: str
    value: Any
    path: str

    def in_(self, item: Record) -> bool:
        """Whether the item holds it."""
        return bool(item.get(self.member) == self.value)


class _ItemPlan(NamedTuple):
    cells: list[_Cell]
    constants: list[_Constant]
    groups: list[_GroupPlan]

    def holds_constants(self, item: Record) -> bool:
        """Whether the item can be the one that this plan means."""
        return all(constant.in_(item) for constant in self.constants)


class _GroupPlan(NamedTuple):
    """One member with items. `named` finds a plan by a discriminator's member and value."""

    member: str
    collection: bool
    named: dict[str, dict[str, _ItemPlan]]
    ordered: list[_ItemPlan]

    def plan_of(self, item: Record) -> _ItemPlan | None:
        """The plan whose discriminator the item has. The vendor compares names without case."""
        for member, plans in self.named.items():
            plan = plans.get(str(item.get(member)).lower())
            if plan is not None:
                return plan
        return None


def _is_held(held: Any, *, collection: bool) -> bool:
    """Whether the vendor's value is what belongs there: a list of objects, or an object."""
    return isinstance(held, list if collection else dict)


def _constant(leaf: Leaf) -> _Constant:
    return _Constant(leaf.member, json.loads(leaf.constant), leaf.path)
