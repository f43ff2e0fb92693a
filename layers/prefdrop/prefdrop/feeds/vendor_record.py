"""The vendor's profile record as far as Prefdrop knows it: members, kinds, lengths, needs.

One `Shape` per object of the record. The mapping compiler uses it to check paths and to write the
right JSON types, and the checks before staging use it to reject what the vendor must refuse.
Lengths and required members are those that the vendor's model pages confirm. Lengths that only the
vendor's 2.0 API states (name parts) are left to the vendor, so that no row is refused on a guess.
Members that Prefdrop does not know are passed on unchecked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mypreferences_assumptions import NAMES

Kind = Literal["text", "integer", "number", "boolean", "date", "any"]


class Field(NamedTuple):
    """One scalar member. Lengths are in characters, bounds are inclusive."""

    kind: Kind
    longest: int | None = None
    low: int | None = None
    high: int | None = None
    form: Literal["", "email", "phone"] = ""
    shortest: int = 0
    plain: int = -1
    """A text of at most this many characters is right, whatever it says; -1 where none is."""


@dataclass(frozen=True)
class Shape:
    """One object of the record: its scalar members, its child objects and its collections."""

    fields: dict[str, Field]
    required: tuple[str, ...] = ()
    objects: dict[str, Shape] = field(default_factory=dict)
    collections: dict[str, Shape] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()


_ANY_LENGTH = 1 << 40


def _name(key: str) -> str:
    return NAMES[key].value


def _text(longest: int | None = None, shortest: int = 0) -> Field:
    plain = -1 if shortest > 1 else longest if longest is not None else _ANY_LENGTH
    return Field("text", longest=longest, shortest=shortest, plain=plain)


_BOOLEAN = Field("boolean")
_DATE = Field("date")
_ANY = Field("any")

ATTRIBUTE = Shape({"Key": _text(), "Value": _ANY}, required=("Key",))

CONSENT = Shape(
    {
        "ConsentType": _text(100),
        "ConsentVersion": _text(50),
        "Locale": _text(15),
        "ConsentStatus": Field("integer", low=1, high=4),
        "ConsentDate": _DATE,
    },
    required=("ConsentType", "ConsentVersion", "Locale", "ConsentStatus"),
    read_only=frozenset({"ExpirationDate", "Expired", "Edited"}),
)

PREFERENCE = Shape(
    {
        "FilterId": _text(50),
        "PreferenceType": Field("integer", low=1, high=2),
        "FrequencyId": _text(20),
        "CustomerDate": _DATE,
    },
    required=("FilterId", "PreferenceType"),
    collections={"PreferenceAttributes": ATTRIBUTE, "Consents": CONSENT},
    read_only=frozenset(
        {
            "ProgramId",
            "ChannelId",
            "MatchType",
            "ReasonCode",
            "ExpirationDate",
            "PreferenceStatus",
            "LastModifiedDate",
            "UserId",
            "SourceId",
            "Edited",
        }
    ),
)

EMAIL = Shape(
    {
        "EmailAddressType": _text(100),
        "EmailAddress": Field("text", longest=256, form="email"),
        "IsDefault": _BOOLEAN,
    },
    required=("EmailAddress",),
    collections={"EmailPreferences": PREFERENCE, "Consents": CONSENT},
    read_only=frozenset({"IsActive", "Edited"}),
)

PHONE = Shape(
    {
        _name("phone.type"): _text(100),
        _name("phone.number"): Field("text", form="phone"),
        "IsMobile": _BOOLEAN,
        "IsDefault": _BOOLEAN,
    },
    required=(_name("phone.number"),),
    collections={_name("phone.preferences"): PREFERENCE, "Consents": CONSENT},
    read_only=frozenset({"IsActive", "Edited"}),
)

ADDRESS = Shape(
    {
        "AddressType": _text(100),
        "IsDefault": _BOOLEAN,
        "Address1": _text(125),
        "Address2": _text(125),
        "City": _text(50),
        "StateProvince": _text(50, shortest=2),
        "PostalCode": _text(15),
        "CountryCode_Numeric": _text(3),
        "CountryCode_Alpha2": _text(2),
        "CountryCode_Alpha3": _text(3),
    },
    required=("Address1", "City", "StateProvince", "PostalCode"),
    collections={_name("address.preferences"): PREFERENCE, "Consents": CONSENT},
    read_only=frozenset({"IsActive", "Edited"}),
)

ALTERNATE_ID = Shape(
    {_name("alternate_id.type"): _text(100), _name("alternate_id.value"): _text()},
    required=(_name("alternate_id.type"), _name("alternate_id.value")),
)

GROUP = Shape(
    {_name("group.type"): _text(), _name("group.name"): _text()}, required=(_name("group.name"),)
)

TAG = Shape({_name("tag.name"): _text()}, required=(_name("tag.name"),))

CUSTOM_FIELD = Shape(
    {_name("custom_field.name"): _text(), _name("custom_field.value"): _ANY},
    required=(_name("custom_field.name"),),
)

CUSTOMER_NAME = Shape({_name(key): _text() for key in NAMES if key.startswith("name.")})

RECORD = Shape(
    {
        "ProfileId": Field("integer", low=1, high=2**63 - 1),
        "IsActive": _BOOLEAN,
        "DefaultLocale": _text(15),
        "RegistrationConfirmed": _BOOLEAN,
        "CustomerType": _text(100),
        "PreservePreferences": _BOOLEAN,
        "PreserveConsents": _BOOLEAN,
        "ReasonCode": _text(256),
    },
    objects={"CustomerName": CUSTOMER_NAME},
    collections={
        "AlternateIds": ALTERNATE_ID,
        "Emails": EMAIL,
        "PhoneNumbers": PHONE,
        "Addresses": ADDRESS,
        "ProfilePreferences": PREFERENCE,
        "Consents": CONSENT,
        "Groups": GROUP,
        "ProfileTags": TAG,
        "CustomFields": CUSTOM_FIELD,
    },
    read_only=frozenset({"Edited"}),
)

ALTERNATE_ID_TYPE = _name("alternate_id.type")
ALTERNATE_ID_VALUE = _name("alternate_id.value")
PHONE_NUMBER = _name("phone.number")
PHONE_TYPE = _name("phone.type")
GROUP_TYPE = _name("group.type")
GROUP_NAME = _name("group.name")
CUSTOM_FIELD_NAME = _name("custom_field.name")
CUSTOM_FIELD_VALUE = _name("custom_field.value")
RECORDS_ROOT = _name("stage.records")
