"""The objects of the configuration, as they are answered, sent and stored.

Member names come from the table of assumptions (O-22) where the vendor's pages leave them open.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from mypreferences_assumptions import NAMES

Name = Annotated[str, Meta(min_length=1, max_length=100)]
LocaleName = Annotated[str, Meta(min_length=1, max_length=15)]
Version = Annotated[str, Meta(min_length=1, max_length=50)]
Days = Annotated[int, Meta(ge=1, le=36_500)]

_ASSUMED = {
    "id": "configuration.id",
    "type_name": "configuration.type_name",
    "name": "configuration.name",
    "is_active": "configuration.active",
    "localized_fields": "configuration.localized",
    "custom_properties": "configuration.custom_properties",
    "regular_expression": "email_type.pattern",
    "is_mobile": "phone_type.mobile",
    "kind": "custom_field.kind",
    "picklist": "custom_field.picklist",
    "max_length": "custom_field.max_length",
    "values": "picklist.values",
    "value": "picklist.value",
    "program_id": "program.id",
    "program_type_id": "program.type",
    "filter_id": "filter.id",
    "channel_id": "filter.channel",
    "frequency_id": "filter.frequency",
    "group_type": "group.type",
    "group_name": "group.name",
    "filters": "filters.items",
    "programs": "programs.items",
}


def api_name(field: str) -> str:
    """How a member is called in the API."""
    known = _ASSUMED.get(field)
    return NAMES[known].value if known else "".join(map(str.capitalize, field.split("_")))


class Localized(Struct, rename=api_name):
    """How something is called in one locale."""

    locale: LocaleName
    name: Annotated[str, Meta(max_length=100)] = ""
    description: Annotated[str, Meta(max_length=1000)] = ""


class LocalizedConsent(Localized, rename=api_name):
    """What a version of a consent says in one locale."""

    consent_language: Annotated[str, Meta(max_length=10_000)] = ""


class TypeItem(Struct, rename=api_name):
    """An address, alternate id or customer type."""

    type_name: Name
    id: int = 0
    is_active: bool = True
    localized_fields: list[Localized] = []


class EmailType(TypeItem, rename=api_name):
    """An e-mail type; the pattern is the account's and read-only."""

    regular_expression: str = ""


class PhoneType(TypeItem, rename=api_name):
    """A phone type; `IsMobile` is for numbers that do not say it themselves."""

    is_mobile: bool = False


class PicklistValue(Struct, rename=api_name):
    """One choice of a picklist."""

    value: Name
    localized_fields: list[Localized] = []


class Picklist(Struct, rename=api_name):
    """The choices of a select list."""

    name: Name
    id: int = 0
    is_active: bool = True
    values: list[PicklistValue] = []
    localized_fields: list[Localized] = []


class CustomField(Struct, rename=api_name):
    """A custom field of any kind."""

    name: Name
    id: int = 0
    kind: str = ""
    """Read-only: the kind in the path."""
    max_length: Annotated[int, Meta(ge=1, le=4000)] | None = None
    """Texts only."""
    picklist: str | None = None
    """Select lists only: the name of a picklist."""
    update_rule: str = "Always"
    is_active: bool = True
    localized_fields: list[Localized] = []


class UpdateRule(Struct, rename=api_name):
    """When a custom field's value may change."""

    name: str
    rule: str


class GroupType(Struct, rename=api_name):
    """A kind of group."""

    group_type: Name
    id: int = 0
    is_active: bool = True
    localized_fields: list[Localized] = []


class GroupName(Struct, rename=api_name):
    """A group of one type."""

    group_type: Name
    group_name: Name
    id: int = 0
    is_active: bool = True


class Tag(Struct, rename=api_name):
    """A tag that profiles can carry."""

    name: Name
    id: int = 0


class Property(Struct, rename=api_name):
    """A custom property."""

    key: str
    value: str


class Filter(Struct, rename=api_name):
    """One preference option of a program."""

    filter_id: str
    name: str
    program_id: str
    channel_id: str
    frequency_id: str = ""
    consent_type: str = ""
    """The consent that an opt-out revokes."""
    id: int = 0
    is_active: bool = True
    custom_properties: list[Property] = []
    localized_fields: list[Localized] = []


class Program(Struct, rename=api_name):
    """A program with its filters."""

    program_id: str
    name: str
    program_type_id: str
    id: int = 0
    is_active: bool = True
    channels: list[str] = []
    text_tags: list[str] = []
    custom_properties: list[Property] = []
    localized_fields: list[Localized] = []
    filters: list[Filter] = []


class ProgramGroup(Struct, rename=api_name):
    """A program group with its programs."""

    name: str
    id: int = 0
    is_active: bool = True
    custom_properties: list[Property] = []
    localized_fields: list[Localized] = []
    programs: list[Program] = []


class Channel(Struct, rename=api_name):
    """A channel that filters belong to."""

    channel_id: str
    name: str
    id: int = 0
    localized_fields: list[Localized] = []


class ConsentVersion(Struct, rename=api_name):
    """One version of a consent type."""

    consent_version: Version
    expiration_in_days: Days | None = None
    is_active: bool = True
    is_associated_with_profiles: bool = False
    localized_fields: list[LocalizedConsent] = []


class ConsentType(Struct, rename=api_name):
    """A consent type with its versions, oldest first."""

    type_name: Name
    versions: Annotated[list[ConsentVersion], Meta(min_length=1)]
    id: int = 0
    is_active: bool = True


class ConsentStatus(Struct, rename=api_name):
    """What a consent can be."""

    id: int
    name: str


Item = (
    TypeItem | Picklist | CustomField | GroupType | GroupName | Tag | Filter | Program
    | ProgramGroup | Channel | ConsentType
)  # fmt: skip
STATUSES = [
    ConsentStatus(number, name)
    for number, name in enumerate(("Granted", "Denied", "Revoked", "NotSet"), 1)
]
UPDATE_RULES = [
    UpdateRule("Always", "The value sent last is kept."),
    UpdateRule("WhenEmpty", "A value is kept once there is one."),
    UpdateRule("Never", "Only the vendor's own screens change the value."),
]
KINDS = {
    name: NAMES[f"custom_field_kind.{name}"].value
    for name in ("text", "numeric", "datetime", "selectlist")
}
"""Kind of custom field in an account file → in the API."""

TYPES: dict[str, type[Item]] = {
    "address_types": TypeItem,
    "alternate_id_types": TypeItem,
    "customer_types": TypeItem,
    "email_types": EmailType,
    "phone_types": PhoneType,
    "custom_fields": CustomField,
    "picklists": Picklist,
    "group_types": GroupType,
    "group_names": GroupName,
    "tags": Tag,
    "filters": Filter,
    "programs": Program,
    "program_groups": ProgramGroup,
    "channels": Channel,
    "consent_types": ConsentType,
}
"""Every kind of item that is stored, by the prefix of its routes."""


def key_of(item: Item) -> str:
    """The name by which an item is known, folded."""
    if isinstance(item, TypeItem | ConsentType):
        return item.type_name.lower()
    if isinstance(item, GroupName):
        return f"{item.group_type}/{item.group_name}".lower()
    if isinstance(item, GroupType):
        return item.group_type.lower()
    if isinstance(item, Filter):
        return item.filter_id.lower()
    return (item.channel_id if isinstance(item, Channel) else item.name).lower()


def encoded(item: Item) -> bytes:
    """An item as it is stored."""
    return msgspec.json.encode(item)
