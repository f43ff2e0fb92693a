"""A feed's mapping backwards: from a vendor record to the row that the feed would make it of.

A collection's item belongs to the path whose discriminator it has; items without discriminator are
taken in their order, and must hold what the constants say of them. What is not in force any more is
passed over: read again, it would come back to life.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from prefdrop.exporting.definition import Export
from prefdrop.exporting.lapses import (
    DEACTIVATED,
    EXPIRED,
    INACTIVE_PROFILES,
    is_expired,
    is_inactive,
)
from prefdrop.exporting.rolls import RecordUnreadable, entry_of, profile_id
from prefdrop.exporting.row_plan import GroupPlan, ItemPlan, Record, Target, plan_rows
from prefdrop.ledger.exports import Tally


class RowWriter:
    """Writes the rows of one export, and counts what they cannot tell.

    `inexpressible` counts by column the cells that mean another value when they are read again, and
    by path the members that differ from their constant, members that are no list or object where
    one belongs, and items beyond the one that a path can show. `examples` has the profile id of the
    first of each. `lapsed` counts what is not in force: whole profiles, which are written as any
    other, and items under the columns' paths, which are passed over (expired ones: unless the
    export keeps them).
    """

    def __init__(self, export: Export) -> None:
        self.inexpressible: Counter[str] = Counter()
        self.examples: dict[str, int] = {}
        self.lapsed: Counter[str] = Counter()
        self._width = len(export.columns)
        self._plan, self._targets = plan_rows(export)
        self._always = [target for target in self._targets if target.always]
        self._keeps_expired = export.output.expired == "keep"
        self._profile = 0

    def take_tally(self) -> Tally:
        """What was counted since this was asked last."""
        tally = Tally(dict(self.inexpressible), dict(self.examples), dict(self.lapsed))
        for counted in (self.inexpressible, self.examples, self.lapsed):
            counted.clear()
        return tally

    def row_of(self, raw: bytes) -> list[str]:
        """Return the cells of one record as it came; raises RecordUnreadable."""
        try:
            record = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.row(leniently_decoded(raw), _whole)
        return self.row(record)

    def row(self, record: Record, mended: Callable[[str], str] | None = None) -> list[str]:
        """The cells of one record, in the order of the columns; each of them `mended` first."""
        number = record.get("ProfileId")
        self._profile = number if type(number) is int else 0
        if is_inactive(record):
            self.lapsed[INACTIVE_PROFILES] += 1
        row = _Row([""] * self._width, {})
        self._fill(self._plan, record, row)
        self._hold_to_constants(self._plan, record)
        if mended:
            row.cells[:] = map(mended, row.cells)
        self._verify(row)
        return row.cells

    def _count(self, name: str) -> None:
        self.inexpressible[name] += 1
        if name not in self.examples and self._profile:
            self.examples[name] = self._profile

    def _verify(self, row: _Row) -> None:
        """Count the columns whose cell, read again, is not what all their targets hold."""
        cells, values, wrong = row.cells, row.values, set[str]()
        for number, value in values.items():
            target = self._targets[number]
            if not target.means(cells[target.place], value):
                wrong.add(target.column)
        for target in self._always:
            if target.number not in values and not target.means(cells[target.place], None):
                wrong.add(target.column)
        for column in wrong:
            self._count(column)

    def _fill(self, plan: ItemPlan, item: Record, row: _Row) -> bool:
        """Take an item's members into the row; whether there were any."""
        filled = False
        for target in plan.targets:
            value = item.get(target.member)
            if value is not None and value != "":
                row.put(target, value, target.write(value))
                filled = True
        for group in plan.groups:
            held: Any = item.get(group.member)
            if held is None or not group.has_columns:
                continue
            if group.collection and isinstance(held, list):
                filled = self._fill_items(group, held, row) or filled
            elif not group.collection and isinstance(held, dict):
                filled = self._fill_item(group.items[0], held, row) or filled
            else:
                self._count(group.member)
        return filled

    def _fill_item(self, plan: ItemPlan, item: Record, row: _Row) -> bool:
        filled = self._fill(plan, item, row)
        if filled:
            self._hold_to_constants(plan, item)
        return filled

    def _fill_items(self, group: GroupPlan, held: Sequence[Any], row: _Row) -> bool:
        """Give each item that is in force to the path that is meant for it."""
        left, filled = self._in_force(group, held), False
        for plan in group.items:
            if not left:
                break
            meant = plan.meant(left)
            if plan.constants and meant:
                exact = [item for item in meant if plan.holds_constants(item)]
                meant = exact or (meant if plan.discriminator else exact)
            if not meant:
                continue
            if plan.targets and plan.targets[0].split:
                filled = self._join(plan.targets[0], meant, row) or filled
            else:
                del meant[1:]
                if plan.has_columns:
                    filled = self._fill_item(plan, meant[0], row) or filled
            left = [item for item in left if not any(item is one for one in meant)]
        for item in left:
            self._count_surplus(group, item)
        return filled

    def _count_surplus(self, group: GroupPlan, item: Record) -> None:
        """Count an item that a path means as well as the one that it shows."""
        for plan in group.items:
            if plan.has_columns and plan.meant([item]) and plan.holds_constants(item):
                self._count(plan.path)
                return

    def _in_force(self, group: GroupPlan, held: Sequence[Any]) -> list[Record]:
        found = []
        for item in held:
            if not isinstance(item, dict):
                self._count(group.member)
            elif is_inactive(item):
                self.lapsed[DEACTIVATED] += 1
            elif not is_expired(item):
                found.append(item)
            else:
                self.lapsed[EXPIRED] += 1
                if self._keeps_expired:
                    found.append(item)
        return found

    def _join(self, target: Target, items: Sequence[Record], row: _Row) -> bool:
        values = [item[target.member] for item in items if item.get(target.member) is not None]
        if values:
            row.put(target, values, target.joined(values))
        return bool(values)

    def _hold_to_constants(self, plan: ItemPlan, item: Record) -> None:
        """Compare an item that the feed would write with its constants and what rides along."""
        for constant in plan.constants:
            if not constant.in_(item):
                self._count(constant.path)
        for group in plan.groups:
            held = item.get(group.member)
            for riding in group.items:
                if not riding.has_columns:
                    self._hold_to_constants(riding, self._rider(group, riding, held))

    def _rider(self, group: GroupPlan, plan: ItemPlan, held: Any) -> Record:
        """The item that the constants are about; nothing where the profile has it not in force."""
        if not group.collection:
            return held if isinstance(held, dict) else {}
        items = held if isinstance(held, list) else []
        items = [item for item in items if isinstance(item, dict) and self._shown(item)]
        meant = plan.meant(items)
        return next(filter(plan.holds_constants, meant), next(iter(meant), {}))

    def _shown(self, item: Record) -> bool:
        return not is_inactive(item) and (self._keeps_expired or not is_expired(item))


