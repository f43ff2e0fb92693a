"""What a profile's preferences and consents were: all states of them, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefdrop_local.sandbox.model import (
    CONSENTS,
    CONTACT_KINDS,
    PROFILE_PREFERENCES,
    ContactKind,
    Item,
    preferences,
)
from prefdrop_local.sandbox.profile_data.read_model import Reader, complete_preference
from prefdrop_local.sandbox.profiles.history import Former
from prefdrop_local.sandbox.profiles.parts import contact_name

States = Callable[[ContactKind, Item], list[Item]]
"""Every state of what hangs on a contact, oldest first."""


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
        shown[kind.collection] = _contacts(
            profile, kind, kind.preferences,
            lambda kind, item: states(item, kind.preferences, contact_name(kind, item)),
        )  # fmt: skip
    shown[PROFILE_PREFERENCES] = states(profile, PROFILE_PREFERENCES, "")
    for _, _, preference in preferences(shown):
        complete_preference(preference)
        for consent in preference.get(CONSENTS) or ():
            reader.complete_consent(consent)
    return reader.hide(shown)


def consent_history(profile: Item, former: Sequence[Former], reader: Reader) -> Item:
    """Every state of the profile's consents, and of those of its contacts."""

    def states(holder: Item, contact: str) -> list[Item]:
        found = [*_past(former, CONSENTS, contact), *(holder.get(CONSENTS) or ())]
        for consent in found:
            reader.complete_consent(consent)
        return found

    shown: Item = {"ProfileId": profile["ProfileId"], CONSENTS: states(profile, "")}
    for kind in CONTACT_KINDS:
        shown[kind.collection] = _contacts(
            profile, kind, CONSENTS, lambda kind, item: states(item, contact_name(kind, item))
        )
    return reader.hide(shown)


def _past(former: Sequence[Former], collection: str, contact: str) -> list[Item]:
    wanted = (collection, contact)
    return [one.state for one in former if (one.collection, one.contact) == wanted]


def _contacts(profile: Item, kind: ContactKind, hanging: str, states: States) -> list[Item]:
    """The contacts of a kind that have any states, with nothing else hanging on them."""
    found: list[Item] = []
    for contact in profile.get(kind.collection) or ():
        if items := states(kind, contact):
            lists = (CONSENTS, kind.preferences)
            plain = {name: value for name, value in contact.items() if name not in lists}
            found.append(plain | {hanging: items})
    return found
