"""The parts of a profile: which of them a sent one means, and what it is to end one."""

from __future__ import annotations

from prefdrop_local.sandbox.dates import stored_date
from prefdrop_local.sandbox.model import (
    CONTACT_KINDS,
    OPT_OUT,
    PROFILE_PREFERENCES,
    ContactKind,
    Item,
)

_ARCHIVED = {"IsActive": False, "PreferenceStatus": "Archived"}


def find_preference(holder: Item, collection: str, item: Item) -> Item | None:
    """The stored preference that a sent one means: that of the same filter."""
    wanted = item["FilterId"].lower()
    stored: Item
    for stored in holder.get(collection) or ():
        if stored["FilterId"].lower() == wanted:
            return stored
    return None


def is_stale(stored: Item, item: Item) -> bool:
    """Whether a sent preference was collected before the stored, active one (O-12)."""
    date = sent_date(item)
    if not date or not stored["IsActive"]:
        return False
    return date[:-1] < str(stored["CustomerDate"])[:-1]  # without Z, "12:00:00" < "12:00:00.5"


def is_stale_consent(stored: list[Item], item: Item) -> bool:
    """Whether a sent consent was given before one of its version that is in force (O-12).

    That may be one in another locale, whose place it would take.
    """
    date = item.get("ConsentDate")
    if not date or not stored:
        return False
    sent = stored_date(date)[:-1]
    return any(
        old["IsActive"]
        and old["ConsentType"].lower() == item["ConsentType"].lower()
        and old["ConsentVersion"] == item["ConsentVersion"]
        and sent < str(old["ConsentDate"])[:-1]
        for old in stored
    )


def sent_date(item: Item) -> str | None:
    """A sent preference's `CustomerDate` as it is stored."""
    date = item.get("CustomerDate")
    return stored_date(date, item["PreferenceType"] == OPT_OUT) if date else None


def archive_preference(preference: Item) -> None:
    """Take a preference out of force; it stays on the profile, where only exports show it."""
    preference.update(_ARCHIVED)


def contact_name(kind: ContactKind, item: Item) -> str:
    """A stored contact's name among the contacts of its profile."""
    type_name = str(item.get(kind.type_name) or "").lower()
    return "/".join((kind.collection, type_name, *kind.identity(item)))


def preference_lists(record: Item) -> list[tuple[Item, str]]:
    """Every item that can hold preferences, with the name of its collection of them."""
    lists = [(record, PROFILE_PREFERENCES)]
    for kind in CONTACT_KINDS:
        lists += [(item, kind.preferences) for item in record.get(kind.collection) or ()]
    return lists
