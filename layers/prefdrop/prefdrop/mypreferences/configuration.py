"""The Experience (Configuration) API: an account's types, fields, groups, programs and consents.

Lists take a locale and then hold the texts in it alone, so that their items cannot be written back
with `update`; a locale that nobody has a text in is NotFound. Lists are reads and retried;
creations and updates are sent once (an update, which is a PUT, again where it is sure that nothing
was sent).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal
from urllib.parse import quote

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences import configuration_models as models
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.configuration_models import Created, ItemType
from prefdrop.mypreferences.errors import GarbledAnswer, Misconfigured
from prefdrop.mypreferences.exchange import Request
from prefdrop.mypreferences.operations import Operations, encoded
from prefdrop.mypreferences.resources import body_of, items_of
from prefdrop.mypreferences.routes import Routes
from prefdrop.mypreferences.transport import Transport

CustomFieldKind = Literal["text", "numeric", "datetime", "selectlist"]
FIELD_KINDS: tuple[CustomFieldKind, ...] = ("text", "numeric", "datetime", "selectlist")

PROGRAM_TYPES = (
    "Transactional",
    "Marketing",
    "Informational",
    "Consent",
    NAMES["program_type.dnc"].value,
)
"""Values of a program's type; the last is Do Not Contact."""


class Listing(Operations, Generic[ItemType]):
    """One kind of configuration that can be read."""

    area: str
    """Start of its routes' names."""
    kind: type[ItemType]

    def __init__(
        self, transport: Transport, routes: Routes, timeout: float, area: str, kind: type[ItemType]
    ) -> None:
        super().__init__(transport, routes, timeout)
        self.area = area
        self.kind = kind

    def list(self, *, locale: str | None = None) -> tuple[ItemType, ...]:
        """All items, or those with texts in `locale`. Raises NotFound for an unknown locale."""
        return self._items("list", [_locale(locale)])

    def _items(
        self, operation: str, query: Sequence[tuple[str, object]], **values: Any
    ) -> tuple[ItemType, ...]:
        answer = self._send(f"{self.area}.{operation}", query=query, **values)
        return self._read(answer, _asked_locale(query))

    def _read(self, answer: Answer, locale: str | None = None) -> tuple[ItemType, ...]:
        items = items_of(self.kind, answer, NAMES[f"{self.area}.items"].value)
        if locale is None:
            return items
        return tuple(msgspec.structs.replace(item, in_locale=locale) for item in items)

    def _overwrite(
        self, items: Sequence[ItemType | Mapping[str, Any]], **values: Any
    ) -> tuple[ItemType, ...]:
        """Write items over. Raises Misconfigured for one that was listed in a locale: the texts of
        all others, wordings of consents among them, would be gone."""
        for item in items:
            if locale := getattr(item, "in_locale", None):
                raise Misconfigured(
                    f"{self.area}.update was given an item that has the texts in {locale} alone,"
                    " and would delete those of all other locales.",
                    hint="List without a locale what you want to change, and change that.",
                )
        return self._write("update", items, **values).items

    def _write(
        self, operation: str, items: Sequence[ItemType | Mapping[str, Any]], **values: Any
    ) -> Created[ItemType]:
        if not items:
            raise Misconfigured(f"{self.area}.{operation} was given no item.")
        body = body_of({NAMES[f"{self.area}.items"].value: list(items)})
        answer = self._send(f"{self.area}.{operation}", body=body, **values)
        try:
            said = self._read(answer) if answer.body else ()
        except GarbledAnswer:
            # It was written: the API says so, in other words. They can be read again.
            said = ()
        return Created(answer.headers.get("Location", ""), said)


class Types(Listing[ItemType]):
    """One kind of contact types: read, create, update."""

    def list(self, *, locale: str | None = None, id: int | None = None) -> tuple[ItemType, ...]:
        """All types, or the one with this `id` (the vendor's 0 stands for all)."""
        return self._items("list", [(NAMES["query.id"].value, id), _locale(locale)])

    def create(self, *items: ItemType | Mapping[str, Any]) -> Created[ItemType]:
        """Create types. Sent once; raises Conflict where a name is taken."""
        return self._write("create", items)

    def update(self, *items: ItemType | Mapping[str, Any]) -> tuple[ItemType, ...]:
        """Overwrite types, found by their ids: what an item lacks becomes blank.

        Raises Misconfigured for an item that was listed in one locale.
        """
        return self._overwrite(items)


class CustomFields(Listing[models.CustomField]):
    """Custom fields of each kind, and when their values may change."""

    def list(  # type: ignore[override]
        self, kind: CustomFieldKind, *, locale: str | None = None
    ) -> tuple[models.CustomField, ...]:
        """The custom fields of one kind."""
        return self._items("list", [_locale(locale)], customFieldKind=_kind(kind))

    def create(
        self, kind: CustomFieldKind, *items: models.CustomField | Mapping[str, Any]
    ) -> Created[models.CustomField]:
        """Create custom fields of one kind. Sent once; raises Conflict where a name is taken."""
        return self._write("create", items, customFieldKind=_kind(kind))

    def update(
        self, kind: CustomFieldKind, *items: models.CustomField | Mapping[str, Any]
    ) -> tuple[models.CustomField, ...]:
        """Overwrite custom fields of one kind, as `Types.update`."""
        return self._overwrite(items, customFieldKind=_kind(kind))

    def update_rules(self) -> tuple[models.UpdateRule, ...]:
        """When the values of custom fields may change."""
        answer = self._send("custom_fields.update_rules")
        return items_of(models.UpdateRule, answer, NAMES["update_rules.items"].value)


