"""What the account, not the caller, decides about items that are created or updated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.configuration.items import (
    ConsentType,
    EmailType,
    Localized,
    TypeItem,
)
from prefdrop_local.sandbox.problem import bad_request

Finish = Callable[[Any, Any], None]
"""Changes an item before it is written; it is also given the one that it takes the place of."""


def finishers(account: Account) -> dict[str, Finish]:
    """By kind of item."""

    def finish_type(item: TypeItem, old: TypeItem | None) -> None:
        if old is not None:
            item.type_name = old.type_name
        if not item.localized_fields:
            item.localized_fields = [Localized(account.locale, item.type_name)]

    def finish_email_type(item: EmailType, old: EmailType | None) -> None:
        finish_type(item, old)
        item.regular_expression = account.email_pattern

    plain = ("address_types", "alternate_id_types", "customer_types", "phone_types")
    return {
        **dict.fromkeys(plain, finish_type),
        "email_types": finish_email_type,
        "consent_types": finish_consent,
    }


def finish_consent(item: ConsentType, old: ConsentType | None) -> None:
    """Versions are told apart, and those that profiles may have never go, they only retire."""
    sent = {one.consent_version for one in item.versions}
    if len(sent) != len(item.versions):
        raise bad_request("Versions names a version twice.")
    if old is None:
        return
    item.type_name = old.type_name
    order = {one.consent_version: one for one in old.versions}
    for version in order.values():
        if version.consent_version not in sent:
            version.is_active = False
    given = {one.consent_version: one for one in item.versions}
    item.versions = list({**order, **given}.values())
