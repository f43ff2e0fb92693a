"""What of a profile a user may see: what its user group lets it write."""

from __future__ import annotations

from collections.abc import Callable

from prefdrop_local.sandbox.account import CHANNELS, User
from prefdrop_local.sandbox.model import CONSENTS, CONTACT_KINDS, PROFILE_PREFERENCES, Item

View = Callable[[Item], Item]

_IDENTITY = ("CustomerName", "AlternateIds", "Groups", "ProfileTags", "CustomFields")


def view_of(user: User) -> View | None:
    """Takes out of a profile what the user may not see; None where that is nothing.

    Without the permission for preferences, they and all consents are out; without that for a
    channel, its preferences. Without the permission for profiles, names, identifiers, groups, tags
    and custom fields are out, and contacts unless there is a preference to see on them.
    """
    hidden = frozenset(CHANNELS) - (frozenset(user.channels) if user.preferences else frozenset())
    if user.profiles and not hidden:
        return None

    def view(profile: Item) -> Item:
        _hide_preferences(profile, PROFILE_PREFERENCES, hidden)
        for kind in CONTACT_KINDS:
            contacts = profile.get(kind.collection) or []
            for contact in contacts:
                _hide_preferences(contact, kind.preferences, hidden)
            if not user.profiles and contacts:
                profile[kind.collection] = [item for item in contacts if item.get(kind.preferences)]
        for name in () if user.profiles else _IDENTITY:
            profile.pop(name, None)
        return profile

    return view


def _hide_preferences(holder: Item, name: str, hidden: frozenset[str]) -> None:
    if len(hidden) == len(CHANNELS):
        holder.pop(name, None)
        holder.pop(CONSENTS, None)
    elif name in holder:
        holder[name] = [item for item in holder[name] if item.get("ChannelId") not in hidden]
