"""Writes a record into a profile: what is sent is added or updated, what is not sent stays.

The refresh flags make exceptions: then what an import leaves out is deactivated (alternate ids,
contacts, groups) or deleted (tags, custom fields).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from prefdrop_local.sandbox.account import Account, Filter
from prefdrop_local.sandbox.dates import stored_date
from prefdrop_local.sandbox.model import (
    CONSENTS,
    CONTACT_KINDS,
    DATA_CHANNEL_SMS,
    GRANTED,
    OPT_IN,
    OPT_OUT,
    PHONES,
    PROFILE_PREFERENCES,
    REVOKED,
    ContactKind,
    Item,
)
from prefdrop_local.sandbox.profiles.history import Former
from prefdrop_local.sandbox.profiles.parts import (
    archive_preference,
    contact_name,
    find_preference,
    is_stale,
    is_stale_consent,
    preference_lists,
    sent_date,
)
from prefdrop_local.sandbox.profiles.plain_items import merge_plain

_CLEARED = frozenset(("DefaultLocale", "RegistrationConfirmed", "CustomerType"))
"""Members that an explicit null sets back, as it clears parts of a name or of a contact (O-21)."""
_CONTROL = frozenset(("PreservePreferences", "PreserveConsents", "ReasonCode", "ProfileId"))
_COLLECTIONS = frozenset(
    (*(kind.collection for kind in CONTACT_KINDS), "AlternateIds", PROFILE_PREFERENCES, CONSENTS,
     "Groups", "ProfileTags", "CustomFields", "CustomerName")
)  # fmt: skip
_PREFERENCE_FACTS = (
    "PreferenceType", "FrequencyId", "PreferenceAttributes", "CustomerDate", "PreferenceStatus",
)  # fmt: skip
_CONSENT_FACTS = ("ConsentStatus", "ConsentDate", "IsActive")


def blank_members(account: Account) -> Item:
    """What the members of a profile that cannot be empty hold while nothing is said of them."""
    return {
        "DefaultLocale": account.locale,
        "RegistrationConfirmed": False,
        "CustomerType": account.customer_types[0],
    }


class Writing(NamedTuple):
    """Who writes, when, and with which flags."""

    moment: str
    """One date for everything an import creates or changes; also the default of sent dates."""
    user_id: str
    source: str
    flags: frozenset[str]
    always_archive: bool = False
    """Contacts that a refresh drops lose their preferences whatever the record says."""


class Merger:
    """Merges records into profiles for one import."""

    def __init__(self, account: Account, writing: Writing) -> None:
        self._account = account
        self._writing = writing
        self._filters = {name.lower(): value for name, value in account.filters.items()}
        self._phone_types = {name.lower(): value for name, value in account.phone_types.items()}
        self._default_types = {
            "Emails": account.email_types[0],
            "PhoneNumbers": next(iter(account.phone_types)),
            "Addresses": account.address_types[0],
        }
        self._consent_order = {
            name.lower(): {version: place for place, version in enumerate(consent.versions)}
            for name, consent in account.consents.items()
        }
        self.former: list[Former] = []
        """What was written over; whoever saves the profiles keeps it too."""
        self._profile_id = 0
        self._contact: tuple[ContactKind, Item] | None = None
        self._opted_out: set[str] = set()
        """Consents that an opt-out of the record is linked to."""

    def new_profile(self, profile_id: int) -> Item:
        """An empty profile with the account's defaults."""
        return {
            "ProfileId": profile_id,
            "IsActive": True,
            **blank_members(self._account),
            "CreateDate": self._writing.moment,
            "SourceId": self._writing.source,
            "UserId": self._writing.user_id,
        }

    def merge(self, profile: Item, record: Item) -> None:
        """Write the record into the profile. The record must have passed all checks."""
        self._profile_id = profile["ProfileId"]
        self._opted_out.clear()
        for name, value in record.items():
            if value is not None and name not in _COLLECTIONS and name not in _CONTROL:
                profile[name] = value
            elif value is None and name in _CLEARED:
                profile[name] = blank_members(self._account)[name]
        if "CustomerName" in record and record["CustomerName"] is None:
            profile.pop("CustomerName", None)
        if record.get("CustomerName") is not None:
            profile.setdefault("CustomerName", {}).update(record["CustomerName"])
        merge_plain(profile, record, self._writing.flags)
        for kind in CONTACT_KINDS:
            self._merge_contacts(profile, record, kind)
        self._merge_preferences(profile, record.get(PROFILE_PREFERENCES), PROFILE_PREFERENCES)
        taken = self._merge_consents(profile, record)
        self._revoke_linked(profile)
        self._archive_linked(profile, taken)
        profile["LastModifiedDate"] = self._writing.moment

    def effective_mobile(self, phone: Item, stored: Item | None) -> bool:
        """Whether a number is mobile once this element is merged."""
        for source in (phone, stored or {}):
            if source.get("IsMobile") is not None:
                return bool(source["IsMobile"])
        type_name = phone.get(PHONES.type_name) or self._default_types["PhoneNumbers"]
        return self._phone_types.get(str(type_name).lower(), False)

    def contact_key(self, kind: ContactKind, item: Item) -> Hashable:
        """What makes two elements the same contact: the type and the value."""
        type_name = item.get(kind.type_name) or self._default_types[kind.collection]
        return (str(type_name).lower(), kind.identity(item))

    def find_contact(self, profile: Item, kind: ContactKind, item: Item) -> Item | None:
        """The stored element that a sent one means."""
        stored = profile.get(kind.collection)
        if not stored:
            return None
        key = self.contact_key(kind, item)
        return next((old for old in stored if self.contact_key(kind, old) == key), None)

    def _merge_contacts(self, profile: Item, record: Item, kind: ContactKind) -> None:
        sent = record.get(kind.collection)
        if "RefreshContacts" in self._writing.flags and profile.get(kind.collection):
            self._drop_contacts(profile, sent or [], kind, record)
        for item in sent or ():
            stored = self.find_contact(profile, kind, item)
            if stored is None:
                stored = {kind.type_name: self._default_types[kind.collection]}
                profile.setdefault(kind.collection, []).append(stored)
            self._merge_contact(profile, stored, item, kind)

    def _drop_contacts(
        self, profile: Item, sent: list[Item], kind: ContactKind, record: Item
    ) -> None:
        keys = {self.contact_key(kind, item) for item in sent}
        for stored in profile[kind.collection]:
            if self.contact_key(kind, stored) in keys or not stored["IsActive"]:
                continue
            stored["IsActive"] = False
            if self._writing.always_archive or record.get("PreservePreferences") is False:
                _archive(stored.get(kind.preferences) or ())
            if record.get("PreserveConsents") is False:
                for consent in stored.get(CONSENTS) or ():
                    consent["IsActive"] = False

    def _merge_contact(self, profile: Item, stored: Item, item: Item, kind: ContactKind) -> None:
        if kind is PHONES and stored.get("IsMobile") and item.get("IsMobile") is False:
            _archive(stored.get(kind.preferences) or (), DATA_CHANNEL_SMS)
        if item.get("IsDefault"):
            for other in profile[kind.collection]:
                if other.get("IsDefault"):
                    other["IsDefault"] = False
        for name, value in item.items():
            if name != kind.preferences and name != CONSENTS:
                stored[name] = value
        stored["IsActive"] = True
        self._contact = (kind, stored)
        self._merge_preferences(stored, item.get(kind.preferences), kind.preferences)
        self._merge_consents(stored, item)
        self._contact = None

    def _merge_preferences(self, holder: Item, sent: list[Item] | None, collection: str) -> None:
        for item in sent or ():
            stored = find_preference(holder, collection, item)
            if stored is None:
                stored = {}
                holder.setdefault(collection, []).append(stored)
            elif is_stale(stored, item):
                continue
            was = {name: value for name, value in stored.items() if name != CONSENTS}
            self._merge_preference(stored, item)
            self._keep(collection, was, stored, _PREFERENCE_FACTS)

    def _keep(self, collection: str, was: Item, now: Item, facts: tuple[str, ...]) -> None:
        """Remember what an item was if it says something else now."""
        if was and any(was.get(name) != now.get(name) for name in facts):
            contact = contact_name(*self._contact) if self._contact else ""
            self.former.append(Former(self._profile_id, collection, contact, was))

    def _merge_preference(self, stored: Item, item: Item) -> None:
        chosen: Filter = self._filters[item["FilterId"].lower()]
        stored.setdefault("FrequencyId", chosen.frequency)
        stored.update((name, value) for name, value in item.items() if name != CONSENTS)
        if chosen.consent and item["PreferenceType"] == OPT_OUT:
            self._opted_out.add(chosen.consent.lower())
        stored["CustomerDate"] = sent_date(item) or self._writing.moment
        stored.pop("ReasonCode", None)  # why it was archived, if it was
        stored |= {
            "ProgramId": chosen.program,
            "ChannelId": chosen.channel,
            "IsActive": True,
            "PreferenceStatus": "Active",
            "LastModifiedDate": self._writing.moment,
            "UserId": self._writing.user_id,
            "SourceId": self._writing.source,
        }
        self._merge_consents(stored, item, keep=False)

    def _merge_consents(self, holder: Item, sent: Item, *, keep: bool = True) -> list[Item]:
        """The consents that were taken: not those that are older than what is stored.

        With `keep`, what is written over is remembered: of profiles and contacts.
        """
        taken: list[Item] = []
        for item in sent.get(CONSENTS) or ():
            stored = holder.setdefault(CONSENTS, [])
            if is_stale_consent(stored, item):
                continue
            taken.append(item)
            same = [old for old in stored if _consent_key(old) == _consent_key(item)]
            newest = self._supersede(stored, item)
            consent = item | {"IsActive": newest, "ConsentDate": self._consent_date(item)}
            if same:
                was = dict(same[0]) if keep else {}
                same[0].update(consent)
                self._keep(CONSENTS, was, same[0], _CONSENT_FACTS)
            else:
                stored.append(consent)
        return taken

    def _consent_date(self, item: Item) -> str:
        date = item.get("ConsentDate")
        return stored_date(date) if date else self._writing.moment

    def _supersede(self, stored: list[Item], item: Item) -> bool:
        """The same version in another locale, and every older version, make room.

        False where a newer version, sent with the same record, is in force already.
        """
        order = self._consent_order[item["ConsentType"].lower()]
        newest = True
        for old in stored:
            if old["ConsentType"].lower() != item["ConsentType"].lower():
                continue
            if order[old["ConsentVersion"]] <= order[item["ConsentVersion"]]:
                old["IsActive"] = False
            elif old["IsActive"]:
                newest = False
        return newest

    def _revoke_linked(self, profile: Item) -> None:
        """Opting out of a preference that is linked to a consent revokes a granted one."""
        linked = self._opted_out
        for consent in profile.get(CONSENTS) or () if linked else ():
            if consent["ConsentType"].lower() in linked and consent["ConsentStatus"] == GRANTED:
                was = dict(consent)
                consent["ConsentStatus"] = REVOKED
                self._keep(CONSENTS, was, consent, _CONSENT_FACTS)

    def _archive_linked(self, profile: Item, taken: list[Item]) -> None:
        """Revoking a consent archives the opt-ins that are linked to it (vendor documentation)."""
        revoked = {
            item["ConsentType"].lower() for item in taken if item["ConsentStatus"] == REVOKED
        }
        for holder, name in preference_lists(profile) if revoked else ():
            for stored in holder.get(name) or ():
                chosen = self._filters.get(stored["FilterId"].lower())
                linked = chosen is not None and chosen.consent.lower() in revoked
                if linked and stored["IsActive"] and stored["PreferenceType"] == OPT_IN:
                    archive_preference(stored)


def _archive(preferences: list[Item] | tuple[()], channel: str | None = None) -> None:
    for preference in preferences:
        if channel is None or preference.get("ChannelId") == channel:
            archive_preference(preference)


def _consent_key(item: Item) -> Hashable:
    return (item["ConsentType"].lower(), item["ConsentVersion"], item["Locale"].lower())
