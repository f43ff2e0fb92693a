"""The record that a feed builds: its column paths put together into one tree, contradictions found.

Item      an object to write: the record itself, an object member, or one item of a collection
Group     a member that holds items: an object (one item) or a collection
Leaf      a scalar member, filled by a column or a constant
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prefdrop.feeds.dates import DateRule, date_parser
from prefdrop.feeds.definition import Column
from prefdrop.feeds.keylines import KeyPath
from prefdrop.feeds.vendor_record import RECORD, Field, Kind, Shape

# Column paths: where in the vendor's record a column's value goes.
#
#   path     = step *( "." step )
#   step     = Member                      a plain member or an object
#            | Member "[" Name=Value "]"   the item of a collection with that discriminator
#            | Member "[" digits "]"       an item without discriminator; the number only tells
#                                          several of them apart within the feed
#            | Member "[]"                 the same, when there is only one, or one per split piece
#
# A value in brackets may hold any character but `]`, and may be quoted with `"`.

_STEP = re.compile(
    r"(?P<member>[A-Za-z_]\w*)"
    r"(?P<item>\[(?:(?P<name>[A-Za-z_]\w*)=(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>[^\]\"]*))|(?P<number>\d*))\])?"
)


class Step(NamedTuple):
    """One step. `item` is `None` for a plain member or object, else the item's label;
    `discriminator` is its `(member, value)` where it has one."""

    member: str
    item: str | None = None
    discriminator: tuple[str, str] | None = None


class PathSyntaxError(ValueError):
    """The text is no path; the message says where it stops being one."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Read a path. Raises `PathSyntaxError` with a sentence a feed's author understands."""
    steps: list[Step] = []
    position = 0
    while True:
        match = _STEP.match(text, position)
        if match is None:
            raise PathSyntaxError(f"the path can't be read from its character {position + 1} on")
        steps.append(_step(match))
        position = match.end()
        if position == len(text):
            return tuple(steps)
        if text[position] != ".":
            raise PathSyntaxError(f"the path can't be read from its character {position + 1} on")
        position += 1


def _step(match: re.Match[str]) -> Step:
    if match["item"] is None:
        return Step(match["member"])
    if match["name"] is None:
        return Step(match["member"], match["number"])
    value = match["quoted"] if match["quoted"] is not None else match["plain"]
    if not value:
        raise PathSyntaxError(f"the discriminator {match['name']} has no value")
    return Step(match["member"], f"{match['name']}={value}", (match["name"], value))


_KINDS: dict[str, Kind] = {
    "text": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
}


