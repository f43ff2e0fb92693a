"""JSON Patch as the vendor takes it: `add`, `replace`, `remove` and `test`, in an order of its own.

The vendor knows neither `move` nor `copy`, wants `replace` before `remove`, and several items of an
array removed in descending order of their index (vendor documentation of its conventions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.mypreferences.resources import members_of

_ORDER = ("test", "replace", "remove", "add")
"""`test` looks at the profile as it was read; `add` comes last, so that no insertion shifts the
items that the others name."""


class Operation(msgspec.Struct, frozen=True):
    """One operation. `path` is a JSON pointer such as `/Emails/0/EmailAddress`."""

    op: str
    path: str
    value: Any = None

    @property
    def tokens(self) -> tuple[str, ...]:
        """The pointer's parts, unescaped."""
        return tuple(
            part.replace("~1", "/").replace("~0", "~") for part in self.path.split("/")[1:]
        )


class JsonPatch:
    """Operations on one object; every path names it as it was before the patch.

        JsonPatch().remove("/Emails/0").remove("/Emails/1").replace("/DefaultLocale", "en_US")

    Whatever their order here, they are sent so that each meets what it names.
    """

    def __init__(self, operations: Iterable[Operation | Mapping[str, Any]] = ()) -> None:
        self._operations: list[Operation] = []
        for operation in operations:
            self._take(operation)

    def add(self, path: str, value: Any) -> JsonPatch:
        """Add a member, or an item to an array; `/Emails/-` appends."""
        return self._take(Operation("add", path, value))

    def replace(self, path: str, value: Any) -> JsonPatch:
        """Replace what is at `path`."""
        return self._take(Operation("replace", path, value))

    def remove(self, path: str) -> JsonPatch:
        """Remove what is at `path`."""
        return self._take(Operation("remove", path))

    def test(self, path: str, value: Any) -> JsonPatch:
        """Let the whole patch fail unless `value` is at `path`."""
        return self._take(Operation("test", path, value))

    def operations(self) -> list[Operation]:
        """The operations in the order in which they are sent."""
        return sorted(self._operations, key=_place)

    def body(self) -> list[dict[str, Any]]:
        """The request body; raises Misconfigured for an empty patch."""
        if not self._operations:
            raise Misconfigured("The patch has no operation.", hint="Add one, or do not send it.")
        return [_written(operation) for operation in self.operations()]

    def _take(self, given: Operation | Mapping[str, Any]) -> JsonPatch:
        operation = given if isinstance(given, Operation) else _operation(given)
        if operation.op not in _ORDER:
            raise Misconfigured(
                f"MyPreferences does not patch with {operation.op!r}.",
                hint=f"Use {', '.join(_ORDER)}; a move is a remove and an add.",
            )
        if not operation.path.startswith("/"):
            raise Misconfigured(
                "The path of a patch is no JSON pointer.", hint="It begins with a slash."
            )
        if operation.op == "remove" and operation in self._operations:
            raise Misconfigured(
                "The patch removes the same path twice.",
                hint="Paths name the object as it was before the patch; name each item once.",
            )
        self._operations.append(operation)
        return self


def _operation(given: Mapping[str, Any]) -> Operation:
    if not isinstance(given.get("op"), str) or not isinstance(given.get("path"), str):
        raise Misconfigured("An operation of the patch lacks op or path.", hint="Give both.")
    return Operation(given["op"], given["path"], given.get("value"))


def _place(operation: Operation) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    """Sorts by kind; removals by descending index, and what lies deeper before what holds it."""
    if operation.op != "remove":
        return _ORDER.index(operation.op), ()
    ends = (2, 0, "")
    return _ORDER.index("remove"), (*map(_removal_rank, operation.tokens), ends)


def _removal_rank(token: str) -> tuple[int, int, str]:
    return (0, -int(token), "") if token.isascii() and token.isdigit() else (1, 0, token)


def _written(operation: Operation) -> dict[str, Any]:
    if operation.op == "remove":
        return {"op": operation.op, "path": operation.path}
    value = members_of(operation.value, operation.tokens[-1])
    return {"op": operation.op, "path": operation.path, "value": value}
