"""DynamoDB's answers: a value is written as it stands.

moto looks for each member of an answer under half a dozen names that a model might give it. An
attribute value is a plain object with one member, named by its type, and an item has dozens.
"""

from __future__ import annotations

from typing import Any

from moto.core.serialize import JSONSerializer

from prefdrop_local.stack.patching import Patches

_VALUE = "AttributeValue"
"""The shape of a value in an item."""


def install(patches: Patches) -> None:
    """Write attribute values without a search for their members."""
    write_structure = JSONSerializer._serialize_type_structure

    def write(serializer: Any, written: Any, value: Any, shape: Any, key: str) -> None:
        known = shape.name == _VALUE and type(value) is dict
        if not known or not value.keys() <= shape.members.keys():
            write_structure(serializer, written, value, shape, key)
            return
        members: dict[str, Any] = {}
        for kind, content in value.items():
            if content is not None:
                serializer._serialize(members, content, shape.members[kind], kind)
        serializer._default_serialize(written, members, shape, key)

    patches.set(JSONSerializer, "_serialize_type_structure", write)