class MappingError(Exception):
    """A column or constant can't be mapped as the feed says. `key` is its path in the TOML."""

    def __init__(self, problem: str, key: KeyPath, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.key = key
        self.remedy = remedy


@dataclass
class Leaf:
    """One scalar member. Either `column` and `options` are set, or `constant` (its JSON text)."""

    member: str
    field: Field
    key: KeyPath
    path: str
    column: str = ""
    options: Column | None = None
    constant: str = ""
    required: bool = False
    """The vendor requires it in its item."""
    match_key: bool = False
    """Records are matched by it."""


@dataclass
class Item:
    """One object. `discriminator` is the member and value that tells it from its siblings."""

    shape: Shape
    path: str = ""
    label: str | None = None
    discriminator: tuple[str, str] | None = None
    leaves: dict[str, Leaf] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    @property
    def column_leaves(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves.values() if leaf.options is not None]

    @property
    def constant_leaves(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves.values() if leaf.options is None]

    @property
    def has_columns(self) -> bool:
        """Whether a column fills anything here or below; else the item rides along."""
        return bool(self.column_leaves) or any(
            item.has_columns for group in self.groups.values() for item in group.items.values()
        )

    def walk(self) -> Iterator[Item]:
        """This item and all below it."""
        yield self
        for group in self.groups.values():
            for item in group.items.values():
                yield from item.walk()


@dataclass
class Group:
    """One member that holds items; `collection` says whether as an array."""

    member: str
    shape: Shape
    collection: bool
    items: dict[str, Item] = field(default_factory=dict)


def build_layout(
    columns: Mapping[str, tuple[Column, ...]],
    constants: Mapping[str, object],
    members: Mapping[str, str],
) -> Item:
    """The tree of all that the feed maps. Raises `MappingError` on the first contradiction."""
    root = Item(RECORD)
    for name, targets in columns.items():
        for column in targets:
            leaf = _place(root, column.to, ("columns", name), members)
            leaf.column, leaf.options = name, column
    for path, value in constants.items():
        leaf = _place(root, path, ("constants", path), members)
        leaf.constant = constant_text(leaf.field, value, leaf.key)
    for item in root.walk():
        _check_split(item)
    return root


def _place(root: Item, path: str, key: KeyPath, members: Mapping[str, str]) -> Leaf:
    try:
        steps = parse_path(path)
    except PathSyntaxError as error:
        raise MappingError(
            f"{error}: {path}", key, 'Write it like "Emails[EmailAddressType=Home].EmailAddress".'
        ) from None
    item = root
    for step in steps[:-1]:
        item = _descend(item, step, key)
    last = steps[-1]
    leaf_field = _leaf_field(item, steps, key, members)
    if last.member in item.leaves:
        raise MappingError(
            f"{path} is already filled by {_whose(item.leaves[last.member])}",
            key,
            "Keep one of the two, or send them to different items.",
        )
    required = last.member in item.shape.required
    leaf = item.leaves[last.member] = Leaf(last.member, leaf_field, key, path, required=required)
    return leaf


def _whose(leaf: Leaf) -> str:
    return f"{'column' if leaf.key[0] == 'columns' else 'constant'} {leaf.key[1]}"


def _descend(item: Item, step: Step, key: KeyPath) -> Item:
    shape = item.shape.collections.get(step.member)
    collection = shape is not None
    if shape is None:
        shape = item.shape.objects.get(step.member)
    if shape is None:
        raise _unknown(item, step.member, key)
    if collection and step.item is None:
        example = next(iter(shape.fields))
        raise MappingError(
            f"{step.member} is a collection: the path must say which of its items is meant",
            key,
            f"Write {step.member}[{example}=...], or {step.member}[] for the only one.",
        )
    if not collection and step.item is not None:
        raise MappingError(
            f"{step.member} is a single object, not a collection", key, "Leave out the brackets."
        )
    _check_discriminator(step, shape, key)
    group = item.groups.setdefault(step.member, Group(step.member, shape, collection))
    label = step.item or ""
    if label not in group.items:
        place = f"{step.member}[{label}]" if collection else step.member
        group.items[label] = Item(
            shape, f"{item.path}.{place}".lstrip("."), step.item, step.discriminator
        )
    return group.items[label]


def _check_discriminator(step: Step, shape: Shape, key: KeyPath) -> None:
    if step.discriminator is None:
        return
    member, value = step.discriminator
    known = shape.fields.get(member)
    if known is None or known.kind != "text":
        texts = ", ".join(name for name, each in shape.fields.items() if each.kind == "text")
        raise MappingError(
            f"{member} can't tell the items of {step.member} apart", key, f"Use one of: {texts}."
        )
    if known.longest is not None and len(value) > known.longest:
        raise MappingError(
            f"the value of {member} has {len(value)} characters; the vendor takes {known.longest}",
            key,
            "Shorten it to the name that the account has.",
        )


def _leaf_field(
    item: Item, steps: tuple[Step, ...], key: KeyPath, members: Mapping[str, str]
) -> Field:
    last = steps[-1]
    if last.item is not None or last.member in item.shape.collections | item.shape.objects:
        raise MappingError(
            f"{last.member} holds other members: the path must go on to one of them",
            key,
            f"Add one, for example .{_example_member(item, last.member)}.",
        )
    if item.discriminator is not None and item.discriminator[0] == last.member:
        raise MappingError(
            f"{last.member} is already fixed by [{item.label}] in the same path",
            key,
            f"Use {steps[-2].member}[] or {steps[-2].member}[1] if a column fills it.",
        )
    known = item.shape.fields.get(last.member)
    if known is not None:
        return known
    extra = members.get(".".join(step.member for step in steps))
    if extra is not None:
        return Field(_KINDS[extra])
    raise _unknown(item, last.member, key)


def _example_member(item: Item, member: str) -> str:
    shape = item.shape.collections.get(member) or item.shape.objects.get(member)
    return next(iter(shape.required or shape.fields)) if shape else "Name"


def _unknown(item: Item, member: str, key: KeyPath) -> MappingError:
    owner = item.path or "the record"
    if member in item.shape.read_only:
        return MappingError(
            f"{member} of {owner} is read-only: the vendor sets it", key, "Take the mapping out."
        )
    shape = item.shape
    names = [*shape.fields, *shape.objects, *shape.collections]
    near = difflib.get_close_matches(member, names, n=1, cutoff=0.6)
    guess = f"Did you mean {near[0]}? " if near else ""
    return MappingError(
        f"{owner} has no member {member}",
        key,
        f"{guess}It has: {', '.join(names)}. A member that only your account has is declared "
        "in [members].",
    )


def _check_split(item: Item) -> None:
    splitting = [leaf for leaf in item.column_leaves if leaf.options and leaf.options.split]
    if not splitting:
        return
    leaf = splitting[0]
    if item.label is None or item.discriminator is not None:
        raise MappingError(
            "split makes one item of each piece, so the path must end in an item without "
            "discriminator",
            leaf.key,
            'Write it like "ProfileTags[].Name".',
        )
    if len(item.column_leaves) > 1 or item.groups:
        raise MappingError(
            "split fills its items alone: no other column can go to the same item",
            leaf.key,
            "Send the other column to a numbered item such as [1], or use a constant.",
        )


def constant_text(known: Field, value: object, key: KeyPath) -> str:
    """`value` as JSON text, checked against the member's kind, length and bounds."""
    wanted = known.kind
    if wanted in ("text", "date") and not isinstance(value, str):
        raise MappingError("the value must be a text in quotes", key, 'Write it like "2.0".')
    if wanted == "boolean" and not isinstance(value, bool):
        raise MappingError("the value must be true or false", key, "Write it without quotes.")
    if wanted in ("integer", "number") and (
        isinstance(value, bool)
        or not isinstance(value, int if wanted == "integer" else (int, float))
    ):
        raise MappingError("the value must be a number", key, "Write it without quotes.")
    if wanted == "date" and not _is_utc(str(value)):
        raise MappingError("the value must be a date in UTC", key, 'Write "2026-01-14T09:00:00Z".')
    problem = bounds_problem(known, value)
    if problem:
        raise MappingError(problem, key, "Correct the value.")
    return json.dumps(value, ensure_ascii=False)


def _is_utc(text: str) -> bool:
    parsed = date_parser(DateRule("iso8601"))(text)
    return text.endswith("Z") and not parsed.startswith("~")


def bounds_problem(known: Field, value: object) -> str:
    """What is wrong with the length or size of `value`, or nothing."""
    if isinstance(value, str):
        if known.longest is not None and len(value) > known.longest:
            return f"the value has {len(value)} characters; the vendor takes {known.longest}"
        if not value:
            return "the value is empty"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if known.low is not None and value < known.low:
            return f"the value is below {known.low}"
        if known.high is not None and value > known.high:
            return f"the value is above {known.high}"
    return ""


def never_filled(root: Item) -> Iterable[str]:
    """Sentences about items that the feed can only build without a member the vendor requires."""
    for item in root.walk():
        given = set(item.leaves)
        if item.discriminator is not None:
            given.add(item.discriminator[0])
        missing = [member for member in item.shape.required if member not in given]
        if item.path and missing and item.has_columns:
            yield (
                f"{item.path} never gets {' and '.join(missing)}, which the vendor requires: "
                "every row that fills it will be rejected."
            )
