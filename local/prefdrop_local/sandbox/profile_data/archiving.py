"""Archives preferences: all of a profile, or those that a call names."""

from __future__ import annotations

from typing import Any

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.bulk_import.faults import Faults
from prefdrop_local.sandbox.bulk_import.record_shapes import RecordShapes, children
from prefdrop_local.sandbox.model import (
    CONTACT_KINDS,
    PROFILE_PREFERENCES,
    ContactKind,
    Item,
    preferences,
)
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_found
from prefdrop_local.sandbox.profiles.parts import archive_preference, contact_name
from prefdrop_local.sandbox.reading import folded_members

_REASON_LENGTH = 256


class Archiving:
    """What one call wants archived."""

    def __init__(self, account: Account, user: User, members: dict[str, Any]) -> None:
        """Raises 400 where the body is wrong or names nothing."""
        self._user = user
        self._defaults = {
            "Emails": account.email_types[0],
            "PhoneNumbers": next(iter(account.phone_types)),
            "Addresses": account.address_types[0],
        }
        folded = folded_members(members)
        self._everything = folded.get("globaldeactivate", False)
        if not isinstance(self._everything, bool):
            raise bad_request("GlobalDeactivate must be true or false.")
        self._reason = folded.get("reason_code", "")
        if not isinstance(self._reason, str) or len(self._reason) > _REASON_LENGTH:
            raise bad_request(f"Reason_Code must be at most {_REASON_LENGTH} characters.")
        self._named = _named(account, folded)
        if not self._everything and not any(self._named.values()):
            raise bad_request("Name what to archive, or send GlobalDeactivate.")

    def archive(self, profile: Item, moment: str) -> None:
        """Change the profile. Raises 404 for a contact or preference that it does not have."""
        if self._everything:
            for _, _, preference in preferences(profile):
                self._archive(preference, moment)
        for kind in CONTACT_KINDS:
            for item in self._named[kind.collection]:
                contact = self._contact(profile, kind, item)
                wanted = item.get(kind.preferences)
                self._archive_of(contact, kind.preferences, wanted, moment)
        if self._named[PROFILE_PREFERENCES]:
            wanted = self._named[PROFILE_PREFERENCES]
            self._archive_of(profile, PROFILE_PREFERENCES, wanted, moment)

    def _contact(self, profile: Item, kind: ContactKind, item: Item) -> Item:
        named = {
            **item,
            kind.type_name: item.get(kind.type_name) or self._defaults[kind.collection],
        }
        wanted = contact_name(kind, named)
        for contact in profile.get(kind.collection) or ():
            if contact_name(kind, contact) == wanted:
                found: Item = contact
                return found
        raise not_found(f"The profile has no such item in {kind.collection}.")

    def _archive_of(
        self, holder: Item, collection: str, wanted: list[Item] | None, moment: str
    ) -> None:
        """Archive the wanted preferences of a holder; None: all of them."""
        stored = holder.get(collection) or []
        known = {item["FilterId"].lower(): item for item in stored}
        names = known.keys() if wanted is None else [str(one["FilterId"]).lower() for one in wanted]
        for name in names:
            if name not in known:
                raise not_found(f"A preference of {collection} is not on the profile.")
            self._archive(known[name], moment)

    def _archive(self, preference: Item, moment: str) -> None:
        if preference["IsActive"]:
            if preference["ChannelId"] not in self._user.channels:
                raise forbidden("The user may not write preferences of one of the channels.")
            archive_preference(preference)
            preference |= {"ReasonCode": self._reason, "LastModifiedDate": moment}


def _named(account: Account, folded: dict[str, Any]) -> dict[str, list[Item]]:
    """The named items of each collection, with their names bound as in a record.

    Raises 400 for one that does not say which contact or which filter it means.
    """
    names = (*(kind.collection for kind in CONTACT_KINDS), PROFILE_PREFERENCES)
    record: Item = {name: folded.get(name.lower()) for name in names}
    RecordShapes(account).check(record, Faults())
    _check_places(record)
    return {name: list(record[name] or ()) for name in names}


def _check_places(record: Item) -> None:
    """Only what tells items apart is needed, so other faults of theirs do not matter."""
    faults = Faults()
    for kind in CONTACT_KINDS:
        for item in children(record, kind.collection, faults):
            for preference in children(item, kind.preferences, faults):
                _check_filter(preference, kind.preferences)
            try:
                kind.identity(item)
            except KeyError:
                text = f"An item of {kind.collection} does not say which it is."
                raise bad_request(text) from None
    for preference in children(record, PROFILE_PREFERENCES, faults):
        _check_filter(preference, PROFILE_PREFERENCES)
    if faults:
        raise bad_request("The collections must be arrays of objects.")


def _check_filter(preference: Item, collection: str) -> None:
    if not isinstance(preference.get("FilterId"), str):
        raise bad_request(f"Each preference of {collection} needs its FilterId.")
