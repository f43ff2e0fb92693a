"""The shapes of a staged record for one account (lengths and required members: vendor's help)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_import.faults import Faults, Item
from prefdrop_local.sandbox.bulk_import.shapes import (
    Check,
    Shape,
    anything,
    boolean,
    date,
    integer,
    known,
    one_of,
    text,
)
from prefdrop_local.sandbox.model import (
    ADDRESSES,
    ALTERNATE_ID,
    ALTERNATE_ID_TYPE,
    CONSENTS,
    CONTACT_KINDS,
    EMAILS,
    FIELD_NAME,
    FIELD_VALUE,
    GROUP_NAME,
    GROUP_TYPE,
    PHONE_NUMBER,
    PHONE_TYPE,
    PHONES,
    PROFILE_PREFERENCES,
    TAG_NAME,
)


class RecordShapes:
    """Checks a record and everything in it, object by object."""

    def __init__(self, account: Account) -> None:
        self._record = Shape(_record_checks(account))
        self._name = Shape(_name_checks())
        self._attribute = Shape(
            {"Key": text(100, 1), "Value": text(1000)}, required=("Key", "Value")
        )
        self._preference = _preference_shape(account)
        self._consent = _consent_shape(account)
        self._contacts = {kind.collection: _contact_shape(kind.collection, account)
                          for kind in CONTACT_KINDS}  # fmt: skip
        self._plain = _plain_shapes(account)

    def check(self, record: Item, faults: Faults) -> None:
        """Bind names of the record and all its children, and note every broken rule."""
        self._record.check(record, faults)
        name = record.get("CustomerName")
        if isinstance(name, dict):
            self._name.check(name, faults)
        elif name is not None:
            faults.add(record, "InvalidType", "CustomerName must be an object.")
        for kind in CONTACT_KINDS:
            shape = self._contacts[kind.collection]
            for contact in children(record, kind.collection, faults):
                shape.check(contact, faults)
                self._check_preferences(contact, kind.preferences, faults)
                self._check_consents(contact, faults)
        self._check_preferences(record, PROFILE_PREFERENCES, faults)
        self._check_consents(record, faults)
        for collection, shape in self._plain.items():
            for item in children(record, collection, faults):
                shape.check(item, faults)

    def bind_all(self, record: Item) -> None:
        """Only give all members their proper spelling, as `check` does on the way."""
        self._record.bind(record)
        if record.get("CustomerName"):
            self._name.bind(record["CustomerName"])
        for kind in CONTACT_KINDS:
            shape = self._contacts[kind.collection]
            for contact in record.get(kind.collection) or ():
                shape.bind(contact)
                self._bind_preferences(contact.get(kind.preferences))
                self._bind_items(contact.get(CONSENTS), self._consent)
        self._bind_preferences(record.get(PROFILE_PREFERENCES))
        self._bind_items(record.get(CONSENTS), self._consent)
        for collection, shape in self._plain.items():
            self._bind_items(record.get(collection), shape)

    def _bind_preferences(self, preferences: list[Item] | None) -> None:
        for preference in preferences or ():
            self._preference.bind(preference)
            self._bind_items(preference.get("PreferenceAttributes"), self._attribute)
            self._bind_items(preference.get(CONSENTS), self._consent)

    @staticmethod
    def _bind_items(items: list[Item] | None, shape: Shape) -> None:
        for item in items or ():
            shape.bind(item)

    def _check_preferences(self, holder: Item, collection: str, faults: Faults) -> None:
        for preference in children(holder, collection, faults):
            self._preference.check(preference, faults)
            for attribute in children(preference, "PreferenceAttributes", faults):
                self._attribute.check(attribute, faults)
            self._check_consents(preference, faults)

    def _check_consents(self, holder: Item, faults: Faults) -> None:
        for consent in children(holder, CONSENTS, faults):
            self._consent.check(consent, faults)


def children(holder: Item, collection: str, faults: Faults) -> Iterator[Item]:
    """The objects of a collection; anything else in it is a fault of its holder."""
    items = holder.get(collection)
    if items is None:
        return
    if not isinstance(items, list):
        faults.add(holder, "InvalidType", f"{collection} must be an array.")
        return
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield item
        else:
            faults.add(holder, "InvalidType", f"{collection}[{index}] must be an object.")


def _record_checks(account: Account) -> dict[str, Check]:
    return {
        "ProfileId": integer,
        "IsActive": boolean,
        "DefaultLocale": text(15),
        "RegistrationConfirmed": boolean,
        "CustomerType": known(
            account.customer_types, "UnknownCustomerType", "a customer type", 100
        ),
        "PreservePreferences": boolean,
        "PreserveConsents": boolean,
        "ReasonCode": text(256),
        **dict.fromkeys(
            ("CustomerName", "AlternateIds", "Emails", "PhoneNumbers", "Addresses", "Groups",
             "ProfilePreferences", "Consents", "ProfileTags", "CustomFields"), anything,
        ),
    }  # fmt: skip


def _name_checks() -> dict[str, Check]:
    """Lengths are those of the vendor's older API (Prefix 5, names 32)."""
    lengths = {"prefix": 5, "first": 32, "middle": 32, "last": 32, "suffix": 32}
    return {NAMES[f"name.{part}"].value: text(length) for part, length in lengths.items()}


