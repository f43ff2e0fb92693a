"""How large an item is to DynamoDB, and what writing and reading it takes.

By the developer guide, "DynamoDB item sizes and formats" and "read and write operations": names and
texts count their UTF-8 bytes, a number about a byte for two digits and one more, a list or map
three bytes and one for each member.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

WRITE_BYTES = 1024
READ_BYTES = 4096
ITEM_LIMIT = 400 * 1024


def item_bytes(item: Mapping[str, Any]) -> int:
    """Size of an item given as attribute values (`{"pk": {"S": "…"}}`)."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def write_units(size: int) -> int:
    """Units of one plain write of an item of `size` bytes; a transaction takes twice as many."""
    return max(1, ceil(size / WRITE_BYTES))


def read_units(size: int) -> int:
    """Units of one consistent read of `size` bytes."""
    return max(1, ceil(size / READ_BYTES))


def _value(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return len(held) // 2 + 2
    if kind == "B":
        return len(held)
    if kind == "M":
        return 3 + sum(len(name.encode()) + _value(one) + 1 for name, one in held.items())
    if kind == "L":
        return 3 + sum(_value(one) + 1 for one in held)
    if kind in ("SS", "NS", "BS"):
        return sum(len(one) for one in held)
    return 1
