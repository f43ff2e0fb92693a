"""Reads the bodies of requests, whose member names the vendor takes in any case."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from prefdrop_local.sandbox.problem import bad_request

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading broken or absurdly nested JSON raises."""


def read_object(body: bytes) -> dict[str, Any]:
    """A body that is a JSON object. Raises 400 otherwise."""
    try:
        decoded = msgspec.json.decode(body)
    except NOT_JSON:
        raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(decoded, dict):
        raise bad_request("The request body must be a JSON object.")
    return decoded


def folded_members(members: dict[str, Any]) -> dict[str, Any]:
    """An object under lower-case names; nulls count as absent."""
    return {name.lower(): value for name, value in members.items() if value is not None}


def spelled(value: Any, item_type: type) -> Any:
    """A JSON value without nulls, its member names spelled as the type and the types in it do."""
    spelling = _spellings(item_type)

    def spell(part: Any) -> Any:
        if isinstance(part, list):
            return [spell(one) for one in part]
        if not isinstance(part, dict):
            return part
        return {
            spelling.get(name.lower(), name): spell(one)
            for name, one in part.items()
            if one is not None
        }

    return spell(value)


@cache
def _spellings(item_type: type) -> dict[str, str]:
    _, schemas = msgspec.json.schema_components([item_type])
    return {
        name.lower(): name for schema in schemas.values() for name in schema.get("properties", {})
    }
