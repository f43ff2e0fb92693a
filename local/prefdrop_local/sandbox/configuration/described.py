"""The configuration API's operations, described."""

from __future__ import annotations

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.configuration import items as kinds
from prefdrop_local.sandbox.configuration.items import TYPES
from prefdrop_local.sandbox.openapi.description import (
    NUMBER,
    TEXT,
    Described,
    Parameter,
    listing,
)

_NARROWED = (
    Parameter(NAMES["query.id"].value, {**NUMBER, "minimum": 0}),
    Parameter(NAMES["query.locale"].value, {**TEXT, "maxLength": 15}),
)
_WRITES = (400, 403, 409, 415)
_PROPERTIES = "Custom properties, name=value; a name without a value means any value."


def _list(kind: str, summary: str, more_query: str = "") -> Described:
    item = TYPES[kind]
    schema = listing(NAMES[f"{kind}.items"].value, item)
    return Described(
        summary, {200: schema}, (400,), _NARROWED, more_query=more_query, structs=(item,)
    )


def _write(kind: str, summary: str, status: int) -> Described:
    item = TYPES[kind]
    schema = listing(NAMES[f"{kind}.items"].value, item)
    return Described(summary, {status: schema}, _WRITES, body=schema, structs=(item,))


def _written(kind: str, what: str) -> dict[str, Described]:
    return {
        f"{kind}.list": _list(kind, f"All {what}."),
        f"{kind}.create": _write(kind, f"New {what}.", 201),
        f"{kind}.update": _write(kind, f"Writes {what} over, each found by id or name.", 200),
    }


DESCRIBED: dict[str, Described] = {
    **_written("address_types", "address types"),
    **_written("alternate_id_types", "alternate id types"),
    **_written("customer_types", "customer types"),
    **_written("email_types", "e-mail types"),
    **_written("phone_types", "phone types"),
    **_written("custom_fields", "custom fields of one kind"),
    **_written("consent_types", "consent types with their versions"),
    "custom_fields.update_rules": Described(
        "When custom fields may change.",
        {200: listing(NAMES["update_rules.items"].value, kinds.UpdateRule)},
        structs=(kinds.UpdateRule,),
    ),
    "group_types.list": _list("group_types", "All group types."),
    "group_names.list": Described(
        "The groups of one type.",
        {200: listing(NAMES["group_names.items"].value, kinds.GroupName)},
        structs=(kinds.GroupName,),
    ),
    "picklists.list": _list("picklists", "All picklists with their values."),
    "tags.list": _list("tags", "All tags, those that only profiles have too."),
    "tags.delete": Described(
        "Takes a tag from the account and from profiles.", {204: None}, (403,)
    ),
    "programs.list": _list("programs", "All programs with their filters."),
    "programs.of_type": _list("programs", "The programs of one type."),
    "program_groups.list": _list(
        "program_groups", "Program groups, without what lacks the properties.", _PROPERTIES
    ),
    "program_groups.include_all": _list(
        "program_groups", "Program groups in which anything has the properties.", _PROPERTIES
    ),
    "filters.list": _list("filters", "All filters."),
    "channels.list": _list("channels", "All channels."),
    "consent_status.list": Described(
        "What a consent can be.",
        {200: listing(NAMES["consent_status.items"].value, kinds.ConsentStatus)},
        structs=(kinds.ConsentStatus,),
    ),
}