def _preference_shape(account: Account) -> Shape:
    return Shape(
        {
            "FilterId": known(account.filters, "UnknownFilter", "a filter", 50),
            "PreferenceType": one_of((1, 2), "1 (opt-in) or 2 (opt-out)"),
            "FrequencyId": text(20),
            "PreferenceAttributes": anything,
            "CustomerDate": date,
            CONSENTS: anything,
        },
        required=("FilterId", "PreferenceType"),
    )


def _consent_shape(account: Account) -> Shape:
    return Shape(
        {
            "ConsentType": known(
                account.active_consents(), "UnknownConsentType", "a consent type", 100
            ),
            "ConsentVersion": text(50, 1),
            "Locale": text(15, 1),
            "ConsentStatus": one_of(
                (1, 2, 3, 4), "1 (granted), 2 (denied), 3 (revoked) or 4 (not set)"
            ),
            "ConsentDate": date,
        },
        required=("ConsentType", "ConsentVersion", "Locale", "ConsentStatus"),
    )


def _contact_shape(collection: str, account: Account) -> Shape:
    checks: dict[str, dict[str, Check]] = {
        EMAILS.collection: {
            "EmailAddressType": known(
                account.email_types, "UnknownEmailType", "an e-mail type", 100
            ),
            "EmailAddress": text(256, 1, account.email_pattern),
        },
        PHONES.collection: {
            PHONE_TYPE: known(account.phone_types, "UnknownPhoneType", "a phone type", 100),
            PHONE_NUMBER: text(50, 1, account.phone_pattern),
            "IsMobile": boolean,
        },
        ADDRESSES.collection: {
            "AddressType": known(
                account.address_types, "UnknownAddressType", "an address type", 100
            ),
            "Address1": text(125, 1),
            "Address2": text(125),
            "City": text(50, 1),
            "StateProvince": text(50, 2),
            "PostalCode": text(15, 1),
            "CountryCode_Numeric": text(3),
            "CountryCode_Alpha2": text(2),
            "CountryCode_Alpha3": text(3),
        },
    }  # fmt: skip
    required = {
        EMAILS.collection: ("EmailAddress",),
        PHONES.collection: (PHONE_NUMBER,),
        ADDRESSES.collection: ("Address1", "City", "StateProvince", "PostalCode"),
    }
    preferences = {kind.collection: kind.preferences for kind in CONTACT_KINDS}[collection]
    common: Mapping[str, Check] = {"IsDefault": boolean, preferences: anything, CONSENTS: anything}
    return Shape({**checks[collection], **common}, required[collection])


def _plain_shapes(account: Account) -> dict[str, Shape]:
    """Collections whose items hold nothing but plain members."""
    types = known(account.alternate_id_types, "UnknownAlternateIdType", "an alternate id type", 100)
    fields = known(account.custom_fields, "UnknownCustomField", "a custom field", 100)
    return {
        "AlternateIds": Shape(
            {ALTERNATE_ID_TYPE: types, ALTERNATE_ID: text(256, 1)},
            (ALTERNATE_ID_TYPE, ALTERNATE_ID),
        ),
        "Groups": Shape(
            {
                GROUP_TYPE: known(account.groups, "UnknownGroupType", "a group type", 100),
                GROUP_NAME: text(100, 1),
            },
            (GROUP_TYPE, GROUP_NAME),
        ),
        "ProfileTags": Shape({TAG_NAME: text(100, 1)}, (TAG_NAME,)),
        "CustomFields": Shape({FIELD_NAME: fields, FIELD_VALUE: anything}, (FIELD_NAME,)),
    }
