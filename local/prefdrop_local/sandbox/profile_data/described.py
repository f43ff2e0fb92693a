"""The Data API's operations, described."""

from __future__ import annotations

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.openapi.description import (
    FLAG,
    TEXT,
    Described,
    Parameter,
    Schema,
    array,
    mapping,
    ref,
    text,
    whole,
)

_READS = (400, 403)
_WRITES = (400, 403, 409, 415)
_SAVED = ref("Saved")
_PROFILE = ref("Profile")
_RECORD = ref("Record")
_PATCH = ref("Patch")
_HISTORY = ref("History")
_FOUND = whole({NAMES["profiles.items"].value: array(_PROFILE)})


def _asked(name: str, *, required: bool = False) -> Parameter:
    return Parameter(NAMES[f"query.{name}"].value, TEXT, required)


_SCOPE = tuple(
    Parameter(NAMES[f"query.{name}"].value, FLAG)
    for name in ("implied", "include_inactive", "include_consent_history")
)
_IDENTITY = (_asked("alternate_id", required=True), _asked("alternate_id_type", required=True))
_GROUP = (_asked("group_type", required=True), _asked("group_name"))
_EMAIL = (_asked("email_address", required=True), _asked("email_type"))
_PHONE = (_asked("phone_number", required=True), _asked("phone_type"))
_ADDRESS = (
    Parameter("city", TEXT, required=True),
    Parameter("stateProvince", TEXT, required=True),
    *(
        Parameter(name, TEXT)
        for name in (
            "address1", "address2", "postalCode", "addressType", "firstName", "middleName",
            "lastName",
        )
    ),
    Parameter("partialAddress1Match", FLAG),
    Parameter("partialNameMatch", FLAG),
)  # fmt: skip
_ATTRIBUTES = NAMES["query.attributes"].value


def _search(summary: str, *query: Parameter, more: str = "") -> Described:
    return Described(summary, {200: _FOUND}, _READS, (*query, *_SCOPE), more_query=more)


def _write(summary: str, body: Schema = _RECORD, *query: Parameter) -> Described:
    return Described(summary, {200: _SAVED}, _WRITES, query, body=body)


def _upsert(summary: str, body: Schema, *query: Parameter) -> Described:
    return _write(summary, body, *query)._replace(answers={200: _SAVED, 201: _SAVED})


_PROFILES = {
    "profiles.create": Described(
        "Makes a profile with preferences and consents.", {201: _SAVED}, _WRITES, body=_RECORD
    ),
    "profiles.get": Described("One profile.", {200: _PROFILE}, _READS, _SCOPE),
    "profiles.update": _write("Adds or changes what is sent."),
    "profiles.overwrite": _write("Makes the profile what is sent; the rest becomes blank."),
    "profiles.patch": _write("Applies a JSON Patch, without move and copy.", _PATCH),
    "profiles.delete": Described(
        "Removes a profile for good.", {204: None}, _READS, (_asked("reason_code"),)
    ),
    "profiles.deactivate": Described(
        "Hides a profile: only its id finds it.", {200: _SAVED}, _WRITES,
        body=mapping({"Reason": text(256)}), needs_body=False,
    ),
    "profiles.activate": Described("Lets it be found again.", {200: _SAVED}, _WRITES),
    "profiles.get_by_alternate_id": Described(
        "The profile with an alternate id.", {200: _PROFILE}, _READS, (*_IDENTITY, *_SCOPE)
    ),
    "profiles.update_by_alternate_id": _upsert(
        "Adds or changes what is sent, on a new profile if need be.", _RECORD, *_IDENTITY
    ),
    "profiles.overwrite_by_alternate_id": _write("As by id.", _RECORD, *_IDENTITY),
    "profiles.patch_by_alternate_id": _write("As by id.", _PATCH, *_IDENTITY),
    "profiles.search_by_address": _search("Who has an address.", *_ADDRESS),
    "profiles.search_by_phone": _search("Who has a phone number.", *_PHONE),
    "profiles.search_by_email": _search("Who has an e-mail address.", *_EMAIL),
    "profiles.search_by_preference_attributes": _search(
        "Who has a preference with attributes.",
        more=f"{_ATTRIBUTES}[0].Key, {_ATTRIBUTES}[0].Value, {_ATTRIBUTES}[1].Key …",
    ),
}  # fmt: skip
_PREFERENCES = {
    "preferences.archive": Described(
        "Takes preferences out of force.", {204: None}, _WRITES, body=ref("ArchivedPreferences")
    ),
    "preferences.submit": _upsert(
        "Writes preferences, and the contacts they need.", ref("SubmittedPreferences")
    ),
    "preferences.history": Described(
        "Every state of a profile's preferences.", {200: _HISTORY}, _READS,
        (_asked("filter_id"),),
    ),
    "preferences.history_by_alternate_id": Described(
        "As by id.", {200: _HISTORY}, _READS, (_asked("filter_id"),)
    ),
    "consents.add": _write("Adds consents.", ref("Consents")),
    "consents.history": Described(
        "Every state of a profile's consents.", {200: _HISTORY}, _READS,
        (_asked("filter_id"),),
    ),
    "consents.history_by_alternate_id": Described(
        "As by id.", {200: _HISTORY}, _READS, (_asked("filter_id"),)
    ),
}  # fmt: skip
_GROUPS = {
    "group_profiles.of_profile": _search("Who is in a group with a profile.", *_GROUP),
    "group_profiles.by_email": _search(
        "Who is in a group with who has an e-mail address.", *_EMAIL, *_GROUP
    ),
    "group_profiles.by_phone": _search(
        "Who is in a group with who has a phone number.", *_PHONE, *_GROUP
    ),
}
DESCRIBED: dict[str, Described] = _PROFILES | _PREFERENCES | _GROUPS