class GroupNames(Listing[models.GroupName]):
    """The groups of one type."""

    def list(  # type: ignore[override]
        self, group_type: str, *, locale: str | None = None
    ) -> tuple[models.GroupName, ...]:
        """The groups of `group_type`. Raises NotFound for an unknown type."""
        return self._items("list", [_locale(locale)], groupType=group_type)


class Tags(Listing[models.TagDefinition]):
    """The tags that profiles carry."""

    def delete(self, name: str) -> None:
        """Take a tag out of the account and so off all profiles. Raises NotFound."""
        self._send("tags.delete", tagName=name)


class Programs(Listing[models.Program]):
    """Programs with their filters."""

    def of_type(
        self, program_type: str | int, *, locale: str | None = None
    ) -> tuple[models.Program, ...]:
        """The programs of one of `PROGRAM_TYPES`."""
        return self._items("of_type", [_locale(locale)], programTypeId=str(program_type))


class ProgramGroups(Listing[models.ProgramGroup]):
    """Program groups, filtered by custom properties.

    `properties` maps a property's name to its value, or to None for any value.
    """

    def list(
        self, *, locale: str | None = None, properties: Mapping[str, str | None] | None = None
    ) -> tuple[models.ProgramGroup, ...]:
        """The groups, with those programs and filters alone that have the properties."""
        return self._filtered("list", properties or {}, locale)

    def include_all(
        self, properties: Mapping[str, str | None] | None = None, *, locale: str | None = None
    ) -> tuple[models.ProgramGroup, ...]:
        """The groups that have the properties, whole: with children that have them not."""
        return self._filtered("include_all", properties or {}, locale)

    def _filtered(
        self, operation: str, properties: Mapping[str, str | None], locale: str | None
    ) -> tuple[models.ProgramGroup, ...]:
        route = f"{self.area}.{operation}"
        target = self._routes.target(route)
        # A name alone, without "=", is how the vendor is asked for any value.
        bare = [quote(name, safe="") for name, value in properties.items() if value is None]
        asked = "&".join(filter(None, [encoded([*properties.items(), _locale(locale)]), *bare]))
        if asked:
            target = target._replace(url=f"{target.url}?{asked}")
        return self._read(self._transport.send(Request(route, target, self._timeout)), locale)


class Configuration(Operations):
    """The configuration of one account; `Client.configuration` is where to get it."""

    def __init__(self, transport: Transport, routes: Routes, timeout: float) -> None:
        super().__init__(transport, routes, timeout)
        shared = (transport, routes, timeout)
        self.address_types = Types(*shared, "address_types", models.AddressType)
        """Types of postal addresses."""
        self.alternate_id_types = Types(*shared, "alternate_id_types", models.AlternateIdType)
        """Types of ids in other systems."""
        self.customer_types = Types(*shared, "customer_types", models.CustomerType)
        """Types of customers."""
        self.email_types = Types(*shared, "email_types", models.EmailType)
        """Types of e-mail addresses."""
        self.phone_types = Types(*shared, "phone_types", models.PhoneType)
        """Types of phone numbers."""
        self.custom_fields = CustomFields(*shared, "custom_fields", models.CustomField)
        """Custom fields: text, numeric, datetime, selectlist."""
        self.group_types = Listing(*shared, "group_types", models.GroupType)
        """Types of groups."""
        self.group_names = GroupNames(*shared, "group_names", models.GroupName)
        """Groups of a type."""
        self.picklists = Listing(*shared, "picklists", models.Picklist)
        """The choices of select lists."""
        self.tags = Tags(*shared, "tags", models.TagDefinition)
        """Tags of profiles."""
        self.programs = Programs(*shared, "programs", models.Program)
        """Programs with their filters."""
        self.program_groups = ProgramGroups(*shared, "program_groups", models.ProgramGroup)
        """Program groups with their programs."""
        self.filters = Listing(*shared, "filters", models.Filter)
        """Filters: the preference options of programs."""
        self.channels = Listing(*shared, "channels", models.Channel)
        """Channels of filters."""
        self.consent_types = Types(*shared, "consent_types", models.ConsentType)
        """Consent types with their versions and wordings."""
        self.consent_status = Listing(*shared, "consent_status", models.ConsentStatusName)
        """What the statuses of a consent are called."""


def _locale(locale: str | None) -> tuple[str, object]:
    return NAMES["query.locale"].value, locale


def _asked_locale(query: Sequence[tuple[str, object]]) -> str | None:
    locale = dict(query).get(NAMES["query.locale"].value)
    return None if locale is None else str(locale)


def _kind(kind: CustomFieldKind) -> str:
    if kind not in FIELD_KINDS:
        raise Misconfigured(
            f"There is no kind of custom field {kind!r}.", hint=f"Use {', '.join(FIELD_KINDS)}."
        )
    return NAMES[f"custom_field_kind.{kind}"].value
