"""The plan of rows, compiled: from a plain record straight to its cells, and what they don't tell.

A row costs a few microseconds because the plan is written out once as Python source, as a feed's
mapping is. It gives up, with nothing counted, on whatever is out of the ordinary: the careful way
of `prefdrop.exporting.rows` is the measure, and this one must come to the same.

The names in the generated source: `r` the record, `c<n>` cells by their places, `i<n>` items,
`h<n>` whether anything of an item was filled, `e` each item of a collection, `v` a value, `w` the
columns and paths that tell something else, `w<n>` such a column by the number of its target, `l`
what has lapsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from prefdrop.exporting.lapses import DEACTIVATED, EXPIRED, INACTIVE_PROFILES, TELLING_MEMBERS
from prefdrop.exporting.row_plan import Constant, GroupPlan, ItemPlan, Target, folded

Count = Callable[[Any, list[str], list[str]], None]
"""Told a record's profile id, the columns and paths that tell something else, and what lapsed."""

PlainRow = Callable[[bytes], "list[str] | None"]
"""From a record as it came to its cells; None, and nothing counted, unless the record is plain."""

_MEMO_ENTRIES = 1 << 12
_GIVE_UP = "return None"

PROFILE_ID = "ProfileId"

_BY_KIND: dict[str, set[type]] = {"text": {str}, "date": {str}, "boolean": {bool}}
_OTHERWISE: set[type] = {str, int}
_ALIKE = {bool, int, float}
"""Values of these types may equal each other, so a member may have one of them only."""


def compile_rows(
    plan: ItemPlan, targets: Sequence[Target], width: int, keeps_expired: bool, count: Count
) -> PlainRow | None:
    """Compile the plan of an export's rows of `width` cells; None where it suits no record."""
    source = _RowSource(keeps_expired)
    try:
        text = source.write(plan, targets, width)
        decode = msgspec.json.Decoder(plain_record(plan)).decode
    except NoPlainRecord:
        return None
    source.namespace |= {"COUNT": count, "NOTHING": _Nothing()}
    exec(compile(text, "<rows of an export>", "exec"), source.namespace)
    row: Callable[[Any], list[str] | None] = source.namespace["row"]

    def plain_row(raw: bytes) -> list[str] | None:
        try:
            record = decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return row(record)

    return plain_row


class _Nothing:
    """An item that is not there: it has no member."""

    def __getattr__(self, name: str) -> None:
        return None


class _Cells(dict[Any, tuple[str, str]]):
    """From a value to its cell, and to the column's name where the cell means something else."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def __missing__(self, value: Any) -> tuple[str, str]:
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        target = self._target
        held = list(value) if target.split else value
        cell = target.joined(held) if target.split else target.write(held)
        pair = self[value] = cell, "" if target.means(cell, held) else target.column
        return pair


class _Places(dict[Any, int]):
    """From what tells a collection's items apart to the place of the path that means the item."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __missing__(self, name: Any) -> int:
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        meant = folded(name)
        place = self[name] = self._names.index(meant) if meant in self._names else -1
        return place


