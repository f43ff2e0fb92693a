"""The record as nearly all of them are, as a type: the members that an export's rows look at.

Decoding into it takes half the time of decoding into dicts, since all else is passed over. What has
a member of another type is not decoded at all, and is a case for the careful way.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from prefdrop.exporting.lapses import TELLING_MEMBERS
from prefdrop.exporting.row_plan import GroupPlan, ItemPlan, Target

PROFILE_ID = "ProfileId"

_BY_KIND: dict[str, set[type]] = {"text": {str}, "date": {str}, "boolean": {bool}}
_OTHERWISE: set[type] = {str, int}
_ALIKE = {bool, int, float}
"""Values of these types may equal each other, so a member may have one of them only."""


class NoPlainRecord(Exception):
    """The columns ask for more than can be told from a plain record."""


def plain_record(plan: ItemPlan) -> type[msgspec.Struct]:
    """The type of a whole record, the names of its members as `attribute` has them."""
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
