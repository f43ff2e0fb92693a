"""The configuration that an account file describes, as items of the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prefdrop_local.sandbox.account import CHANNELS, Account, Program
from prefdrop_local.sandbox.configuration import items as kinds
from prefdrop_local.sandbox.configuration.items import KINDS, Item, Localized, Property


def seeds(account: Account) -> dict[str, Sequence[Item]]:
    """All items by kind, numbered from 1 in each kind."""
    return {kind: _numbered(found) for kind, found in _Seeds(account).items().items()}


def _numbered(found: Sequence[Item]) -> Sequence[Item]:
    for number, item in enumerate(found, 1):
        item.id = number
    return found


class _Seeds:
    def __init__(self, account: Account) -> None:
        self._account = account

    def items(self) -> dict[str, Sequence[Item]]:
        account = self._account
        return {
            "address_types": [self._type(name) for name in account.address_types],
            "alternate_id_types": [self._type(name) for name in account.alternate_id_types],
            "customer_types": [self._type(name) for name in account.customer_types],
            "email_types": [
                kinds.EmailType(
                    name, localized_fields=self._called(name),
                    regular_expression=account.email_pattern,
                )
                for name in account.email_types
            ],
            "phone_types": [
                kinds.PhoneType(name, localized_fields=self._called(name), is_mobile=mobile)
                for name, mobile in account.phone_types.items()
            ],
            "custom_fields": self._custom_fields(),
            "picklists": [self._picklist(*pair) for pair in self._choices().items()],
            "group_types": [
                kinds.GroupType(name, localized_fields=self._called(name))
                for name in account.groups
            ],
            "group_names": [
                kinds.GroupName(group_type, name)
                for group_type, names in account.groups.items()
                for name in names
            ],
            "tags": [kinds.Tag(name) for name in account.tags],
            "filters": self._filters(),
            "programs": [self._program(*pair) for pair in self._programs().items()],
            "program_groups": self._program_groups(),
            "channels": [
                kinds.Channel(name, self._own_name(name), localized_fields=self._called(name))
                for name in CHANNELS
            ],
            "consent_types": self._consent_types(),
        }  # fmt: skip

    def _type(self, name: str) -> kinds.TypeItem:
        return kinds.TypeItem(name, localized_fields=self._called(name))

    def _called(self, name: str) -> list[Localized]:
        """The name in the account's own locale, and in each that has a text for it."""
        account = self._account
        return [
            Localized(locale, account.texts.get(locale, {}).get(name, name))
            for locale in account.locales
            if locale == account.locale or name in account.texts.get(locale, {})
        ]

    def _own_name(self, name: str) -> str:
        return self._account.texts.get(self._account.locale, {}).get(name, name)

    def _choices(self) -> dict[str, tuple[str, ...]]:
        """Picklists; a select list without one of its own gets one of its name."""
        options = {
            name: field.options
            for name, field in self._account.custom_fields.items()
            if field.kind == "selectlist"
        }
        return {**options, **self._account.picklists}

    def _picklist(self, name: str, values: Iterable[str]) -> kinds.Picklist:
        choices = [kinds.PicklistValue(value, self._called(value)) for value in values]
        return kinds.Picklist(name, values=choices, localized_fields=self._called(name))

    def _custom_fields(self) -> list[kinds.CustomField]:
        return [
            kinds.CustomField(
                name, kind=KINDS[field.kind],
                max_length=field.max_length if field.kind == "text" else None,
                picklist=name if field.kind == "selectlist" else None,
                localized_fields=self._called(name),
            )
            for name, field in self._account.custom_fields.items()
        ]  # fmt: skip

    def _filters(self) -> list[kinds.Filter]:
        return [
            kinds.Filter(
                name, self._own_name(name), item.program, item.channel, item.frequency,
                item.consent, custom_properties=_properties(item.properties),
                localized_fields=self._called(name),
            )
            for name, item in self._account.filters.items()
        ]  # fmt: skip

    def _programs(self) -> dict[str, Program]:
        named = {item.program for item in self._account.filters.values()}
        known = self._account.programs
        return {**known, **{name: Program("Marketing") for name in sorted(named - known.keys())}}

    def _program(self, name: str, program: Program) -> kinds.Program:
        filters = [item for item in self._account.filters.values() if item.program == name]
        return kinds.Program(
            name, self._own_name(name), program.type,
            channels=sorted({item.channel for item in filters}, key=CHANNELS.index),
            text_tags=list(program.text_tags),
            custom_properties=_properties(program.properties),
            localized_fields=self._called(name),
        )  # fmt: skip

    def _program_groups(self) -> list[kinds.ProgramGroup]:
        programs = self._programs()
        return [
            kinds.ProgramGroup(
                name, custom_properties=_properties(group.properties),
                localized_fields=self._called(name),
                programs=[self._program(member, programs[member]) for member in group.programs],
            )
            for name, group in self._account.program_groups.items()
        ]  # fmt: skip

    def _consent_types(self) -> list[kinds.ConsentType]:
        account = self._account
        return [
            kinds.ConsentType(
                name, is_active=consent.active,
                versions=[
                    kinds.ConsentVersion(
                        version, consent.expires.get(version),
                        is_active=version not in consent.retired, is_associated_with_profiles=True,
                        localized_fields=[
                            kinds.LocalizedConsent(
                                locale, account.texts.get(locale, {}).get(name, name),
                                consent_language=consent.texts.get(locale, ""),
                            )
                            for locale in account.consent_locales(consent, version)
                        ],
                    )
                    for version in consent.versions
                ],
            )
            for name, consent in account.consents.items()
        ]  # fmt: skip


def _properties(properties: dict[str, str]) -> list[Property]:
    return [Property(key, value) for key, value in properties.items()]