class _RowSource:
    """Writes the source of one `row` function, item by item."""

    def __init__(self, keeps_expired: bool) -> None:
        self.namespace: dict[str, Any] = {}
        self._keeps_expired = keeps_expired
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0
        self._found: dict[int, list[str]] = {}

    def write(self, plan: ItemPlan, targets: Sequence[Target], width: int) -> str:
        if len({target.place for target in targets}) < len(targets):
            raise NoPlainRecord  # a column fills several members
        cells = [f"c{place}" for place in range(width)]
        always = [target for target in targets if target.always]
        self._line(f"{' = '.join(cells)} = ''")
        self._line("w = []; l = []")
        for target in always:
            self._line(f"w{target.number} = {target.column!r}")
        self._line(f"if r.{attribute('IsActive')} is False: l.append({INACTIVE_PROFILES!r})")
        self._fill(plan, "r", "")
        self._hold(plan, "r")
        for target in always:
            self._line(f"if w{target.number}: w.append(w{target.number})")
        self._line(f"if w or l: COUNT(r.{attribute(PROFILE_ID)}, w, l)")
        self._line(f"return [{', '.join(cells)}]")
        return "def row(r):\n" + "\n".join(self._lines) + "\n"

    def _fill(self, plan: ItemPlan, item: str, flag: str) -> None:
        """Take the item's members into the cells, and note in `flag` that there were any."""
        for target in plan.targets:
            self._line(f"v = {item}.{attribute(target.member)}")
            with self._inside("if v is not None and v != '':"):
                self._cell(target, flag)
        for group in plan.groups:
            if group.has_columns and _splitting(group):
                self._join(group, item, flag)
            elif group.has_columns:
                self._fill_group(group, item, flag)

    def _cell(self, target: Target, flag: str) -> None:
        """Write the cell of `v`, and note if it tells something else."""
        cell = f"c{target.place}"
        if target.kind == "text" and target.longest is not None and not target.always:
            self._line(f"if len(v) > {target.longest} or '\\0' in v: {_GIVE_UP}")
            self._line(f"{cell} = v")
        else:
            wrong = f"w{target.number}"
            self._line(f"{cell}, {wrong} = {self._refer('M', _Cells(target))}[v]")
            if not target.always:
                self._line(f"if {wrong}: w.append({wrong})")
        self._note(flag)

    def _note(self, flag: str) -> None:
        if flag:
            self._line(f"{flag} = True")

    def _fill_group(self, group: GroupPlan, holder: str, flag: str) -> None:
        for plan, item in zip(group.items, self._find(group, holder), strict=True):
            if not plan.has_columns:
                continue
            filled = self._name("h")
            with self._inside(f"if {item} is not None:"):
                self._line(f"{filled} = False")
                self._fill(plan, item, filled)
                with self._inside(f"if {filled}:"):
                    self._note(flag)
                    self._hold(plan, item)

    def _join(self, group: GroupPlan, holder: str, flag: str) -> None:
        """Several items as one cell."""
        target, pieces = group.items[0].targets[0], self._name("i")
        self._line(f"{pieces} = []")
        with self._each_in_force(group, holder):
            (condition,) = self._conditions(group)
            piece = f"e.{attribute(target.member)}"
            self._line(f"if {piece} is not None and {condition}: {pieces}.append({piece})")
        with self._inside(f"if {pieces}:"):
            self._line(f"v = tuple({pieces})")
            self._cell(target, flag)

    def _find(self, group: GroupPlan, holder: str) -> list[str]:
        """Find the item of each path; answers the variables that hold them, None for no item.

        A second item for a path is a case for the careful way.
        """
        found = self._found[id(group)] = [self._name("i") for _ in group.items]
        if not group.collection:
            self._line(f"{found[0]} = {holder}.{attribute(group.member)}")
            return found
        self._line(f"{' = '.join(found)} = None")
        with self._each_in_force(group, holder):
            for condition, item in zip(self._conditions(group), found, strict=True):
                with self._inside(f"if {condition}:"):
                    self._line(f"if {item} is not None: {_GIVE_UP}")
                    self._line(f"{item} = e")
        return found

    @contextmanager
    def _each_in_force(self, group: GroupPlan, holder: str) -> Iterator[None]:
        """Lines written inside of this are for each item of the group that is in force.

        Lapsed ones are counted where columns show the others.
        """
        inactive = f"e.{attribute('IsActive')} is False"
        expired = (
            f"e.{attribute('Expired')} is True or e.{attribute('PreferenceStatus')} == 'Expired'"
        )
        with self._inside(f"for e in {holder}.{attribute(group.member)} or ():"):
            with self._inside(f"if {inactive} or {expired}:"):
                if group.has_columns:
                    self._line(f"l.append({DEACTIVATED!r} if {inactive} else {EXPIRED!r})")
                self._line(f"if {inactive}: continue" if self._keeps_expired else "continue")
            yield

    def _conditions(self, group: GroupPlan) -> list[str]:
        """For each path of the group, what tells that it means the item `e`."""
        named = [plan.discriminator for plan in group.items if plan.discriminator]
        if not named:
            return [_nameless_condition(group)]
        members = {member for member, _ in named}
        if len(set(named)) < len(group.items) or len(members) > 1:
            raise NoPlainRecord
        places = self._refer("P", _Places([name for _, name in named]))
        self._line(f"p = {places}[e.{attribute(members.pop())}]")
        return [f"p == {place}" for place in range(len(group.items))]

    def _hold(self, plan: ItemPlan, item: str) -> None:
        """Compare the item with its constants and what rides along."""
        for constant in plan.constants:
            self._line(f"if {_differs(constant, item)}: w.append({constant.path!r})")
        for group in plan.groups:
            if all(each.has_columns for each in group.items):
                continue
            found = self._found.get(id(group)) or self._find(group, item)
            for riding, name in zip(group.items, found, strict=True):
                if not riding.has_columns:
                    self._line(f"if {name} is None: {name} = NOTHING")
                    self._hold(riding, name)

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _refer(self, letter: str, value: object) -> str:
        """A name by which the source reaches `value`."""
        name = self._name(letter)
        self.namespace[name] = value
        return name

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def _inside(self, head: str) -> Iterator[None]:
        """Lines written inside of this stand below `head`, one step to the right."""
        self._line(head)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self._line("pass")
        self._depth -= 1


