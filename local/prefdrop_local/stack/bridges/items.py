"""DynamoDB's items on their way in: a value is read as it stands, and an item is measured once.

moto looks for each of the ten members that a model might give a value, and adds up an item's size
anew with each of its attributes.
"""

from __future__ import annotations

from typing import Any

from moto.core.parse import JSONParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import bytesize

from prefdrop_local.stack.patching import Patches

_VALUE = "AttributeValue"
"""The shape of a value in an item."""
_PLAIN = frozenset({"S", "N", "BOOL"})
"""Kinds of values that JSON holds as they are."""
_MOST_BYTES = 405_000
"""Of an item; moto's own limit."""


def install(patches: Patches) -> None:
    """Read plain values without a search for their members, and measure items once."""
    parse_structure: Any = JSONParser._parse_structure

    def parse(parser: Any, shape: Any, value: Any) -> Any:
        if shape.name == _VALUE and type(value) is dict and len(value) == 1:
            [(kind, content)] = value.items()
            if kind in _PLAIN and content is not None:
                return {kind: content}
        return parse_structure(parser, shape, value)

    patches.set(JSONParser, "_parse_structure", parse)
    patches.set(Item, "__init__", _measured)


def _measured(
    item: Any, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]
) -> None:
    item.hash_key, item.range_key = hash_key, range_key
    item.attrs = LimitedSizeDict()
    size = 0
    for name, value in attrs.items():
        typed = DynamoType(value)
        size += bytesize(name) + typed.size()
        if size > _MOST_BYTES:
            raise ItemSizeTooLarge
        dict.__setitem__(item.attrs, name, typed)
