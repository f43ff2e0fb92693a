"""What an event says was changed: its `PreviousData` against its `Data`, in paths and values.

Paths are written as in a feed's columns. Items of a list are matched by a member that names each of
them on both sides (`FilterId`, `Key`, …), or by their position where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

Kind = Literal["changed", "added", "removed"]

NAMING = ("FilterId", "ConsentType", "AlternateIdType", "Key", "Name", "Id")
"""Members that name an item of a list, the likeliest first; any `…Type` comes after them."""


class Difference(NamedTuple):
    """One value that is not what it was; `before` or `after` is None where there is none."""

    path: str
    kind: Kind
    before: Any
    after: Any

    def __str__(self) -> str:
        """In a line for people. It quotes the person's data."""
        if self.kind == "added":
            return f"{self.path}: + {_shown(self.after)}"
        if self.kind == "removed":
            return f"{self.path}: - {_shown(self.before)}"
        return f"{self.path}: {_shown(self.before)} → {_shown(self.after)}"


def differences(previous: Any, data: Any) -> list[Difference]:
    """All differences, in the order in which `data` and then `previous` has them."""
    return list(_compare("", previous, data))


def _compare(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _compare_members(path, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        name = _naming(before, after)
        named_before, named_after = _by_name(before, name), _by_name(after, name)
        for step in dict.fromkeys([*named_after, *named_before]):
            yield from _compare_at(f"{path}[{step}]", step, named_before, named_after)
    elif _differ(before, after):
        yield Difference(path, "changed", before, after)


def _compare_members(
    path: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*after, *before]):
        yield from _compare_at(f"{path}.{name}" if path else name, name, before, after)


def _compare_at(
    path: str, step: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    if step not in before:
        yield Difference(path, "added", None, after[step])
    elif step not in after:
        yield Difference(path, "removed", before[step], None)
    else:
        yield from _compare(path, before[step], after[step])


def _naming(before: Sequence[Any], after: Sequence[Any]) -> str:
    """The member that tells the items of both lists apart; empty if there is none."""
    items = [*before, *after]
    if not items or not all(isinstance(item, dict) for item in items):
        return ""
    types: list[str] = [name for name in items[0] if name.endswith("Type") and name not in NAMING]
    for name in (*NAMING, *types):
        if all(_names_each(side, name) for side in (before, after)):
            return name
    return ""


def _names_each(items: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [item.get(name) for item in items]
    are_names = all(isinstance(value, str | int) for value in values)
    return are_names and len(set(values)) == len(values)


def _by_name(items: Sequence[Any], name: str) -> dict[str, Any]:
    if name:
        return {f"{name}={item[name]}": item for item in items}
    return {str(position): item for position, item in enumerate(items)}


def _differ(before: Any, after: Any) -> bool:
    """As JSON sees it: true is not 1."""
    return type(before) is not type(after) or bool(before != after)


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()
