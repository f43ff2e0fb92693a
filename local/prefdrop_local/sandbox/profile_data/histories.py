"""What a profile's preferences and consents were: all states of them, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from prefdrop_local.sandbox.model import (
    CONSENTS,
    CONTACT_KINDS,
    PROFILE_PREFERENCES,
    Item,
    preferences,
)
from prefdrop_local.sandbox.profile_data.read_model import Reader, complete_preference
from prefdrop_local.sandbox.profiles.history import Former
from prefdrop_local.sandbox.profiles.parts import contact_name


def preference_history(
    profile: Item, former: Sequence[Former], reader: Reader, filter_id: str
) -> Item:
    """Contacts with every state of their preferences, and those of the profile.

    An empty `filter_id` means all filters.
    """

    def states(holder: Item, collection: str, contact: str) -> list[Item]:
        found = [*_past(former, collection, contact), *(holder.get(collection) or ())]
        return [item for item in found if filter_id.lower() in ("", item["FilterId"].lower())]

    shown: Item = {"ProfileId": profile["ProfileId"]}
    for kind in CONTACT_KINDS:
        shown[kind.collection] = [
            {**_without_consents(contact), kind.preferences: found}
            for contact in profile.get(kind.collection) or ()
            if (found := states(contact, kind.preferences, contact_name(kind, contact)))
        ]
    shown[PROFILE_PREFERENCES] = states(profile, PROFILE_PREFERENCES, "")
    for _, _, preference in preferences(shown):
        complete_preference(preference)
        for consent in preference.get(CONSENTS) or ():
            reader.complete_consent(consent)
    return reader.hide(shown)


def consent_history(
    profile: Item, former: Sequence[Former], reader: Reader, filter_id: str
) -> Item:
    """Every state of the consents of the profile and of its contacts, and those of preferences.

    An empty `filter_id` means all; another leaves only what hangs on preferences of that filter.
    """

    def completed(consents: list[Item]) -> list[Item]:
        for consent in consents:
            reader.complete_consent(consent)
        return consents

    def states(holder: Item, contact: str) -> list[Item]:
        if filter_id:
            return []
        return completed([*_past(former, CONSENTS, contact), *(holder.get(CONSENTS) or ())])

    def linked(holder: Item, collection: str) -> list[Item]:
        found = [
            item
            for item in holder.get(collection) or ()
            if item.get(CONSENTS) and filter_id.lower() in ("", item["FilterId"].lower())
        ]
        for preference in found:
            complete_preference(preference)
            completed(preference[CONSENTS])
        return found

    shown: Item = {
        "ProfileId": profile["ProfileId"],
        CONSENTS: states(profile, ""),
        PROFILE_PREFERENCES: linked(profile, PROFILE_PREFERENCES),
    }
    for kind in CONTACT_KINDS:
        shown[kind.collection] = []
        for contact in profile.get(kind.collection) or ():
            own = states(contact, contact_name(kind, contact))
            on_preferences = linked(contact, kind.preferences)
            if own or on_preferences:
                hanging = {CONSENTS: own, kind.preferences: on_preferences}
                shown[kind.collection].append({**contact, **hanging})
    return reader.hide(shown)


def _past(former: Sequence[Former], collection: str, contact: str) -> list[Item]:
    wanted = (collection, contact)
    return [one.state for one in former if (one.collection, one.contact) == wanted]


def _without_consents(contact: Item) -> Item:
    return {name: value for name, value in contact.items() if name != CONSENTS}
