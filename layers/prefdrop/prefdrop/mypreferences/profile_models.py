"""The profile as the vendor answers and takes it (vendor documentation of its data model)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.resources import PersonalData

OPT_IN, OPT_OUT = 1, 2
"""`preference_type` of a preference."""

GRANTED, DENIED, REVOKED, NOT_SET = 1, 2, 3, 4
"""`consent_status` of a consent."""

ConsentStatus = Literal[1, 2, 3, 4]
PreferenceType = Literal[1, 2]


def _names(**members: str) -> dict[str, str]:
    """Our field names to the vendor's, looked up in the table of assumptions."""
    return {field: NAMES[key].value for field, key in members.items()}


def _renamed(table: dict[str, str]) -> Any:
    """Names of the table where it has them, PascalCase otherwise."""

    def rename(field: str) -> str:
        return table.get(field) or "".join(word.capitalize() for word in field.split("_"))

    return rename


class PreferenceAttribute(PersonalData, frozen=True, kw_only=True):
    """A free key and value of a preference."""

    key: str = ""
    value: Any = None


class Consent(PersonalData, frozen=True, kw_only=True):
    """A consent of a profile; `expiration_date`, `expired` and `edited` are read-only.

    `consent_status` is 1 granted, 2 denied, 3 revoked or 4 not set. `consent_date` is aware; the
    vendor takes now where it is missing.
    """

    consent_type: str | None = None
    consent_version: str | None = None
    locale: str | None = None
    consent_status: int | None = None
    consent_date: datetime | None = None
    expiration_date: datetime | None = None
    expired: bool | None = None
    edited: Any = None


class Preference(PersonalData, frozen=True, kw_only=True):
    """An opt-in (1) or opt-out (2) for one filter; what the vendor adds is read-only.

    `customer_date` is when it was collected, aware; the vendor takes now where it is missing.
    """

    filter_id: str | None = None
    preference_type: int | None = None
    frequency_id: str | None = None
    customer_date: datetime | None = None
    preference_attributes: tuple[PreferenceAttribute, ...] = ()
    consents: tuple[Consent, ...] = ()
    program_id: str | None = None
    channel_id: str | None = None
    match_type: str | None = None
    preference_status: str | None = None
    expiration_date: datetime | None = None
    last_modified_date: datetime | None = None
    user_id: str | None = None
    source_id: str | None = None
    reason_code: str | None = None


class CustomerName(
    PersonalData,
    frozen=True,
    kw_only=True,
    rename=_renamed(
        _names(
            prefix="name.prefix",
            first_name="name.first",
            middle_name="name.middle",
            last_name="name.last",
            suffix="name.suffix",
        )
    ),
):
    """The parts of a person's name (O-5)."""

    prefix: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None


class AlternateId(
    PersonalData,
    frozen=True,
    kw_only=True,
    rename=_renamed(
        _names(alternate_id_type="alternate_id.type", alternate_id="alternate_id.value")
    ),
):
    """An id of the profile in another system (O-5); unique per type over all profiles."""

    alternate_id_type: str | None = None
    alternate_id: str | None = None


class Email(PersonalData, frozen=True, kw_only=True):
    """An e-mail address with its preferences and consents; `is_active` is read-only."""

    email_address_type: str | None = None
    email_address: str | None = None
    is_default: bool | None = None
    is_active: bool | None = None
    email_preferences: tuple[Preference, ...] = ()
    consents: tuple[Consent, ...] = ()


class PhoneNumber(
    PersonalData,
    frozen=True,
    kw_only=True,
    rename=_renamed(
        _names(
            phone_number_type="phone.type",
            phone_number="phone.number",
            phone_preferences="phone.preferences",
        )
    ),
):
    """A phone number with its preferences and consents (O-5)."""

    phone_number_type: str | None = None
    phone_number: str | None = None
    is_mobile: bool | None = None
    is_default: bool | None = None
    is_active: bool | None = None
    phone_preferences: tuple[Preference, ...] = ()
    consents: tuple[Consent, ...] = ()


class Address(
    PersonalData,
    frozen=True,
    kw_only=True,
    rename=_renamed(
        {
            **_names(address_preferences="address.preferences"),
            "country_code_numeric": "CountryCode_Numeric",
            "country_code_alpha2": "CountryCode_Alpha2",
            "country_code_alpha3": "CountryCode_Alpha3",
        }
    ),
):
    """A postal address with its preferences and consents."""

    address_type: str | None = None
    is_default: bool | None = None
    is_active: bool | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state_province: str | None = None
    postal_code: str | None = None
    country_code_numeric: str | None = None
    country_code_alpha2: str | None = None
    country_code_alpha3: str | None = None
    address_preferences: tuple[Preference, ...] = ()
    consents: tuple[Consent, ...] = ()


class Group(
    PersonalData,
    frozen=True,
    kw_only=True,
    rename=_renamed(_names(group_type="group.type", group_name="group.name")),
):
    """A group that the profile belongs to (O-5)."""

    group_type: str | None = None
    group_name: str | None = None


class Tag(PersonalData, frozen=True, kw_only=True, rename=_renamed(_names(name="tag.name"))):
    """A tag of the profile (O-5)."""

    name: str | None = None


class CustomFieldValue(
    PersonalData,
    frozen=True,
    kw_only=True,
    rename=_renamed(_names(name="custom_field.name", value="custom_field.value")),
):
    """What one of the account's custom fields holds for the profile (O-5)."""

    name: str | None = None
    value: Any = None


class Profile(PersonalData, frozen=True, kw_only=True):
    """A profile with its contacts, identifiers, preferences and consents."""

    profile_id: int | None = None
    is_active: bool | None = None
    default_locale: str | None = None
    registration_confirmed: bool | None = None
    customer_type: str | None = None
    customer_name: CustomerName | None = None
    alternate_ids: tuple[AlternateId, ...] = ()
    emails: tuple[Email, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    addresses: tuple[Address, ...] = ()
    profile_preferences: tuple[Preference, ...] = ()
    consents: tuple[Consent, ...] = ()
    groups: tuple[Group, ...] = ()
    profile_tags: tuple[Tag, ...] = ()
    custom_fields: tuple[CustomFieldValue, ...] = ()
    preserve_preferences: bool | None = None
    preserve_consents: bool | None = None
    reason_code: str | None = None
    edited: Any = None

    def __repr__(self) -> str:
        return f"Profile(profile_id={self.profile_id!r}, ...)"