def _splitting(group: GroupPlan) -> bool:
    """Whether one column holds all items of the group."""
    return any(target.split for plan in group.items for target in plan.targets)


def _nameless_condition(group: GroupPlan) -> str:
    """An item without discriminator must hold what the constants of the only path say."""
    if len(group.items) > 1 or not group.has_columns:
        raise NoPlainRecord
    constants = group.items[0].constants
    return " and ".join(f"not ({_differs(each, 'e')})" for each in constants) or "True"


def _differs(constant: Constant, item: str) -> str:
    """Whether the item does not hold the constant: of a plain record the types are known."""
    return f"{item}.{attribute(constant.member)} != {constant.value!r}"


class NoPlainRecord(Exception):
    """The columns ask for more than can be told from a plain record."""


def plain_record(plan: ItemPlan) -> type[msgspec.Struct]:
    """The type of a whole record, the names of its members as `attribute` has them.

    Decoding into it takes half the time of decoding into dicts, since all else is passed over. What
    has a member of another type is not decoded at all, and is a case for the careful way.
    """
    return _Shapes().shape([plan], {PROFILE_ID: {int}})


def attribute(member: str) -> str:
    """The attribute that holds a member: no Python keyword, and none of the type's own names."""
    name = f"m_{member}"
    if not name.isidentifier():
        raise NoPlainRecord
    return name


class _Shapes:
    """Makes a type for each object of the record; each has what any of its plans looks at."""

    def __init__(self) -> None:
        self._made = 0

    def shape(
        self, plans: Iterable[ItemPlan], more: dict[str, set[type]] | None = None
    ) -> type[msgspec.Struct]:
        types: dict[str, set[type]] = {name: set(each) for name, each in (more or {}).items()}
        groups: dict[str, list[GroupPlan]] = {}
        for member, known in TELLING_MEMBERS.items():
            types.setdefault(member, set()).add(known)
        for plan in plans:
            _add_members(types, plan)
            for group in plan.groups:
                groups.setdefault(group.member, []).append(group)
        members: dict[str, Any] = {member: _optional(each) for member, each in types.items()}
        for member, same in groups.items():
            inside: Any = self.shape([plan for group in same for plan in group.items])
            members[member] = (list[inside] if same[0].collection else inside) | None
        return self._struct(members)

    def _struct(self, members: dict[str, Any]) -> type[msgspec.Struct]:
        self._made += 1
        return msgspec.defstruct(
            f"Plain{self._made}",
            [(attribute(member), known, None) for member, known in members.items()],
            rename={attribute(member): member for member in members},
            gc=False,
        )


def _add_members(types: dict[str, set[type]], plan: ItemPlan) -> None:
    if plan.discriminator:
        types.setdefault(plan.discriminator[0], set()).add(str)
    for target in plan.targets:
        types.setdefault(target.member, set()).update(_types(target))
    for constant in plan.constants:
        types.setdefault(constant.member, set()).add(type(constant.value))


def _types(target: Target) -> set[type]:
    return _BY_KIND.get(target.kind, _OTHERWISE)


def _optional(types: set[type]) -> Any:
    if len(types & _ALIKE) > 1 or float in types:
        raise NoPlainRecord
    union: Any = type(None)
    return reduce(or_, types, union)
