"""What a segment may ask of a profile, or of one of the items in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from prefdrop_local.sandbox.model import Item

Scalar = str | int | float | bool
Test = Callable[[Item], bool]


class Condition(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """All of these tests hold for one value of a member. Texts are compared without case."""

    member: str
    """Name of a member, or a path with dots; a list on the way stands for each of its items."""
    is_: tuple[Scalar, ...] | None = msgspec.field(name="is", default=None)
    is_not: tuple[Scalar, ...] | None = None
    """No value of the member is any of these; holds where there is no value."""
    contains: str | None = None
    starts_with: str | None = None
    at_least: float | str | None = None
    """For numbers, and for texts that sort as what they mean, such as dates."""
    at_most: float | str | None = None
    exists: bool | None = None

    def __post_init__(self) -> None:
        if all(getattr(self, name) is None for name in _TESTS):
            raise ValueError(f"the condition on {self.member!r} has no test")


_TESTS = ("is_", "is_not", "contains", "starts_with", "at_least", "at_most", "exists")


def test_of(condition: Condition) -> Test:
    """The condition as a function of a profile or item."""
    path = condition.member.split(".")
    allowed, denied = _folded(condition.is_), _folded(condition.is_not)
    positive = any(getattr(condition, name) is not None for name in _TESTS[:1] + _TESTS[2:6])

    def fits(value: Scalar) -> bool:
        return (allowed is None or _fold(value) in allowed) and _fits(condition, value)

    def test(item: Item) -> bool:
        values = list(_values(item, path))
        if condition.exists is not None and bool(values) != condition.exists:
            return False
        if denied is not None and any(_fold(value) in denied for value in values):
            return False
        return not positive or any(fits(value) for value in values)

    return test


def _fits(condition: Condition, value: Scalar) -> bool:
    text = str(value).lower()
    return (
        (condition.contains is None or condition.contains.lower() in text)
        and (condition.starts_with is None or text.startswith(condition.starts_with.lower()))
        and (condition.at_least is None or _in_order(condition.at_least, value))
        and (condition.at_most is None or _in_order(value, condition.at_most))
    )


def _values(item: Any, path: list[str]) -> Iterator[Scalar]:
    """The values at a path; nulls are none."""
    if isinstance(item, list):
        for child in item:
            yield from _values(child, path)
    elif not path:
        if isinstance(item, Scalar):
            yield item
    elif isinstance(item, dict):
        yield from _values(item.get(path[0]), path[1:])


def _fold(value: Scalar) -> tuple[str, Scalar]:
    """Equal for what is equal to a segment; 1 and true are not."""
    if isinstance(value, str):
        return "text", value.lower()
    return ("flag" if isinstance(value, bool) else "number"), value


def _folded(values: tuple[Scalar, ...] | None) -> frozenset[tuple[str, Scalar]] | None:
    return None if values is None else frozenset(map(_fold, values))


def _in_order(low: Scalar, high: Scalar) -> bool:
    """Whether two values of one kind are in order; values of two kinds are not."""
    if isinstance(low, str) and isinstance(high, str):
        # Without Z, "12:00:00" sorts before "12:00:00.5".
        return low.removesuffix("Z") <= high.removesuffix("Z")
    if isinstance(low, str) or isinstance(high, str):
        return False
    return low <= high
