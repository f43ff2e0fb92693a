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

from prefdrop.feeds.account import AccountRules, fold, may_be_number
from prefdrop.feeds.account_checks import NOT_IN_ACCOUNT, Check, checks_of, numeric_leaf
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.layout import Group, Item, Leaf
from prefdrop.feeds.value_source import (
    Policy,
    Target,
    ValueWriter,
    braced,
    f_string,
    json_text,
    member_text,
    options_of,
    source_text,
)

EncodeRow = Callable[[Sequence[str], str], "str | list[Fault]"]
"""`(cells, now) -> JSON text of the record`, or everything that is wrong with the row."""


def compile_encoder(
    feed: Feed,
    root: Item,
    positions: Mapping[str, int],
    width: int,
    odd: EncodeRow,
    account: AccountRules | None = None,
) -> EncodeRow:
    """Compile a feed's layout for rows of `width` cells, columns at `positions` (0-based).

    A column that is not in `positions` reads as empty. A row with another number of cells goes to
    `odd`, so that the others pay for one comparison only. `account` is what the vendor's account is
    known to have.
    """
    policy = Policy(feed.source.empty, feed.source.trim, feed.source.timezone, account)
    writer = _RecordWriter(policy, positions)
    writer.namespace["ODD"] = odd
    source = writer.write(root, width)
    exec(compile(source, f"<mapping of {feed.file}>", "exec"), writer.namespace)
    encode: EncodeRow = writer.namespace["encode"]  # type: ignore[assignment]
    return encode


class _RecordWriter(ValueWriter):
    """Writes the source of one `encode` function, item by item."""

    def __init__(self, policy: Policy, positions: Mapping[str, int]) -> None:
        super().__init__(policy)
        self.positions = positions

    def write(self, root: Item, width: int) -> str:
        self.line(f"if len(c) != {width}: return ODD(c, now)")
        self.line("f = []")
        self._fill(root, 0, "")
        self._hold_to_account(root)
        for constant in _constants(root):
            self.line(f"i0 += {',' + constant!r}")
        self.line("if f: return f")
        self.line("return '{' + i0[1:] + '}'")
        return "def encode(c, now):\n" + "\n".join(self.lines) + "\n"

    def _fill(self, item: Item, number: int, nulls: str) -> None:
        """Fill `i<number>`. For all but the record itself it leaves `if filled:` open."""
        text = f"i{number}"
        self.line(f"{text} = ''")
        if nulls:
            self.line(f"{nulls} = ''")
        for leaf in item.column_leaves:
            self._leaf(leaf, Target(text), nulls or text)
        gathered: list[tuple[Group, str]] = []
        for group in item.groups.values():
            if len(group.items) > 1 or not _only(group).has_columns or _splitting(_only(group)):
                gathered.append((group, self._gather(group)))
            else:
                self._item(_only(group), Target(text, _opening(group), _closing(group)))
        if number:
            self.line(f"if {' or '.join([text, *(name for _, name in gathered)])}:")
            self.depth += 1
        for group, name in gathered:
            self._close_group(group, name, text)

    def _gather(self, group: Group) -> str:
        """Gather the group's items that columns fill; answers the variable that holds them."""
        name = f"g{self.number()}"
        self.line(f"{name} = ''")
        for item in group.items.values():
            if item.has_columns:
                self._item(item, Target(name))
        return name

    def _close_group(self, group: Group, name: str, target: str) -> None:
        riding = "".join(
            f",{{{_constant_members(item)}}}"
            for item in group.items.values()
            if not item.has_columns
        )
        if riding:
            self.line(f"{name} += {riding!r}")
        inside = braced(_opening(group)) + f"{{{name}[1:]}}" + braced(_closing(group))
        append = f"{target} += {f_string(inside)}"
        self.line(append if riding else f"if {name}: {append}")

    def _item(self, item: Item, target: Target) -> None:
        split = _splitting(item)
        if split is not None:
            self._split_item(item, split, target)
        elif self._single(item):
            leaf = item.column_leaves[0]
            framed = Target(target.name, *_frame(item, target))
            self._leaf(leaf, framed, "")
        else:
            number = self.number()
            nulls = f"n{number}" if self._nulls_apart(item) else ""
            self._fill(item, number, nulls)
            self._close_item(item, f"i{number}", nulls, target)
            self.depth -= 1

    def _single(self, item: Item) -> bool:
        """Whether one column makes or breaks the item, so that it can be written in one go."""
        leaves = item.column_leaves
        return (
            len(leaves) == 1
            and not item.groups
            and self.policy_of(leaves[0]) != "null"
            and set(item.shape.required) <= _fixed(item) | {leaves[0].member}
            and not self._account_checks(item)
        )

    def _nulls_apart(self, item: Item) -> bool:
        """Whether nulls alone must not make this item: a column fills a member it must have."""
        leaves = item.column_leaves
        return any(leaf.required for leaf in leaves) and any(
            self.policy_of(leaf) == "null" for leaf in leaves
        )

    def _close_item(self, item: Item, text: str, nulls: str, target: Target) -> None:
        """Check that the item has what the vendor requires, and append it to its collection."""
        self._require(item)
        before, after = _frame(item, target)
        if item.discriminator is not None:
            middle = f"{{{text}}}" + (f"{{{nulls}}}" if nulls else "")
            before = before.removesuffix(",")
        else:
            middle = f"{{({text}{f' + {nulls}' if nulls else ''})[1:]}}"
        self.line(f"{target.name} += {f_string(braced(before) + middle + braced(after))}")

    def _require(self, item: Item) -> None:
        given = {leaf.member: leaf for leaf in item.column_leaves}
        fixed = _fixed(item)
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
        self._hold_to_account(item)

    def _account_checks(self, item: Item) -> bool:
        rules = self.policy.account
        return rules is not None and bool(checks_of(item, rules) or numeric_leaf(item, rules))

    def _hold_to_account(self, item: Item) -> None:
        """Note what the item, which is filled, has and the account has not."""
        rules = self.policy.account
        if rules is None:
            return
        for check in checks_of(item, rules):
            if check.fixed:
                self.line(self.fault(NOT_IN_ACCOUNT, None, rules.reason(check.missing)))
            else:
                self._compare(check, rules)
        leaf = numeric_leaf(item, rules)
        if leaf is not None:
            reason = f"Column {leaf.column} must be a number in this account."
            fault = self.fault("NotANumber", leaf.column, reason)
            self.line(f"if not {self.refer('N', may_be_number)}({self.variable(leaf)}): {fault}")

    def _compare(self, check: Check, rules: AccountRules) -> None:
        """Compare values of which a column gives one at least; an empty one is not compared.

        Almost every row holds what is allowed, so only the others pay for the whole comparison.
        """
        leaves = [part.leaf for part in check.parts if part.leaf is not None]
        texts = [
            self._folded(part.leaf) if part.leaf is not None else repr(fold(part.text))
            for part in check.parts
        ]
        columns = " and ".join(f"column {leaf.column}" for leaf in leaves)
        verb = "hold" if len(leaves) > 1 else "holds"
        wrong = f"{columns[0].upper()}{columns[1:]} {verb} no {check.rule.noun} of the account"
        fault = self.fault(NOT_IN_ACCOUNT, leaves[0].column, rules.reason(wrong))
        self.line(f"x = ({', '.join(texts)},)")
        known = self.refer("A", check.rule.allowed)
        self.line(f"if x not in {known} and not {self.refer('A', check.rule.admits)}(x): {fault}")

    def _folded(self, leaf: Leaf) -> str:
        """An expression for the value a column gives, in small letters."""
        name, values = self.variable(leaf), options_of(leaf).values
        if values is None:
            return f"{name}.casefold()"
        folded = {key: fold(source_text(value)) for key, value in values.items()}
        return f"{self.refer('V', folded)}.get({name}, '')"

    def _faults_when_empty(self, leaf: Leaf) -> bool:
        return leaf.match_key or self.policy_of(leaf) == "reject"

    def _cell(self, leaf: Leaf) -> str:
        position = self.positions.get(leaf.column)
        return "''" if position is None else f"c[{position}]"

    def _leaf(self, leaf: Leaf, target: Target, nulls: str) -> None:
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

    def _split_item(self, item: Item, leaf: Leaf, target: Target) -> None:
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
        self.value(leaf, Target(text))
        self.depth -= 1
        self.line(f"if {text}:")
        self.depth += 1
        self._close_item(item, text, "", target)
        self.depth -= 2


