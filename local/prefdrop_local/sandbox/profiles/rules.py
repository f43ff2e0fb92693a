"""Why a valid record may still fail, or not be honoured, once it meets the stored profile."""

from __future__ import annotations

from collections.abc import Callable

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_import.faults import Faults
from prefdrop_local.sandbox.model import (
    ALTERNATE_ID_TYPE,
    CONSENTS,
    CONTACT_KINDS,
    DATA_CHANNEL_SMS,
    PHONES,
    PROFILE_PREFERENCES,
    Item,
    consents,
    preferences,
)
from prefdrop_local.sandbox.profiles.merge import Merger
from prefdrop_local.sandbox.profiles.parts import find_preference, is_stale, is_stale_consent
from prefdrop_local.sandbox.profiles.repository import Key

Holder = Callable[[Key], int | None]


class Rules:
    """The checks of execution for one import."""

    def __init__(self, account: Account, merger: Merger, allow_prior_consents: bool) -> None:
        self._merger = merger
        self._allow_prior = allow_prior_consents
        self._channels = {name.lower(): value.channel for name, value in account.filters.items()}
        self._versions = {name.lower(): value.versions for name, value in account.consents.items()}

    def check(
        self, profile: Item, record: Item, new_keys: set[Key], holder: Holder, faults: Faults
    ) -> None:
        """Note every reason why the record cannot be applied to the profile."""
        self._check_alternate_ids(profile, record, new_keys, holder, faults)
        for consent in consents(record):
            self._check_consent(profile, consent, faults)
        for phone in record.get(PHONES.collection) or ():
            self._check_phone(profile, phone, faults)

    def superseded(self, profile: Item, record: Item) -> bool:
        """Whether all of the record's preferences, or of its consents where it has no preferences,
        are older than those stored (O-12)."""
        sent = list(preferences(record))
        if not sent:
            return self._consents_superseded(profile, record)
        for kind, contact, preference in sent:
            holder = self._merger.find_contact(profile, kind, contact) if kind else profile
            if holder is None:
                return False
            collection = kind.preferences if kind else PROFILE_PREFERENCES
            stored = find_preference(holder, collection, preference)
            if stored is None or not is_stale(stored, preference):
                return False
        return True

    def _consents_superseded(self, profile: Item, record: Item) -> bool:
        holders: list[tuple[Item, Item | None]] = [(record, profile)]
        for kind in CONTACT_KINDS:
            for contact in record.get(kind.collection) or ():
                holders.append((contact, self._merger.find_contact(profile, kind, contact)))
        sent = [
            (item, (stored or {}).get(CONSENTS) or [])
            for holder, stored in holders
            for item in holder.get(CONSENTS) or ()
        ]
        return bool(sent) and all(is_stale_consent(stored, item) for item, stored in sent)

    def _check_alternate_ids(
        self, profile: Item, record: Item, new_keys: set[Key], holder: Holder, faults: Faults
    ) -> None:
        for key in sorted(new_keys):
            owner = holder(key)
            if owner is None or owner == profile["ProfileId"]:
                continue
            for item in record["AlternateIds"]:
                if str(item[ALTERNATE_ID_TYPE]).lower() == key[0]:
                    text = "Another profile already has this alternate id."
                    faults.add(item, "AlternateIdInUse", text)

    def _check_consent(self, profile: Item, consent: Item, faults: Faults) -> None:
        """An older version needs AllowPriorConsents, and no newer one on the profile."""
        name = consent["ConsentType"].lower()
        versions = self._versions[name]
        place = versions.index(consent["ConsentVersion"])
        if place == len(versions) - 1:
            return
        if not self._allow_prior:
            text = "An older consent version needs AllowPriorConsents."
            faults.add(consent, "PriorConsentNotAllowed", text)
        elif any(
            stored["ConsentType"].lower() == name
            and stored["IsActive"]
            and versions.index(stored["ConsentVersion"]) > place
            for stored in consents(profile)
        ):
            text = "The profile already has a newer version of this consent."
            faults.add(consent, "NewerConsentOnProfile", text)

    def _check_phone(self, profile: Item, phone: Item, faults: Faults) -> None:
        sms = [
            preference
            for preference in phone.get(PHONES.preferences) or ()
            if self._channels[preference["FilterId"].lower()] == DATA_CHANNEL_SMS
        ]
        if not sms:
            return
        stored = self._merger.find_contact(profile, PHONES, phone)
        if not self._merger.effective_mobile(phone, stored):
            for preference in sms:
                text = "SMS preferences exist on mobile numbers only."
                faults.add(preference, "NumberNotMobile", text)
