"""The mapping of one feed, compiled: from a row's cells straight to the JSON text of its record.

A row costs a few microseconds because the mapping is written out once as Python source, with every
path, check and policy decided beforehand and nothing left to look up per row. What the source does,
in words: for each member it takes the cell, applies trim, case and default, converts and checks it
and appends `,"Member":value` to its item's text; an item is closed and appended to its collection
if any column gave it a value; constants ride along.

The names in the generated source: `c` cells, `now` the present as UTC text, `f` faults found,
`v<n>` a cell's text, `i<n>` an item's text, `n<n>` its nulls, `g<n>` a collection's items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prefdrop.feeds.definition import Feed
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.layout import Group, Item, Leaf
from prefdrop.feeds.value_source import (
    Policy,
    ValueWriter,
    json_text,
    member_text,
    options_of,
    source_text,
)

EncodeRow = Callable[[Sequence[str], str], "str | list[Fault]"]
"""`(cells, now) -> JSON text of the record`, or everything that is wrong with the row."""


def compile_encoder(feed: Feed, root: Item, positions: Mapping[str, int]) -> EncodeRow:
    """Compile a feed's layout for a file whose columns stand at `positions` (0-based).

    A column that is not in `positions` reads as empty.
    """
    policy = Policy(feed.source.empty, feed.source.trim, feed.source.timezone)
    writer = _RecordWriter(policy, positions)
    source = writer.write(root)
    exec(compile(source, f"<mapping of {feed.file}>", "exec"), writer.namespace)
    encode: EncodeRow = writer.namespace["encode"]  # type: ignore[assignment]
    return encode


class _RecordWriter(ValueWriter):
    """Writes the source of one `encode` function, item by item."""

    def __init__(self, policy: Policy, positions: Mapping[str, int]) -> None:
        super().__init__(policy)
        self.positions = positions

    def write(self, root: Item) -> str:
        self.line("f = []")
        self._fill(root, 0, "")
        constants = _constants(root)
        if constants:
            self.line(f"i0 += {constants!r}")
        self.line("if f: return f")
        self.line("return '{' + i0[1:] + '}'")
        return "def encode(c, now):\n" + "\n".join(self.lines) + "\n"

    def _fill(self, item: Item, number: int, nulls: str) -> None:
        """Fill `i<number>`. For all but the record itself it leaves `if filled:` open."""
        self.line(f"i{number} = ''")
        if nulls:
            self.line(f"{nulls} = ''")
        for leaf in item.column_leaves:
            self._leaf(leaf, f"i{number}", nulls or f"i{number}")
        gathered = [(group, self._gather(group)) for group in item.groups.values()]
        if number:
            self.line(f"if {' or '.join([f'i{number}', *(name for _, name in gathered)])}:")
            self.depth += 1
        for group, name in gathered:
            self._close_group(group, name, number)

    def _gather(self, group: Group) -> str:
        """Gather the group's items that columns fill; answers the variable that holds them."""
        name = f"g{self.number()}"
        self.line(f"{name} = ''")
        for item in group.items.values():
            if item.has_columns:
                self._item(item, name)
        return name

    def _close_group(self, group: Group, name: str, number: int) -> None:
        riding = "".join(
            f",{{{_constant_members(item)[1:]}}}"
            for item in group.items.values()
            if not item.has_columns
        )
        if riding:
            self.line(f"{name} += {riding!r}")
        opening = f",{json_text(group.member)}:" + ("[" if group.collection else "")
        closing = " + ']'" if group.collection else ""
        append = f"i{number} += {opening!r} + {name}[1:]{closing}"
        self.line(append if riding else f"if {name}: {append}")

    def _item(self, item: Item, target: str) -> None:
        split = next((leaf for leaf in item.column_leaves if options_of(leaf).split), None)
        if split is not None:
            self._split_item(item, split, target)
            return
        number = self.number()
        nulls = f"n{number}" if self._nulls_apart(item) else ""
        self._fill(item, number, nulls)
        self._close_item(item, f"i{number}", nulls, target)
        self.depth -= 1

    def _nulls_apart(self, item: Item) -> bool:
        """Whether nulls alone must not make this item: a column fills a member it must have."""
        leaves = item.column_leaves
        return any(leaf.required for leaf in leaves) and any(
            self.policy_of(leaf) == "null" for leaf in leaves
        )

    def _close_item(self, item: Item, text: str, nulls: str, target: str) -> None:
        """Check that the item has what the vendor requires, and append it to its collection."""
        self._require(item)
        constants = _constants(item)
        parts = [text, *([nulls] if nulls else []), *([repr(constants)] if constants else [])]
        if item.discriminator is not None:
            opening = ",{" + member_text(*item.discriminator)[1:]
            self.line(f"{target} += {opening!r} + {' + '.join(parts)} + '}}'")
        else:
            self.line(f"{target} += ',{{' + ({' + '.join(parts)})[1:] + '}}'")

    def _require(self, item: Item) -> None:
        given = {leaf.member: leaf for leaf in item.column_leaves}
        fixed = {leaf.member for leaf in item.constant_leaves}
        if item.discriminator is not None:
            fixed.add(item.discriminator[0])
        for member in item.shape.required:
            leaf = given.get(member)
            if leaf is not None and not self._faults_when_empty(leaf):
                reason = f"Column {leaf.column} is empty, but {item.path} can't be without it."
                fault = self.fault("ValueMissing", leaf.column, reason)
                self.line(f"if not {self.variable(leaf)}: {fault}")
            elif leaf is None and member not in fixed:
                reason = (
                    f"The vendor requires {member} in {item.path}, and the feed never fills it."
                )
                self.line(self.fault("ValueMissing", None, reason))

    def _faults_when_empty(self, leaf: Leaf) -> bool:
        return leaf.match_key or self.policy_of(leaf) == "reject"

    def _cell(self, leaf: Leaf) -> str:
        position = self.positions.get(leaf.column)
        return "''" if position is None else f"c[{position}]"

    def _leaf(self, leaf: Leaf, target: str, nulls: str) -> None:
        name, default = self.variable(leaf), options_of(leaf).default
        self.line(f"{name} = {self._cell(leaf)}")
        self.shaping(leaf)
        if default is not None:
            self.line(f"if not {name}: {name} = {source_text(default)!r}")
        self.line(f"if {name}:")
        self.depth += 1
        self.value(leaf, target)
        self.depth -= 1
        self.empty_branch(leaf, name, nulls)

    def _split_item(self, item: Item, leaf: Leaf, target: str) -> None:
        """One item for each piece of the cell; empty pieces make none."""
        options, name = options_of(leaf), self.variable(leaf)
        cell, text = f"s{self.number()}", f"i{self.number()}"
        self.line(f"{cell} = {self._cell(leaf)}")
        if options.default is not None:
            self.line(f"if not {cell}: {cell} = {source_text(options.default)!r}")
        self.empty_branch(leaf, cell, "")
        self.line(f"for {name} in {cell}.split({options.split!r}):")
        self.depth += 1
        self.line(f"{text} = ''")
        self.shaping(leaf)
        self.line(f"if {name}:")
        self.depth += 1
        self.value(leaf, text)
        self.depth -= 1
        self.line(f"if {text}:")
        self.depth += 1
        self._close_item(item, text, "", target)
        self.depth -= 2


def _constants(item: Item) -> str:
    return "".join(f",{json_text(leaf.member)}:{leaf.constant}" for leaf in item.constant_leaves)


def _constant_members(item: Item) -> str:
    """Everything in an item that only constants fill."""
    text = member_text(*item.discriminator) if item.discriminator else ""
    text += _constants(item)
    for group in item.groups.values():
        inner = ",".join(f"{{{_constant_members(each)[1:]}}}" for each in group.items.values())
        text += f",{json_text(group.member)}:" + (f"[{inner}]" if group.collection else inner)
    return text
