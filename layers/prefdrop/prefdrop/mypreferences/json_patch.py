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

_OPS = ("test", "replace", "remove", "add")
_MEMBERS = {"op", "path", "value"}
_END = "-"
"""Stands for the place after an array's last item."""


class Operation(msgspec.Struct, frozen=True):
    """One operation. `path` is a JSON pointer such as `/Emails/0/EmailAddress`; all operations but
    `remove` have a value. The value may be a person's data, so `repr` leaves it out."""

    op: str
    path: str
    value: Any = msgspec.UNSET

    def __repr__(self) -> str:
        return f"Operation(op={self.op!r}, path={self.path!r}, ...)"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The pointer's parts, unescaped."""
        return tuple(
            part.replace("~1", "/").replace("~0", "~") for part in self.path.split("/")[1:]
        )

    @property
    def inserts(self) -> bool:
        """Whether it adds an item before others of an array, which moves them."""
        return self.op == "add" and _is_index(self.tokens[-1])


class JsonPatch:
    """Operations on one object; every path names it as it was before the patch.

        JsonPatch().remove("/Emails/0").remove("/Emails/1").replace("/DefaultLocale", "en_US")

    Whatever their order here, they are sent so that each meets what it names: first what moves
    nothing (`test`, `replace`, and `add` of a member or at an array's end), then removals and
    insertions from the last to the first. Operations that cannot both mean the object as it was,
    such as a removal and a change of what is removed, raise Misconfigured.
    """

    def __init__(self, operations: Iterable[Operation | Mapping[str, Any]] = ()) -> None:
        self._operations: list[Operation] = []
        for operation in operations:
            self._take(operation)

    def add(self, path: str, value: Any) -> JsonPatch:
        """Add a member, or an item to an array: before the one at an index, or, with
        `/Emails/-`, at its end."""
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
        _check(operation)
        for other in self._operations:
            _check_together(other, operation)
        self._operations.append(operation)
        return self


def _operation(given: Mapping[str, Any]) -> Operation:
    if not isinstance(given.get("op"), str) or not isinstance(given.get("path"), str):
        raise Misconfigured("An operation of the patch lacks op or path.", hint="Give both.")
    operation = Operation(given["op"], given["path"], given.get("value", msgspec.UNSET))
    if operation.op in _OPS and not given.keys() <= _MEMBERS:
        raise Misconfigured(
            "An operation of the patch has members that MyPreferences does not know.",
            hint="It has op, path and value, in small letters.",
        )
    return operation


def _check(operation: Operation) -> None:
    if operation.op not in _OPS:
        raise Misconfigured(
            f"MyPreferences does not patch with {operation.op!r}.",
            hint=f"Use {', '.join(_OPS)}; a move is a remove and an add.",
        )
    if not operation.path.startswith("/"):
        raise Misconfigured(
            "The path of a patch is no JSON pointer.", hint="It begins with a slash."
        )
    if operation.op != "remove" and operation.value is msgspec.UNSET:
        raise Misconfigured(
            f"An operation {operation.op} of the patch has no value.",
            hint="Give one; None stands for null.",
        )


def _check_together(one: Operation, other: Operation) -> None:
    """Refuse two operations of which one would change, or move, what the other names."""
    if "test" in (one.op, other.op):
        return
    if one.op == other.op == "remove":
        if _folded(one) == _folded(other):
            raise Misconfigured(
                "The patch removes the same path twice.",
                hint="Paths name the object as it was before the patch; name each item once.",
            )
        return
    upper, lower = sorted((_folded(one), _folded(other)), key=len)
    if lower[: len(upper)] == upper and upper[-1] != _END:
        raise Misconfigured(
            f"The patch has both {one.op} and {other.op} for one path, or for one below another.",
            hint="Put them together as one, with the value that is to be there in the end.",
        )
    if _moves(one, other) or _moves(other, one):
        raise Misconfigured(
            "The patch inserts an item into an array and adds to another item of it, by index.",
            hint="Add at the end (/-), add the item as it is to be, or send two patches.",
        )


def _moves(inserting: Operation, adding: Operation) -> bool:
    """Whether an insertion moves what an addition names by its index."""
    *array, _ = _folded(inserting)
    path = _folded(adding)
    into = path[: len(array)] == tuple(array) and len(path) > len(array)
    return inserting.inserts and adding.op == "add" and into and _is_index(path[len(array)])


def _folded(operation: Operation) -> tuple[str, ...]:
    """The pointer's parts in small letters, for the vendor takes names in any case."""
    return tuple(map(str.lower, operation.tokens))


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit()


def _place(operation: Operation) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    """What moves nothing by kind; then removals and insertions by descending index, and what lies
    deeper before what holds it: so none of them moves what a later one names."""
    if operation.op == "remove" or operation.inserts:
        ends = (2, 0, "")
        return 3, (*map(_rank, operation.tokens), ends)
    return ("test", "replace", "add").index(operation.op), ()


def _rank(token: str) -> tuple[int, int, str]:
    return (0, -int(token), "") if _is_index(token) else (1, 0, token)


def _written(operation: Operation) -> dict[str, Any]:
    if operation.op == "remove":
        return {"op": operation.op, "path": operation.path}
    value = members_of(operation.value, operation.tokens[-1])
    return {"op": operation.op, "path": operation.path, "value": value}
