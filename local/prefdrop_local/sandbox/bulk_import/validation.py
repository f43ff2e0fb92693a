"""What staging checks in each record, beyond the shapes of its objects.

Rules that need the stored profile (prior consents, conflicts) are applied at execution instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from prefdrop_local.sandbox.account import Account, Channel, ConsentType, CustomField, Filter, User
from prefdrop_local.sandbox.bulk_import.faults import INVALID_TYPE, Faults, Item
from prefdrop_local.sandbox.bulk_import.record_shapes import RecordShapes
from prefdrop_local.sandbox.bulk_import.shapes import date
from prefdrop_local.sandbox.bulk_import.spec import ImportSpec
from prefdrop_local.sandbox.model import (
    ALTERNATE_ID_TYPE,
    CONTACT_KINDS,
    FIELD_NAME,
    FIELD_VALUE,
    GROUP_NAME,
    GROUP_TYPE,
    ContactKind,
    alternate_ids,
    consents,
    preferences,
)

Holds = Callable[[str, str], bool]
"""Whether any profile holds this alternate id: (type, value)."""

_PROFILE_MEMBERS = (
    "IsActive", "DefaultLocale", "RegistrationConfirmed", "CustomerType", "CustomerName", "Groups",
    "ProfileTags", "CustomFields",
)  # fmt: skip


class Verdict(NamedTuple):
    """What staging found out about a record."""

    ok: bool
    wrong_type: bool
    """A member has another JSON type than its rule says."""


class RecordValidator:
    """Checks records for one import and one user."""

    def __init__(self, account: Account, user: User, spec: ImportSpec, holds: Holds) -> None:
        self._account = account
        self._user = user
        self._spec = spec
        self._holds = holds
        self._shapes = RecordShapes(account)
        self._filters = {name.lower(): value for name, value in account.filters.items()}
        self._consents = {name.lower(): value for name, value in account.consents.items()}
        self._locales = {
            (name, version): frozenset(
                map(_folded_locale, account.consent_locales(consent, version))
            )
            for name, consent in self._consents.items()
            for version in consent.versions
        }
        self._fields = {name.lower(): value for name, value in account.custom_fields.items()}
        self._groups = {
            name.lower(): {group.lower() for group in groups}
            for name, groups in account.groups.items()
        }
        self._channels: frozenset[Channel] = frozenset(user.channels)

    def check(self, record: Item) -> Verdict:
        """Judge a record; a failing one gets its reasons written into it."""
        faults = Faults()
        self._shapes.check(record, faults)
        if not faults:
            self._check_meaning(record, faults)
        return Verdict(not faults, INVALID_TYPE in faults.codes)

    def _check_meaning(self, record: Item, faults: Faults) -> None:
        """Rules across members; they rely on the shapes being right."""
        self._check_match(record, faults)
        if not self._user.profiles:
            self._check_profile_permission(record, faults)
        for kind, _, preference in preferences(record):
            self._check_preference(kind, preference, faults)
        for consent in consents(record):
            self._check_consent(consent, faults)
        for kind in CONTACT_KINDS:
            _check_defaults(record, kind, faults)
        if record.get("CustomFields"):
            self._check_custom_fields(record, faults)
        if record.get("Groups"):
            self._check_groups(record, faults)

    def _check_match(self, record: Item, faults: Faults) -> None:
        match_type = self._spec.match_type
        deleting = self._spec.action == "Delete"
        if match_type is None:
            if deleting and record.get("ProfileId") is None:
                faults.add(record, "Required", "ProfileId is required to delete a profile.")
            return
        values = alternate_ids(record, match_type)
        if len(values) != 1:
            code = "AmbiguousMatch" if values else "MatchValueMissing"
            text = f"The record must have exactly one {ALTERNATE_ID_TYPE} {match_type}."
            faults.add(record, code, text)
        elif deleting and not self._holds(match_type, values[0]):
            text = f"No profile has this value of {ALTERNATE_ID_TYPE} {match_type}."
            faults.add(record, "AlternateIdNotMatched", text)

    def _check_profile_permission(self, record: Item, faults: Faults) -> None:
        for name in _PROFILE_MEMBERS:
            if record.get(name) is not None:
                text = f"The user may not write {name} (profile permission)."
                faults.add(record, "NotPermitted", text)

    def _check_preference(self, kind: ContactKind | None, item: Item, faults: Faults) -> None:
        chosen: Filter = self._filters[item["FilterId"].lower()]
        if kind and chosen.channel not in kind.channels:
            text = f"FilterId belongs to channel {chosen.channel}, not to {kind.collection}."
            faults.add(item, "ChannelMismatch", text)
        if not self._user.preferences:
            text = "The user may not write preferences (preference permission)."
            faults.add(item, "NotPermitted", text)
        elif chosen.channel not in self._channels:
            text = f"The user may not write preferences of channel {chosen.channel}."
            faults.add(item, "NotPermitted", text)

    def _check_consent(self, item: Item, faults: Faults) -> None:
        name = item["ConsentType"].lower()
        consent: ConsentType = self._consents[name]
        version = item["ConsentVersion"]
        if version not in consent.versions or version in consent.retired:
            text = "ConsentVersion is not a version of this consent type."
            faults.add(item, "UnknownConsentVersion", text)
        elif _folded_locale(item["Locale"]) not in self._locales[name, version]:
            text = "Locale is not one this consent's text exists in."
            faults.add(item, "UnknownConsentLocale", text)
        if not self._user.preferences:
            text = "The user may not write consents (preference permission)."
            faults.add(item, "NotPermitted", text)

    def _check_custom_fields(self, record: Item, faults: Faults) -> None:
        for item in record["CustomFields"]:
            problem = _misfit(self._fields[item[FIELD_NAME].lower()], item.get(FIELD_VALUE))
            if problem:
                faults.add(item, "InvalidCustomField", f"{FIELD_VALUE} {problem}.")

    def _check_groups(self, record: Item, faults: Faults) -> None:
        for item in record["Groups"]:
            if item[GROUP_NAME].lower() not in self._groups[item[GROUP_TYPE].lower()]:
                text = f"{GROUP_NAME} is not a group of this {GROUP_TYPE}."
                faults.add(item, "UnknownGroup", text)


def _check_defaults(record: Item, kind: ContactKind, faults: Faults) -> None:
    contacts = record.get(kind.collection) or ()
    if len(contacts) > 1 and sum(item.get("IsDefault") is True for item in contacts) > 1:
        text = f"Only one of {kind.collection} may be the default."
        faults.add(record, "SeveralDefaults", text)


def _misfit(field: CustomField, value: object) -> str | None:
    """What is wrong with a custom field's value; None clears the field."""
    if value is None:
        return None
    if field.kind == "numeric":
        return None if _is_number(value) else "must be a number"
    if not isinstance(value, str):
        return "must be a string"
    if field.kind == "datetime":
        finding = date(value)
        return finding[1] if finding else None
    if field.kind == "selectlist":
        return None if value in field.options else "is not one of the field's options"
    return None if len(value) <= field.max_length else f"is longer than {field.max_length}"


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _folded_locale(locale: str) -> str:
    """The vendor writes `en_US` in data and `en-us` in queries."""
    return locale.replace("-", "_").lower()
