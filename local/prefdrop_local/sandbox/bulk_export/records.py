"""How the records of an export differ from the stored profiles."""

from __future__ import annotations

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.bulk_export.visible import View, view_of
from prefdrop_local.sandbox.model import Item, consents, preferences
from prefdrop_local.sandbox.profile_data.read_model import Reader, complete_preference
from prefdrop_local.sandbox.settings import Settings


def shown_to(user: User, account: Account, settings: Settings, now: float) -> View | None:
    """Makes a stored profile, which it may change, what the user reads; None: it is that already.

    `now` is the moment, in seconds since 1970, as of which consents have expired or not.
    """
    hide = view_of(user)
    if settings.export_records == "stored":
        return hide
    reader = Reader(account, user, now)

    def complete(profile: Item) -> Item:
        for _, _, preference in preferences(profile):
            complete_preference(preference)
        for consent in consents(profile):
            reader.complete_consent(consent)
        return reader.hide(profile)

    return complete
