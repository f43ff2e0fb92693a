"""A profile as reads show it (`UserProfilePreference`)."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import NamedTuple

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.bulk_export.visible import view_of
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.dates import moment_of
from prefdrop_local.sandbox.model import (
    CONSENTS,
    CONTACT_KINDS,
    PROFILE_PREFERENCES,
    Item,
    consents,
)
from prefdrop_local.sandbox.queries import Query

_INCLUDE_INACTIVE = NAMES["query.include_inactive"].value
_LISTS = (
    "AlternateIds", "Emails", "PhoneNumbers", "Addresses", PROFILE_PREFERENCES, CONSENTS, "Groups",
    "ProfileTags", "CustomFields",
)  # fmt: skip


class Wanted(NamedTuple):
    """What a read asks to see."""

    inactive: bool = False
    """Contacts, alternate ids and groups that are not active any more, too."""
    consent_history: bool = True
    """Consents that newer ones took the place of, too."""
    implied: bool = False
    """Preferences that propagation made, too; the sandbox has none of its own."""


def wanted(query: Query) -> Wanted:
    """What the query of a call asks to see. Raises 400 for anything but true and false."""
    return Wanted(
        query.flag(_INCLUDE_INACTIVE, default=False),
        query.flag("includeConsentHistory", default=True),
        query.flag("implied", default=False),
    )


class Reader:
    """Shows profiles to one user."""

    def __init__(self, account: Account, user: User, now: float) -> None:
        self._hide = view_of(user)
        self._now = iso(now)
        self._days = {
            (name.lower(), version): days
            for name, consent in account.consents.items()
            for version, days in consent.expires.items()
        }

    def shown(self, profile: Item, want: Wanted) -> Item:
        """The read model of a stored profile, which is the reader's own to change."""
        for name in _LISTS:
            items = profile.get(name) or []
            everything = want.inactive or name == CONSENTS
            profile[name] = items if everything else list(filter(_is_there, items))
        profile.setdefault("CustomerName", {})
        for kind in CONTACT_KINDS:
            for contact in profile[kind.collection]:
                contact[kind.preferences] = self._preferences(contact, kind.preferences, want)
                self._limit_consents(contact, want)
        profile[PROFILE_PREFERENCES] = self._preferences(profile, PROFILE_PREFERENCES, want)
        self._limit_consents(profile, want)
        for consent in consents(profile):
            self.complete_consent(consent)
        return self._hide(profile) if self._hide else profile

    def hide(self, profile: Item) -> Item:
        """The profile without what the user may not see."""
        return self._hide(profile) if self._hide else profile

    def complete_consent(self, consent: Item) -> None:
        """Add the members that only reads have."""
        ends = self._expiration(consent)
        consent["ExpirationDate"] = ends
        consent["Expired"] = ends is not None and ends <= self._now

    def _expiration(self, consent: Item) -> str | None:
        key = (consent["ConsentType"].lower(), consent["ConsentVersion"])
        if (days := self._days.get(key)) is None:
            return None
        try:
            ends = moment_of(consent["ConsentDate"]) + timedelta(days=days)
        except OverflowError:
            return None
        return iso(ends.astimezone(UTC).timestamp())

    def _preferences(self, holder: Item, name: str, want: Wanted) -> list[Item]:
        found = [item for item in holder.get(name) or () if _is_there(item)]
        for item in found:
            complete_preference(item)
            self._limit_consents(item, want)
        return [item for item in found if want.implied or item["MatchType"] != "Implied"]

    @staticmethod
    def _limit_consents(holder: Item, want: Wanted) -> None:
        if CONSENTS in holder and not want.consent_history:
            holder[CONSENTS] = [item for item in holder[CONSENTS] if _is_there(item)]


def complete_preference(item: Item) -> None:
    """Add the members that only reads have."""
    item.setdefault("MatchType", "Expressed")
    item.setdefault("ReasonCode", "")
    item.setdefault("ExpirationDate", "")


def _is_there(item: Item) -> bool:
    return item.get("IsActive") is not False
