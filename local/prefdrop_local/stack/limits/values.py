"""DynamoDB's attribute values: their form, their numbers and how many bytes they take.

Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from prefdrop_local.stack.limits.refusal import ItemRefusalError, RefusalError

MOST_ITEM_BYTES = 400 * 1024
HASH_KEY_BYTES = 2048
RANGE_KEY_BYTES = 1024
MOST_DIGITS = 38
MOST_LEVELS = 32
_LARGEST, _SMALLEST = 125, -130
"""Powers of ten of the first digit of a number."""
_OVERHEAD = 3
"""Bytes of a list or a map beside its elements, each of which takes one more."""
_WORDS = {"SS": "string", "NS": "number", "BS": "binary"}
_INVALID = "One or more parameter values were invalid: "

Value = Mapping[str, Any]


def size_of(item: Mapping[str, Value]) -> int:
    """Return the bytes of an item's names and values; RefusalError for a value DynamoDB refuses."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Value, level: int = 0) -> int:
    """Return the bytes of one value; RefusalError if DynamoDB refuses it."""
    if len(value) != 1:
        raise RefusalError(_not_one_type(value))
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content) if content.isascii() else len(content.encode())
        case "N":
            return _number_size(content)
        case "BOOL" | "NULL":
            return 1
        case "B":
            return _bytes(content)
        case "M" | "L":
            return _OVERHEAD + _elements_size(content, level + 1)
        case _:
            return _set_size(kind, content)


def check_key(value: Value, *, is_hash: bool) -> None:
    """Raise RefusalError if a key attribute is longer than DynamoDB takes."""
    longest = HASH_KEY_BYTES if is_hash else RANGE_KEY_BYTES
    if value_size(value) > longest:
        raise RefusalError(_too_long(is_hash))


def _too_long(is_hash: bool) -> str:
    if is_hash:  # the missing blank is DynamoDB's
        return f"{_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes"
    return f"{_INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"


def _not_one_type(value: Value) -> str:
    if value:
        return (
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
    return "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"


def _number_size(text: str) -> int:
    if len(text) <= MOST_DIGITS and text.isdecimal() and text.isascii():
        return len(text) // 2 + 2
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise RefusalError(f"The parameter cannot be converted to a numeric value: {text}")
    digits = len(str(int("".join(map(str, number.as_tuple().digits)))).rstrip("0"))
    if digits > MOST_DIGITS:
        raise RefusalError("Attempting to store more than 38 significant digits in a Number")
    if digits and number.adjusted() > _LARGEST:
        raise RefusalError(_magnitude("overflow", "larger"))
    if digits and number.adjusted() < _SMALLEST:
        raise RefusalError(_magnitude("underflow", "smaller"))
    return digits // 2 + 2


def _magnitude(what: str, which: str) -> str:
    return (
        f"Number {what}. Attempting to store a number with magnitude {which} than supported range"
    )


def _elements_size(content: Any, level: int) -> int:
    if level > MOST_LEVELS:
        raise ItemRefusalError("Nesting Levels have exceeded supported limits")
    if isinstance(content, Mapping):
        return sum(1 + len(k.encode()) + value_size(v, level) for k, v in content.items())
    return sum(1 + value_size(v, level) for v in content)


def _set_size(kind: str, content: list[Any]) -> int:
    if not content:
        empty = f"An {_WORDS[kind]} set  may not be empty"  # as DynamoDB writes it
        raise RefusalError(
            _INVALID + ("Binary sets should not be empty" if kind == "BS" else empty)
        )
    if len({Decimal(n) for n in content} if kind == "NS" else set(content)) < len(content):
        listed = ", ".join(map(str, content))
        raise RefusalError(f"{_INVALID}Input collection [{listed}] contains duplicates.")
    return sum(value_size({kind[0]: one}) for one in content)


def _bytes(content: bytes | str) -> int:
    return len(content if isinstance(content, bytes) else base64.b64decode(content))


def only(operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return name and content of the one member that a batch's or transaction's part has."""
    [member] = ((kind, one) for kind, one in operation.items() if one is not None)
    return member
