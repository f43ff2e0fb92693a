"""Events of contacts, and of the preferences and consents that hang on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefdrop_local.sandbox.events.facts import (
    Made,
    Pair,
    by_key,
    differ,
    facts,
    folded,
    pairs,
    stored_pairs,
)
from prefdrop_local.sandbox.model import (
    ADDRESSES,
    CONSENTS,
    EMAILS,
    PHONE_NUMBER,
    PHONES,
    ContactKind,
    Item,
)

_NOUNS = {
    EMAILS.collection: "contacts.email",
    PHONES.collection: "contacts.phone",
    ADDRESSES.collection: "contacts.address",
}
_NAMED_BY = {
    EMAILS.collection: ("EmailAddress",),
    PHONES.collection: (PHONE_NUMBER,),
    ADDRESSES.collection: ("Address1", "Address2", "City", "StateProvince", "PostalCode"),
}
"""What of a contact is repeated with the preferences and consents that hang on it."""
CONSENT = "consent"
_ELEMENT_CONSENT = "consent.elementassociation"
_FILTER_CONSENT = "consent.filterassociation"
_UPDATES = ("PreferenceType", "PreferenceStatus", "PreferenceAttributes", "FrequencyId")
"""Only these make a `preference.updated` (vendor documentation)."""

_consent_key = folded("ConsentType", "ConsentVersion", "Locale")
_filter_key = folded("FilterId")


def contact_events(kind: ContactKind, old: list[Item], new: list[Item]) -> Iterator[Made]:
    """Events of one of the three kinds of contacts, before and after."""
    before = by_key(old, lambda item: _key_of(kind, item))
    after = by_key(new, lambda item: _key_of(kind, item))
    changed = _changed_in_place(before, after)
    for key, item in after.items():
        yield from _change_of(kind, before.get(changed.get(key, key)), item)
    for key, item in before.items():
        if key not in after and key not in changed.values():
            yield _made(kind, "deleted", item)
    for was, now in _stored(kind, old, new, changed):
        yield from _hanging(kind, was, now)


def preference_events(
    old: Iterable[Item] | None, new: Iterable[Item] | None, about: Item
) -> Iterator[Made]:
    """Events of one holder's preferences and of their consents; `about` names the holder."""
    for was, now in pairs(old, new, _filter_key):
        item: Item = now or was or {}
        selector, data = str(item["FilterId"]).lower(), facts(item) | about
        if was is None:
            yield Made("preference.added", data, None, selector)
        elif now is None:
            yield Made("preference.archived", data, None, selector)
        elif any(was.get(name) != now.get(name) for name in _UPDATES):
            yield Made("preference.updated", data, None, selector)
    # An archived preference keeps its consents, so archiving alone is no change of theirs.
    for was, now in stored_pairs(old, new, _filter_key):
        item = now or was or {}
        about_filter = {"FilterId": item["FilterId"], **about}
        yield from consent_events(_FILTER_CONSENT, was, now, about_filter)


def consent_events(noun: str, old: Item | None, new: Item | None, about: Item) -> Iterator[Made]:
    """Events of the consents that a profile, a contact or a preference holds."""
    first = "added" if noun == CONSENT else "created"
    for was, now in pairs((old or {}).get(CONSENTS), (new or {}).get(CONSENTS), _consent_key):
        item: Item = now or was or {}
        selector, data = str(item["ConsentType"]).lower(), facts(item) | about
        if was is None:
            yield Made(f"{noun}.{first}", data, None, selector)
        elif now is None:
            yield Made(f"{noun}.deactivated", data, None, selector)
        elif differ(was, now):
            yield Made(f"{noun}.updated", data, None, selector)


_ContactKey = tuple[str, tuple[str, ...]]
_Contacts = dict[_ContactKey, Item]


def _key_of(kind: ContactKind, item: Item) -> _ContactKey:
    return (str(item.get(kind.type_name, "")).lower(), kind.identity(item))


def _changed_in_place(before: _Contacts, after: _Contacts) -> dict[_ContactKey, _ContactKey]:
    """Which new element took the place of which old one: first by value, then by type."""
    gone = [key for key in before if key not in after]
    come = [key for key in after if key not in before]
    changed: dict[_ContactKey, _ContactKey] = {}
    for part in (1, 0):
        for key in come:
            same = next((old for old in gone if old[part] == key[part]), None)
            if key not in changed and same is not None:
                gone.remove(same)
                changed[key] = same
    return changed


def _change_of(kind: ContactKind, was: Item | None, now: Item) -> Iterator[Made]:
    if was is None:
        yield _made(kind, "added", now)
        return
    if differ(was, now):
        yield _made(kind, "updated", now, was)
    if _key_of(kind, was)[0] != _key_of(kind, now)[0]:
        # Under another type it is also a new element (vendor documentation).
        yield _made(kind, "added", now)


def _made(kind: ContactKind, verb: str, item: Item, was: Item | None = None) -> Made:
    previous = facts(was) if was is not None else None
    selector = str(item.get(kind.type_name, "")).lower()
    return Made(f"{_NOUNS[kind.collection]}.{verb}", facts(item), previous, selector)


def _stored(
    kind: ContactKind, old: list[Item], new: list[Item], changed: dict[_ContactKey, _ContactKey]
) -> Iterator[Pair]:
    """Each stored element before and after, active or not: things hang on inactive ones too."""
    was = {_key_of(kind, item): item for item in old}
    now = {_key_of(kind, item): item for item in new}
    for key, item in now.items():
        source = key if key in was or changed.get(key) in now else changed.get(key, key)
        yield was.pop(source, None), item
    for item in was.values():
        yield item, None


def _hanging(kind: ContactKind, was: Item | None, now: Item | None) -> Iterator[Made]:
    item: Item = now or was or {}
    names = (kind.type_name, *_NAMED_BY[kind.collection])
    about = {name: item[name] for name in names if item.get(name) is not None}
    collection = kind.preferences
    yield from preference_events((was or {}).get(collection), (now or {}).get(collection), about)
    yield from consent_events(_ELEMENT_CONSENT, was, now, about)
