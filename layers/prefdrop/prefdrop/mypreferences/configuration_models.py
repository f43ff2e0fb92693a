"""What an account is set up with, as the vendor answers and takes it (O-22).

Names and shapes are assumed except those of consent types; members that are not modelled are kept
in `more` and written back.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.resources import Resource

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


def _wire(field: str) -> str:
    known = _ASSUMED.get(field)
    return NAMES[known].value if known else "".join(map(str.capitalize, field.split("_")))


class LocalizedText(Resource, frozen=True, kw_only=True, rename=_wire):
    """How something is called in one locale; `consent_language` is a consent's wording."""

    locale: str | None = None
    name: str | None = None
    description: str | None = None
    consent_language: str | None = None


class ConfigurationItem(Resource, frozen=True, kw_only=True, rename=_wire):
    """What every item has: its id (0 or None where the vendor is to give one) and its texts.

    `in_locale` is the locale that it was listed in, and whose texts alone it has; it is not sent.
    """

    id: int | None = None
    is_active: bool | None = None
    localized_fields: tuple[LocalizedText, ...] = ()
    in_locale: str | None = None


class AddressType(ConfigurationItem, frozen=True, kw_only=True):
    """A type of postal addresses."""

    type_name: str | None = None


class AlternateIdType(ConfigurationItem, frozen=True, kw_only=True):
    """A type of ids in other systems; imports match by one."""

    type_name: str | None = None


class CustomerType(ConfigurationItem, frozen=True, kw_only=True):
    """A type of customers."""

    type_name: str | None = None


class EmailType(ConfigurationItem, frozen=True, kw_only=True):
    """A type of e-mail addresses; `regular_expression` is the pattern addresses must fit."""

    type_name: str | None = None
    regular_expression: str | None = None


class PhoneType(ConfigurationItem, frozen=True, kw_only=True):
    """A type of phone numbers."""

    type_name: str | None = None
    is_mobile: bool | None = None


class CustomField(ConfigurationItem, frozen=True, kw_only=True):
    """A custom field; `kind` is Text, Numeric, DateTime or SelectList, `picklist` a list's name."""

    name: str | None = None
    kind: str | None = None
    max_length: int | None = None
    picklist: str | None = None


class UpdateRule(Resource, frozen=True, kw_only=True, rename=_wire):
    """When the value of a custom field may change."""

    name: str | None = None


class GroupType(ConfigurationItem, frozen=True, kw_only=True):
    """A type of groups, such as a household."""

    group_type: str | None = None


class GroupName(ConfigurationItem, frozen=True, kw_only=True):
    """A group of one type."""

    group_name: str | None = None
    group_type: str | None = None


class PicklistValue(Resource, frozen=True, kw_only=True, rename=_wire):
    """One choice of a picklist."""

    value: str | None = None
    localized_fields: tuple[LocalizedText, ...] = ()


class Picklist(ConfigurationItem, frozen=True, kw_only=True):
    """The choices of a select list."""

    name: str | None = None
    values: tuple[PicklistValue, ...] = ()


class TagDefinition(ConfigurationItem, frozen=True, kw_only=True):
    """A tag that profiles may carry."""

    name: str | None = None


class CustomProperty(Resource, frozen=True, kw_only=True, rename=_wire):
    """A free property of a program, a filter or a program group."""

    key: str | None = None
    value: Any = None


class Filter(ConfigurationItem, frozen=True, kw_only=True):
    """One preference option of a program."""

    filter_id: str | None = None
    name: str | None = None
    program_id: str | None = None
    channel_id: str | None = None
    frequency_id: str | None = None
    custom_properties: tuple[CustomProperty, ...] = ()


class Program(ConfigurationItem, frozen=True, kw_only=True):
    """A program with its filters."""

    program_id: str | None = None
    name: str | None = None
    program_type_id: str | None = None
    filters: tuple[Filter, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()


class ProgramGroup(ConfigurationItem, frozen=True, kw_only=True):
    """A program group with its programs."""

    name: str | None = None
    programs: tuple[Program, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()


class Channel(ConfigurationItem, frozen=True, kw_only=True):
    """A channel that filters belong to: Phone, Fax, Text, Email, Mail."""

    channel_id: str | None = None
    name: str | None = None


class ConsentVersion(Resource, frozen=True, kw_only=True, rename=_wire):
    """One version of a consent type, with its wording per locale."""

    consent_version: str | None = None
    expiration_in_days: int | None = None
    is_active: bool | None = None
    is_associated_with_profiles: bool | None = None
    localized_fields: tuple[LocalizedText, ...] = ()


class ConsentType(Resource, frozen=True, kw_only=True, rename=_wire):
    """A consent type with its versions; `in_locale` as any item's."""

    id: int | None = None
    type_name: str | None = None
    is_active: bool | None = None
    versions: tuple[ConsentVersion, ...] = ()
    in_locale: str | None = None


class ConsentStatusName(Resource, frozen=True, kw_only=True, rename=_wire):
    """What a consent's status is called; `in_locale` as any item's."""

    id: int | None = None
    name: str | None = None
    in_locale: str | None = None


ItemType = TypeVar("ItemType", bound=Resource)


class Created(msgspec.Struct, Generic[ItemType], frozen=True):
    """What the vendor answers to a creation: where the new resource is, and what it says of it."""

    location: str
    items: tuple[ItemType, ...]
