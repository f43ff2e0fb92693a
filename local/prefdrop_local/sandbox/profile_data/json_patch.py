"""JSON Patch (RFC 6902) as far as the vendor supports it: add, replace, remove and test.

Member names are taken in any case where no member is spelled exactly so, as in other bodies.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from prefdrop_local.sandbox.model import Item
from prefdrop_local.sandbox.problem import ProblemError, bad_request, conflict
from prefdrop_local.sandbox.reading import NOT_JSON

_MOST = 1000
"""Operations of one patch."""
_OPERATIONS = ("add", "replace", "remove", "test")


class Operation(NamedTuple):
    """One step of a patch."""

    number: int
    op: str
    path: tuple[str, ...]
    """The pointer's parts, unescaped."""
    value: Any


def read_patch(body: bytes) -> list[Operation]:
    """The operations of a body. Raises 400 for one that is no patch, or uses `move` or `copy`."""
    try:
        decoded = msgspec.json.decode(body)
    except NOT_JSON:
        raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(decoded, list) or len(decoded) > _MOST:
        raise bad_request(f"The request body must be an array of at most {_MOST} operations.")
    return [_operation(number, item) for number, item in enumerate(decoded)]


def patched(document: Item, operations: list[Operation]) -> Item:
    """The document after all operations, which change it in place.

    Raises 400 where an operation's place does not exist, and 409 where a `test` fails.
    """
    holder: Item = {"": document}
    for operation in operations:
        parent, last = _parent(holder, operation)
        if isinstance(parent, list):
            _apply_to_list(parent, last, operation)
        elif isinstance(parent, dict):
            _apply_to_object(parent, last, operation)
        else:
            raise _nowhere(operation)
    if not isinstance(holder.get(""), dict):
        raise bad_request("A profile must stay an object.")
    result: Item = holder[""]
    return result


def _operation(number: int, item: Any) -> Operation:
    members = item if isinstance(item, dict) else {}
    op, path = members.get("op"), members.get("path")
    if op in ("move", "copy"):
        raise bad_request(f"Operation {number}: {op} is not supported.")
    if op not in _OPERATIONS or not isinstance(path, str):
        raise bad_request(f"Operation {number} must have op ({', '.join(_OPERATIONS)}) and path.")
    if path and not path.startswith("/"):
        raise bad_request(f"Operation {number}: path must be empty or begin with a slash.")
    if op != "remove" and "value" not in members:
        raise bad_request(f"Operation {number}: {op} needs a value.")
    parts = path.split("/")[1:]
    return Operation(number, op, tuple(map(_unescaped, parts)), members.get("value"))


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _parent(holder: Item, operation: Operation) -> tuple[Any, str]:
    """What holds the place that an operation is about, and the place's name in it."""
    parts = ("", *operation.path)
    place: Any = holder
    for part in parts[:-1]:
        if isinstance(place, dict):
            place = place.get(_member(place, part))
        elif isinstance(place, list):
            place = place[_index(part, len(place) - 1, operation)]
        else:
            raise _nowhere(operation)
    return place, parts[-1]


def _apply_to_list(items: list[Any], name: str, operation: Operation) -> None:
    if operation.op == "add":
        at = len(items) if name == "-" else _index(name, len(items), operation)
        items.insert(at, operation.value)
        return
    at = _index(name, len(items) - 1, operation)
    if operation.op == "remove":
        del items[at]
    elif operation.op == "replace":
        items[at] = operation.value
    else:
        _test(items[at], operation)


def _apply_to_object(item: Item, name: str, operation: Operation) -> None:
    name = _member(item, name)
    if operation.op != "add" and name not in item:
        raise _nowhere(operation)
    if operation.op == "remove":
        del item[name]
    elif operation.op == "test":
        _test(item[name], operation)
    else:
        item[name] = operation.value


def _member(item: Item, name: str) -> str:
    if name in item:
        return name
    return next((known for known in item if known.lower() == name.lower()), name)


def _index(text: str, last: int, operation: Operation) -> int:
    """An array index as RFC 6901 writes it: digits without leading zeros."""
    digits = text.isascii() and text.isdigit() and len(text) < 10
    if not digits or (text != "0" and text.startswith("0")) or int(text) > last:
        raise _nowhere(operation)
    return int(text)


def _test(value: Any, operation: Operation) -> None:
    if not same(value, operation.value):
        raise conflict(f"Operation {operation.number}: the test failed.")


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; 1 equals 1.0, but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _nowhere(operation: Operation) -> ProblemError:
    return bad_request(f"Operation {operation.number}: the place in its path does not exist.")
