"""What the rules for data need of the configuration: which names are taken now.

Items that are not active any more stay where stored profiles need them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prefdrop_local.sandbox import account as rules
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.configuration import items as kinds
from prefdrop_local.sandbox.configuration.items import KINDS, Item

_KIND_OF_NAME = {name.lower(): kind for kind, name in KINDS.items()}


def put_in_force(account: Account, items: Mapping[str, Sequence[Item]]) -> None:
    """Let the account's members say what the items say."""
    found: Mapping[str, Sequence[Any]] = items
    account.address_types = _active_types(found["address_types"])
    account.alternate_id_types = _active_types(found["alternate_id_types"])
    account.customer_types = _active_types(found["customer_types"])
    account.email_types = _active_types(found["email_types"])
    account.phone_types = {
        item.type_name: item.is_mobile for item in found["phone_types"] if item.is_active
    }
    account.groups = _groups(found["group_types"], found["group_names"])
    account.custom_fields = _custom_fields(found["custom_fields"], found["picklists"])
    account.consents = {item.type_name: _consent(item) for item in found["consent_types"]}


def _active_types(items: Sequence[kinds.TypeItem]) -> tuple[str, ...]:
    return tuple(item.type_name for item in items if item.is_active)


def _groups(
    types: Sequence[kinds.GroupType], names: Sequence[kinds.GroupName]
) -> dict[str, tuple[str, ...]]:
    return {
        item.group_type: tuple(
            group.group_name
            for group in names
            if group.is_active and group.group_type.lower() == item.group_type.lower()
        )
        for item in types
        if item.is_active
    }


def _custom_fields(
    fields: Sequence[kinds.CustomField], picklists: Sequence[kinds.Picklist]
) -> dict[str, rules.CustomField]:
    choices = {item.name.lower(): [value.value for value in item.values] for item in picklists}
    found: dict[str, rules.CustomField] = {}
    for item in fields:
        kind: Any = _KIND_OF_NAME[item.kind.lower()]
        options = tuple(choices.get((item.picklist or "").lower(), ()))
        if item.is_active:
            found[item.name] = rules.CustomField(kind, item.max_length or 500, options)
    return found


def _consent(item: kinds.ConsentType) -> rules.ConsentType:
    versions = item.versions
    locales = dict.fromkeys(text.locale for one in versions for text in one.localized_fields)
    return rules.ConsentType(
        versions=tuple(one.consent_version for one in versions),
        locales=tuple(locales),
        version_locales={
            one.consent_version: tuple(text.locale for text in one.localized_fields)
            for one in versions
        },
        retired=tuple(one.consent_version for one in versions if not one.is_active),
        active=item.is_active,
        expires={
            one.consent_version: one.expiration_in_days
            for one in versions
            if one.expiration_in_days
        },
    )
