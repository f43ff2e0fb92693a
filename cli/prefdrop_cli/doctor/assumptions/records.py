"""Invented records by which a vendor shows whether it knows a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mypreferences_assumptions import NAMES

WRONG: dict[str, Any] = {"wrong": ["type"]}
"""No member is an object that holds this."""

FAILING: dict[str, Any] = {"Emails": [{}]}
"""A record that lacks what the vendor requires by its own documentation."""

Maker = Callable[[Any], dict[str, Any]]
"""Makes the record with a value in the member in question, or with None the one without it."""


def _in(collection: str, name: str) -> Maker:
    """A record with one member in one item of a collection."""
    return lambda value: {collection: [{} if value is None else {NAMES[name].value: value}]}


def _person(name: str) -> Maker:
    return lambda value: {"CustomerName": {} if value is None else {NAMES[name].value: value}}


RECORDS: dict[str, Maker] = {
    **{f"name.{part}": _person(f"name.{part}")
       for part in ("prefix", "first", "middle", "last", "suffix")},
    "alternate_id.type": _in("AlternateIds", "alternate_id.type"),
    "alternate_id.value": _in("AlternateIds", "alternate_id.value"),
    "phone.type": _in("PhoneNumbers", "phone.type"),
    "phone.number": _in("PhoneNumbers", "phone.number"),
    "phone.preferences": _in("PhoneNumbers", "phone.preferences"),
    "address.preferences": _in("Addresses", "address.preferences"),
    "group.type": _in("Groups", "group.type"),
    "group.name": _in("Groups", "group.name"),
    "tag.name": _in("ProfileTags", "tag.name"),
    "custom_field.name": _in("CustomFields", "custom_field.name"),
}  # fmt: skip
"""For each assumed name of a record, the record that shows whether it is known."""


def with_address(value: Any) -> dict[str, Any]:
    """A record with a member whose name is confirmed."""
    return {"Emails": [{} if value is None else {"EmailAddress": value}]}


def with_field_value(field: str) -> Maker:
    """A record with a custom field of the account."""
    named = {NAMES["custom_field.name"].value: field}
    value_name = NAMES["custom_field.value"].value
    return lambda value: {
        "CustomFields": [named if value is None else {**named, value_name: value}]
    }


def stage_body(records: list[dict[str, Any]]) -> bytes:
    """A stage request."""
    return msgspec.json.encode({NAMES["stage.records"].value: records})


def padded(size: int) -> bytes:
    """A stage request of no record that is `size` bytes long."""
    body = stage_body([])
    return body[:-1] + b" " * (size - len(body)) + b"}"
