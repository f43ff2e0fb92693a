"""How an area describes its operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

Schema = Mapping[str, Any] | type[msgspec.Struct]
"""A JSON Schema, or the struct that it is made from."""


class Parameter(NamedTuple):
    """One query parameter."""

    name: str
    schema: Mapping[str, Any]
    required: bool = False


class Described(NamedTuple):
    """One operation, as its callers see it."""

    summary: str
    answers: Mapping[int, Schema | None]
    """Statuses of success, each with what the body is; None: there is none."""
    refusals: tuple[int, ...] = ()
    """Statuses of refusal beside 401 and 404, which any call can get."""
    query: tuple[Parameter, ...] = ()
    more_query: str = ""
    """What other query parameters mean, where their names are the caller's."""
    body: Schema | None = None
    needs_body: bool = True
    structs: tuple[type[msgspec.Struct], ...] = ()
    """Structs that the schemas refer to by name."""


TEXT: Mapping[str, Any] = {"type": "string"}
FLAG: Mapping[str, Any] = {"type": "boolean"}
NUMBER: Mapping[str, Any] = {"type": "integer"}
ID: Mapping[str, Any] = {"type": "integer", "minimum": 1, "maximum": 2**53}
DATE: Mapping[str, Any] = {
    "type": "string",
    "description": "ISO 8601. Without a zone it is read as US Eastern; a date alone is the start "
    "of that day, for an opt-out its end.",
}
ANYTHING: Mapping[str, Any] = {}


def ref(name: str) -> Mapping[str, Any]:
    """A schema that the document has once, under a name."""
    return {"$ref": f"#/components/schemas/{name}"}


def text(longest: int, shortest: int = 0) -> Mapping[str, Any]:
    """A string within length limits."""
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def one_of(*values: Any) -> Mapping[str, Any]:
    """One of a few values."""
    return {"enum": list(values)}


def nullable(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: Mapping[str, Any], shortest: int = 0) -> Mapping[str, Any]:
    """A list of such items."""
    return {"type": "array", "items": items, "minItems": shortest}


def mapping(
    members: Mapping[str, Mapping[str, Any]], required: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """An object with at least these members; others are possible."""
    return {"type": "object", "properties": members, "required": list(required)}


def whole(members: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """An object that has all of these members."""
    return mapping(members, tuple(members))


def listing(name: str, item: type[msgspec.Struct]) -> Mapping[str, Any]:
    """An object with one list of such structs."""
    return whole({name: array(ref(item.__name__))})