def _only(group: Group) -> Item:
    return next(iter(group.items.values()))


def _splitting(item: Item) -> Leaf | None:
    """The leaf that makes several items of its cell, if this item has one."""
    return next((leaf for leaf in item.column_leaves if options_of(leaf).split), None)


def _opening(group: Group) -> str:
    return f",{json_text(group.member)}:" + ("[" if group.collection else "")


def _closing(group: Group) -> str:
    return "]" if group.collection else ""


def _frame(item: Item, target: Target) -> tuple[str, str]:
    """What stands before and after the members that columns give an item."""
    fixed = member_text(*item.discriminator) + "," if item.discriminator else ""
    constants = "".join(f",{text}" for text in _constants(item))
    return f"{target.before}{{{fixed}", f"{constants}}}{target.after}"


def _fixed(item: Item) -> set[str]:
    """The members that every item like this has."""
    fixed = {leaf.member for leaf in item.constant_leaves}
    return fixed | ({item.discriminator[0]} if item.discriminator else set())


def _constants(item: Item) -> list[str]:
    return [f"{json_text(leaf.member)}:{leaf.constant}" for leaf in item.constant_leaves]


def _constant_members(item: Item) -> str:
    """Everything in an item that only constants fill."""
    members = [member_text(*item.discriminator)] if item.discriminator else []
    members += _constants(item)
    for group in item.groups.values():
        inner = ",".join(f"{{{_constant_members(each)}}}" for each in group.items.values())
        members.append(f"{_opening(group)[1:]}{inner}{_closing(group)}")
    return ",".join(members)
