"""Makes a profile blank wherever a record that is to replace it says nothing.

What the user may not write stays: it could not have been sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.dates import stored_date
from prefdrop_local.sandbox.model import (
    CONSENTS,
    CONTACT_KINDS,
    PROFILE_PREFERENCES,
    ContactKind,
    Item,
    preferences,
)
from prefdrop_local.sandbox.profiles.merge import Merger, blank_members
from prefdrop_local.sandbox.profiles.parts import archive_preference, find_preference

REFRESH = frozenset(
    ("RefreshAlternateIds", "RefreshContacts", "RefreshCustomFields", "RefreshGroups",
     "RefreshTags")
)  # fmt: skip
"""Flags that take away, on merging, the items that a record leaves out."""
_OWN = frozenset(
    ("ProfileId", "IsActive", "CreateDate", "LastModifiedDate", "UserId", "SourceId", "ReasonCode",
     "AlternateIds", "Groups", "ProfileTags", "CustomFields", PROFILE_PREFERENCES, CONSENTS,
     *(kind.collection for kind in CONTACT_KINDS))
)  # fmt: skip
"""Members that are not blanked as values: the vendor's own, and lists."""


class Overwriting:
    """Blanks profiles for one user; the record is merged afterwards, with `flags`."""

    def __init__(self, account: Account, user: User, merger: Merger) -> None:
        self._account = account
        self._user = user
        self._merger = merger

    def blank(self, profile: Item, record: Item) -> None:
        """Take out of the profile what the record leaves out, but for what `flags` take out."""
        if self._user.profiles:
            for name in profile.keys() - _OWN:
                del profile[name]
            profile |= blank_members(self._account)
        for kind in CONTACT_KINDS:
            for contact in profile.get(kind.collection) or ():
                sent = self._sent(kind, contact, record)
                if sent is not None:
                    self._blank_contact(kind, contact, sent)
        self._blank_preferences(profile, PROFILE_PREFERENCES, record)
        self._blank_consents(profile, record)

    def _sent(self, kind: ContactKind, stored: Item, record: Item) -> Item | None:
        """What the record says of a stored contact."""
        key = self._merger.contact_key(kind, stored)
        for item in record.get(kind.collection) or ():
            if self._merger.contact_key(kind, item) == key:
                found: Item = item
                return found
        return None

    def _blank_contact(self, kind: ContactKind, stored: Item, sent: Item) -> None:
        if self._user.profiles:
            kept = {kind.type_name, kind.preferences, CONSENTS, "IsActive"}
            for name in stored.keys() - kept - sent.keys():
                del stored[name]
        self._blank_preferences(stored, kind.preferences, sent)
        self._blank_consents(stored, sent)

    def _blank_preferences(self, holder: Item, collection: str, sent: Item) -> None:
        for stored in holder.get(collection) or ():
            same = find_preference(sent, collection, stored)
            if same is not None:
                self._blank_consents(stored, same)
            elif self._may_write(stored):
                archive_preference(stored)

    def _may_write(self, preference: Item) -> bool:
        return self._user.preferences and preference.get("ChannelId") in self._user.channels

    def _blank_consents(self, holder: Item, sent: Item) -> None:
        if not self._user.preferences:
            return
        kept = {_consent_key(item) for item in sent.get(CONSENTS) or ()}
        for stored in holder.get(CONSENTS) or ():
            if _consent_key(stored) not in kept:
                stored["IsActive"] = False

    def flags(self) -> frozenset[str]:
        """With which the record is merged into the blanked profile."""
        return REFRESH if self._user.profiles else frozenset()


def drop_known_consents(profile: Item, record: Item, merger: Merger) -> None:
    """Leave out consents that say what is stored, so that reading and writing back changes nothing.

    Otherwise those that newer ones took the place of, which reads show, would be sent anew.
    """
    for stored, sent in _holders(profile, record, merger):
        if sent.get(CONSENTS):
            known = {_consent_key(item): item for item in stored.get(CONSENTS) or ()}
            sent[CONSENTS] = [item for item in sent[CONSENTS] if not _is_known(item, known)]


def _is_known(item: Item, known: dict[tuple[str, str, str], Item]) -> bool:
    old = known.get(_consent_key(item))
    if old is None or not item.get("ConsentDate"):
        return False
    same = old["ConsentStatus"] == item["ConsentStatus"]
    return bool(same and old["ConsentDate"] == stored_date(item["ConsentDate"]))


def _holders(profile: Item, record: Item, merger: Merger) -> Iterator[tuple[Item, Item]]:
    """What can hold consents: stored, and as it was sent."""
    yield profile, record
    for kind, contact, preference in preferences(record):
        holder = merger.find_contact(profile, kind, contact) if kind else profile
        collection = kind.preferences if kind else PROFILE_PREFERENCES
        if holder and (stored := find_preference(holder, collection, preference)):
            yield stored, preference
    for kind in CONTACT_KINDS:
        for contact in record.get(kind.collection) or ():
            if stored := merger.find_contact(profile, kind, contact):
                yield stored, contact


def _consent_key(item: Item) -> tuple[str, str, str]:
    return (item["ConsentType"].lower(), item["ConsentVersion"], item["Locale"].lower())
