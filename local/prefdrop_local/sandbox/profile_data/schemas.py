"""JSON Schemas of a profile: what calls send of it, and what reads show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import CHANNELS
from prefdrop_local.sandbox.model import (
    ALTERNATE_ID,
    ALTERNATE_ID_TYPE,
    CONSENTS,
    CONTACT_KINDS,
    FIELD_NAME,
    FIELD_VALUE,
    GROUP_NAME,
    GROUP_TYPE,
    PHONE_NUMBER,
    PHONE_TYPE,
    PROFILE_PREFERENCES,
    TAG_NAME,
)
from prefdrop_local.sandbox.openapi.description import (
    ANYTHING,
    DATE,
    FLAG,
    ID,
    TEXT,
    array,
    mapping,
    nullable,
    one_of,
    ref,
    text,
)

Schema = Mapping[str, Any]

_NAME = mapping(
    {
        NAMES[f"name.{part}"].value: nullable(text(longest))
        for part, longest in {
            "prefix": 5,
            "first": 32,
            "middle": 32,
            "last": 32,
            "suffix": 32,
        }.items()
    }
)
_ATTRIBUTE = mapping({"Key": text(100, 1), "Value": text(1000)}, ("Key", "Value"))
_CONSENT = {
    "ConsentType": text(100, 1),
    "ConsentVersion": text(50, 1),
    "Locale": text(15, 1),
    "ConsentStatus": one_of(1, 2, 3, 4),
    "ConsentDate": nullable(DATE),
}
_CONSENT_NEEDS = ("ConsentType", "ConsentVersion", "Locale", "ConsentStatus")
_PREFERENCE = {
    "FilterId": text(50, 1),
    "PreferenceType": one_of(1, 2),
    "FrequencyId": nullable(text(20)),
    "PreferenceAttributes": nullable(array(_ATTRIBUTE)),
    "CustomerDate": nullable(DATE),
}
_PREFERENCE_NEEDS = ("FilterId", "PreferenceType")
_CONTACTS: Mapping[str, tuple[dict[str, Schema], tuple[str, ...]]] = {
    "Emails": (
        {"EmailAddressType": nullable(text(100, 1)), "EmailAddress": text(256, 1)},
        ("EmailAddress",),
    ),
    "PhoneNumbers": (
        {PHONE_TYPE: nullable(text(100, 1)), PHONE_NUMBER: text(50, 1), "IsMobile": nullable(FLAG)},
        (PHONE_NUMBER,),
    ),
    "Addresses": (
        {
            "AddressType": nullable(text(100, 1)),
            "Address1": text(125, 1),
            "Address2": nullable(text(125)),
            "City": text(50, 1),
            "StateProvince": text(50, 2),
            "PostalCode": text(15, 1),
            "CountryCode_Numeric": nullable(text(3)),
            "CountryCode_Alpha2": nullable(text(2)),
            "CountryCode_Alpha3": nullable(text(3)),
        },
        ("Address1", "City", "StateProvince", "PostalCode"),
    ),
}
_PLAIN = {
    "AlternateIds": mapping(
        {ALTERNATE_ID_TYPE: text(100, 1), ALTERNATE_ID: text(256, 1)},
        (ALTERNATE_ID_TYPE, ALTERNATE_ID),
    ),
    "Groups": mapping(
        {GROUP_TYPE: text(100, 1), GROUP_NAME: text(100, 1)}, (GROUP_TYPE, GROUP_NAME)
    ),
    "ProfileTags": mapping({TAG_NAME: text(100, 1)}, (TAG_NAME,)),
    "CustomFields": mapping({FIELD_NAME: text(100, 1), FIELD_VALUE: ANYTHING}, (FIELD_NAME,)),
}


def _record() -> Schema:
    """What a call may send of a profile."""
    consents = nullable(array(ref("Consent")))
    preferences = array(ref("Preference"))
    members: dict[str, Schema] = {
        "IsActive": nullable(FLAG),
        "DefaultLocale": nullable(text(15)),
        "RegistrationConfirmed": nullable(FLAG),
        "CustomerType": nullable(text(100, 1)),
        "PreservePreferences": nullable(FLAG),
        "PreserveConsents": nullable(FLAG),
        "CustomerName": nullable(_NAME),
        PROFILE_PREFERENCES: nullable(preferences),
        CONSENTS: consents,
        **{name: nullable(array(item)) for name, item in _PLAIN.items()},
    }
    return mapping(members | _contacts(preferences, consents))


def _contacts(preferences: Schema, consents: Schema) -> dict[str, Schema]:
    """The three collections of contacts with what hangs on them."""
    found: dict[str, Schema] = {}
    for kind in CONTACT_KINDS:
        members, needed = _CONTACTS[kind.collection]
        more = {"IsDefault": nullable(FLAG), kind.preferences: nullable(preferences)}
        item = mapping({**members, **more, CONSENTS: consents}, needed)
        found[kind.collection] = nullable(array(item))
    return found


def _consents() -> Schema:
    """What adds consents."""
    return mapping({CONSENTS: array(ref("Consent"), 1)}, (CONSENTS,))


def _profile() -> Schema:
    """A profile as reads show it. What a user may not see is missing."""
    consents = array(ref("ReadConsent"))
    members: dict[str, Schema] = {
        "ProfileId": ID,
        "IsActive": FLAG,
        "DefaultLocale": TEXT,
        "RegistrationConfirmed": FLAG,
        "CustomerType": TEXT,
        "CreateDate": TEXT,
        "LastModifiedDate": TEXT,
        "UserId": TEXT,
        "SourceId": TEXT,
        "CustomerName": _NAME,
        **{name: array(item) for name, item in _PLAIN.items()},
        **_read_contacts(consents),
        PROFILE_PREFERENCES: array(ref("ReadPreference")),
        CONSENTS: consents,
    }
    return mapping(members, ("ProfileId", "IsActive", "CreateDate", "LastModifiedDate"))


def _history() -> Schema:
    """Every state of preferences or consents, each where it belongs."""
    consents = array(ref("ReadConsent"))
    members: dict[str, Schema] = {
        "ProfileId": ID,
        **_read_contacts(consents),
        PROFILE_PREFERENCES: array(ref("ReadPreference")),
        CONSENTS: consents,
    }
    return mapping(members, ("ProfileId",))


def _read_contacts(consents: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for kind in CONTACT_KINDS:
        members, needed = _CONTACTS[kind.collection]
        more: dict[str, Schema] = {"IsActive": FLAG, kind.preferences: array(ref("ReadPreference"))}
        item = mapping({**members, **more, CONSENTS: consents}, (*needed, "IsActive"))
        found[kind.collection] = array(item)
    return found


def _read_consent() -> Schema:
    more = {"IsActive": FLAG, "ExpirationDate": nullable(TEXT), "Expired": FLAG}
    return mapping(
        {**_CONSENT, "ConsentDate": TEXT, **more}, (*_CONSENT_NEEDS, "ConsentDate", *more)
    )


def _read_preference() -> Schema:
    more: dict[str, Schema] = {
        "CustomerDate": TEXT,
        "ProgramId": TEXT,
        "ChannelId": one_of(*CHANNELS),
        "MatchType": one_of("Expressed", "Implied"),
        "PreferenceStatus": one_of("Active", "Expired", "Archived"),
        "ExpirationDate": TEXT,
        "ReasonCode": TEXT,
        "LastModifiedDate": TEXT,
        "UserId": TEXT,
        "SourceId": TEXT,
        CONSENTS: array(ref("ReadConsent")),
    }
    needed = (*_PREFERENCE_NEEDS, *(name for name in more if name != CONSENTS))
    return mapping(_PREFERENCE | more, needed)


def _preference() -> Schema:
    return mapping({**_PREFERENCE, CONSENTS: nullable(array(ref("Consent")))}, _PREFERENCE_NEEDS)


def _submitted(record: Schema) -> Schema:
    names = (PROFILE_PREFERENCES, CONSENTS, *(kind.collection for kind in CONTACT_KINDS))
    return mapping({name: record["properties"][name] for name in names})


def _archived(record: Schema) -> Schema:
    names = (PROFILE_PREFERENCES, *(kind.collection for kind in CONTACT_KINDS))
    named = {name: record["properties"][name] for name in names}
    return mapping({"GlobalDeactivate": FLAG, "Reason_Code": text(256), **named})


def _patch() -> Schema:
    members = {"op": one_of("add", "replace", "remove", "test"), "path": TEXT, "value": ANYTHING}
    return array(mapping(members, ("op", "path")))


SCHEMAS: Mapping[str, Schema] = {
    "Consent": mapping(_CONSENT, _CONSENT_NEEDS),
    "Preference": _preference(),
    "Record": _record(),
    "Consents": _consents(),
    "SubmittedPreferences": _submitted(_record()),
    "ArchivedPreferences": _archived(_record()),
    "Patch": _patch(),
    "Saved": mapping({"ProfileId": ID}, ("ProfileId",)),
    "ReadConsent": _read_consent(),
    "ReadPreference": _read_preference(),
    "Profile": _profile(),
    "History": _history(),
}
"""By the names under which descriptions refer to them."""