class _Row:
    """The cells of a row, and the values that they stand for, by the numbers of the targets."""

    __slots__ = ("cells", "values")

    def __init__(self, cells: list[str], values: dict[int, Any]) -> None:
        self.cells = cells
        self.values = values

    def put(self, target: Target, value: Any, cell: str) -> None:
        """A column may fill several members: the first that holds something is its cell."""
        self.values[target.number] = value
        self.cells[target.place] = self.cells[target.place] or cell


def _whole(cell: str) -> str:
    """The cell, or nothing if it has half of a character, which no file can hold."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return ""
    return cell


def leniently_decoded(raw: bytes) -> dict[str, Any]:
    """The record's members. Bytes and escapes that are no text become halves of characters.

    Raises RecordUnreadable.
    """
    try:
        record = json.loads(bytes(raw).decode("utf-8", "surrogateescape"))
    except json.JSONDecodeError as error:
        raise _unreadable(raw, f"{error.msg} at its character {error.pos}") from None
    except (ValueError, RecursionError):
        raise _unreadable(raw, "its numbers or its nesting are beyond reason") from None
    if not isinstance(record, dict):
        raise _unreadable(raw, "it is no JSON object")
    return record


def _unreadable(raw: bytes, why: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The record of profile {profile_id(entry_of(raw))} cannot be written as a row: {why}.",
        hint="Nothing of the run is visible. Ask the vendor's support to look at that profile, or "
        'export with format = "jsonl", which takes records as they come.',
    )
