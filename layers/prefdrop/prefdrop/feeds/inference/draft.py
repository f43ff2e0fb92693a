"""The feed while it is put together: what each column is thought to be, how surely, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from prefdrop.feeds.definition import Column as FeedColumn
from prefdrop.feeds.inference.codes import Values
from prefdrop.feeds.layout import Item, build_layout

Sureness = Literal["sure", "likely", "guess"]

SURE_WORDS: dict[Sureness, str] = {"sure": "sure", "likely": "likely", "guess": "a guess"}


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a column goes, and how its cells are read on the way there."""

    to: str
    values: Values | None = None
    datetime: str | None = None
    split: str | None = None

    def as_column(self) -> FeedColumn:
        """The same as the feed's definition has it."""
        return FeedColumn(
            to=self.to, values=dict(self.values or {}) or None, datetime=self.datetime,
            split=self.split,
        )  # fmt: skip


@dataclass
class Mapped:
    """A column that the feed maps. `why` and `notes` become its comment."""

    column: str
    targets: list[Target]
    sure: Sureness
    why: str
    notes: list[str] = field(default_factory=list)


@dataclass
class Ignored:
    """A column that the feed leaves out, why, and what could be done with it instead."""

    column: str
    why: str
    suggestion: str = ""


@dataclass
class Constant:
    """A value that every row gets."""

    value: str | bool
    sure: Sureness
    why: str


@dataclass
class Draft:
    """The feed so far."""

    match_alternate_id: str = ""
    match_why: str = ""
    match_sure: Sureness = "guess"
    match_column: str = ""
    timezone: str = ""
    timezone_why: str = ""
    mapped: dict[str, Mapped] = field(default_factory=dict)
    ignored: dict[str, Ignored] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)

    def knows(self, column: str) -> bool:
        """Whether it has been decided what becomes of the column."""
        return column in self.mapped or column in self.ignored

    def has(self, path: str) -> bool:
        """Whether a column or a constant already fills the path."""
        return path in self.constants or any(
            target.to == path for mapped in self.mapped.values() for target in mapped.targets
        )

    def map(
        self, column: str, target: Target, sure: Sureness, why: str, *notes: str
    ) -> Mapped | None:
        """Map a column, unless its path is taken already."""
        if self.has(target.to):
            return None
        mapped = self.mapped[column] = Mapped(column, [target], sure, why, list(notes))
        return mapped

    def ignore(self, column: str, why: str, suggestion: str = "") -> None:
        """Leave a column out; whatever it filled before is not filled any more."""
        self.mapped.pop(column, None)
        self.ignored[column] = Ignored(column, why, suggestion)

    def layout(self) -> Item:
        """The record that the mapping builds; raises `MappingError` where it contradicts itself."""
        columns = {
            name: tuple(target.as_column() for target in mapped.targets)
            for name, mapped in self.mapped.items()
        }
        return build_layout(columns, {p: c.value for p, c in self.constants.items()}, {})

    def prune(self) -> None:
        """Take out what can't stand by itself: items without a member that the vendor requires."""
        while True:
            lost = _lost_columns(self.layout())
            if not lost:
                break
            for column, why in lost.items():
                self.drop_target(column, why[0], why[1])
        self._prune_constants()

    def drop_target(self, column: str, prefix: str, why: str) -> None:
        """Take out the targets of a column under `prefix`; ignore it if none is left."""
        mapped = self.mapped[column]
        if column != self.match_column:
            mapped.targets = [each for each in mapped.targets if not each.to.startswith(prefix)]
        else:
            mapped.targets = [
                each
                for each in mapped.targets
                if not each.to.startswith(prefix) or each.to.startswith("AlternateIds")
            ]
        if not mapped.targets:
            self.ignore(column, why)

    def _prune_constants(self) -> None:
        """A constant rides along with an item that a column fills, and goes with the last one."""
        filled = [target.to for mapped in self.mapped.values() for target in mapped.targets]
        for path in list(self.constants):
            item = path.rpartition(".")[0]
            if item and not any(to.startswith(item) for to in filled):
                del self.constants[path]


def _lost_columns(root: Item) -> dict[str, tuple[str, str]]:
    """Columns under an item that never gets what it must have: its path, and a sentence."""
    lost: dict[str, tuple[str, str]] = {}
    for item in root.walk():
        given = set(item.leaves) | ({item.discriminator[0]} if item.discriminator else set())
        missing = [member for member in item.shape.required if member not in given]
        if item.path and missing and item.has_columns:
            for each in item.walk():
                for leaf in each.column_leaves:
                    why = f"belongs to {item.path}, which nothing gives its {' and '.join(missing)}"
                    lost.setdefault(leaf.column, (item.path, why))
    return lost
