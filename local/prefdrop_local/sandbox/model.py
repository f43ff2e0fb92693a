"""The names in a record, confirmed and assumed; assumed ones come from the shared table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from mypreferences_assumptions import NAMES

Item = dict[str, Any]

OPT_IN = 1
OPT_OUT = 2
GRANTED = 1
REVOKED = 3
DATA_CHANNEL_SMS = "Text"

ALTERNATE_ID_TYPE = NAMES["alternate_id.type"].value
ALTERNATE_ID = NAMES["alternate_id.value"].value
PHONE_TYPE = NAMES["phone.type"].value
PHONE_NUMBER = NAMES["phone.number"].value
GROUP_TYPE = NAMES["group.type"].value
GROUP_NAME = NAMES["group.name"].value
TAG_NAME = NAMES["tag.name"].value
FIELD_NAME = NAMES["custom_field.name"].value
FIELD_VALUE = NAMES["custom_field.value"].value

PROFILE_PREFERENCES = "ProfilePreferences"
CONSENTS = "Consents"


class ContactKind(NamedTuple):
    """One of the three collections of contact elements."""

    collection: str
    type_name: str
    preferences: str
    channels: frozenset[str]
    """Channels whose filters fit this kind of contact."""
    identity: Callable[[Item], tuple[str, ...]]
    """What makes two elements of one type the same contact."""


def _email_identity(item: Item) -> tuple[str, ...]:
    return (str(item["EmailAddress"]).lower(),)


def _phone_identity(item: Item) -> tuple[str, ...]:
    return (_digits(str(item[PHONE_NUMBER])),)


@lru_cache(maxsize=65_536)
def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _address_identity(item: Item) -> tuple[str, ...]:
    names = ("Address1", "Address2", "City", "StateProvince", "PostalCode")
    return tuple(str(item.get(name) or "").strip().lower() for name in names)


EMAILS = ContactKind(
    "Emails", "EmailAddressType", "EmailPreferences", frozenset({"Email"}), _email_identity
)
PHONES = ContactKind(
    "PhoneNumbers", PHONE_TYPE, NAMES["phone.preferences"].value,
    frozenset({"Phone", "Fax", "Text"}), _phone_identity,
)  # fmt: skip
ADDRESSES = ContactKind(
    "Addresses", "AddressType", NAMES["address.preferences"].value, frozenset({"Mail"}),
    _address_identity,
)  # fmt: skip
CONTACT_KINDS = (EMAILS, PHONES, ADDRESSES)


def alternate_ids(record: Item, type_name: str) -> list[str]:
    """The record's values of one alternate id type, which is compared without case."""
    wanted = type_name.lower()
    return [
        item[ALTERNATE_ID]
        for item in record.get("AlternateIds") or ()
        if str(item.get(ALTERNATE_ID_TYPE)).lower() == wanted
    ]


def preferences(record: Item) -> Iterator[tuple[ContactKind | None, Item, Item]]:
    """Every preference with its contact kind (None: the profile) and the item that holds it."""
    for kind in CONTACT_KINDS:
        for contact in record.get(kind.collection) or ():
            for preference in contact.get(kind.preferences) or ():
                yield kind, contact, preference
    for preference in record.get(PROFILE_PREFERENCES) or ():
        yield None, record, preference


def consents(record: Item) -> Iterator[Item]:
    """Every consent of the record, of its contacts and of their preferences."""
    yield from record.get(CONSENTS) or ()
    for kind in CONTACT_KINDS:
        for contact in record.get(kind.collection) or ():
            yield from contact.get(CONSENTS) or ()
    for _, _, preference in preferences(record):
        yield from preference.get(CONSENTS) or ()
