"""Makes events: from what a profile was and what it is to what the vendor says happened."""

from __future__ import annotations

from collections.abc import Iterator

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.events.contacts import (
    CONSENT,
    consent_events,
    contact_events,
    preference_events,
)
from prefdrop_local.sandbox.events.facts import (
    Made,
    differ,
    facts,
    folded,
    is_active,
    listed,
    pairs,
)
from prefdrop_local.sandbox.model import (
    ALTERNATE_ID,
    ALTERNATE_ID_TYPE,
    CONTACT_KINDS,
    FIELD_NAME,
    GROUP_NAME,
    GROUP_TYPE,
    PROFILE_PREFERENCES,
    TAG_NAME,
    Item,
)
from prefdrop_local.sandbox.profiles.journal import How

_NAME_PARTS = {
    "prefix": "name.prefix", "firstname": "name.first", "middlename": "name.middle",
    "lastname": "name.last", "suffix": "name.suffix",
}  # fmt: skip
_TELLS_PREVIOUS = ("firstname", "middlename", "lastname")

_value_key = folded(ALTERNATE_ID_TYPE, ALTERNATE_ID)
_group_key = folded(GROUP_TYPE, GROUP_NAME)
_tag_key = folded(TAG_NAME)
_field_key = folded(FIELD_NAME)


def events_of(how: How, before: Item | None, after: Item | None) -> list[Made]:
    """The events of one change, none where nothing but the writing's own marks changed.

    `before` is None where the profile is new, `after` where it was deleted.
    """
    if after is None:
        return [Made("profile.deleted", _head(before or {}))]
    old = before or {}
    changes = list(_changes(old, after))
    return [*_actions(how, before, after, changed=bool(changes)), *changes]


def _actions(how: How, before: Item | None, after: Item, *, changed: bool) -> Iterator[Made]:
    """What happened to the profile as a whole."""
    if before is None:
        yield Made("profile.created", after)
        return
    was_active, active = is_active(before), is_active(after)
    if was_active != active:
        yield Made("profile.reactivated" if active else "profile.deactivated", _head(after))
    of_itself = how in ("deactivated", "reactivated")
    if not changed and (of_itself or _rest(before) == _rest(after)):
        return
    if how == "replaced":
        yield Made("profile.replaced", after)
    else:
        yield Made("profile.updated", _head(after))
        yield Made("profile.updated full", after)


def _changes(old: Item, new: Item) -> Iterator[Made]:
    """What happened to the parts of a profile."""
    yield from _standard_fields(old, new)
    yield from _customer_type(old, new)
    yield from _alternate_ids(old.get("AlternateIds") or [], new.get("AlternateIds") or [])
    for kind in CONTACT_KINDS:
        name = kind.collection
        if old.get(name) != new.get(name):
            yield from contact_events(kind, old.get(name) or [], new.get(name) or [])
    name = PROFILE_PREFERENCES
    yield from preference_events(old.get(name), new.get(name), {})
    yield from consent_events(CONSENT, old, new, {})
    name = "CustomFields"
    yield from listed(
        "customfield", old.get(name), new.get(name), _field_key, FIELD_NAME, previous=True
    )
    name = "Groups"
    yield from listed("group", old.get(name), new.get(name), _group_key, GROUP_TYPE, previous=False)
    name = "ProfileTags"
    for made in listed("tag", old.get(name), new.get(name), _tag_key, TAG_NAME, previous=False):
        if made.kind != "tag.updated":
            yield made


def _standard_fields(old: Item, new: Item) -> Iterator[Made]:
    was_names, now_names = old.get("CustomerName") or {}, new.get("CustomerName") or {}
    for word, row in _NAME_PARTS.items():
        name = NAMES[row].value
        was, now = was_names.get(name) or None, now_names.get(name) or None
        if was == now:
            continue
        verb = "added" if was is None else "deleted" if now is None else "updated"
        previous = {name: was} if verb == "updated" and word in _TELLS_PREVIOUS else None
        yield Made(f"standardfield.{word}.{verb}", {name: now or was}, previous)
    for name, tells in (("DefaultLocale", True), ("RegistrationConfirmed", False)):
        if old and old.get(name) != new.get(name):
            kind = "defaultlocale" if tells else "registrationstatus"
            previous = {name: old.get(name)} if tells else None
            yield Made(f"standardfield.{kind}.updated", {name: new.get(name)}, previous)


def _customer_type(old: Item, new: Item) -> Iterator[Made]:
    name = "CustomerType"
    if old and old.get(name) != new.get(name):
        data, previous = {name: new.get(name)}, {name: old.get(name)}
        selector = str(new.get(name, "")).lower()
        yield Made("contacts.customertype.updated", data, previous, selector)


def _alternate_ids(old: list[Item], new: list[Item]) -> Iterator[Made]:
    """A type whose value is another one now was updated."""
    come: list[Item] = []
    gone: list[Item] = []
    noun = "contacts.alternateid"
    for was, now in pairs(old, new, _value_key):
        if was and now:
            if differ(was, now):
                yield Made(f"{noun}.updated", facts(now), facts(was), _type_of(now))
        elif now:
            come.append(now)
        elif was:
            gone.append(was)
    for item in come:
        same = next((left for left in gone if _type_of(left) == _type_of(item)), None)
        if same is None:
            yield Made(f"{noun}.added", facts(item), None, _type_of(item))
            continue
        gone.remove(same)
        yield Made(f"{noun}.updated", facts(item), facts(same), _type_of(item))
    for item in gone:
        yield Made(f"{noun}.deleted", facts(item), None, _type_of(item))


def _type_of(item: Item) -> str:
    return str(item.get(ALTERNATE_ID_TYPE, "")).lower()


def _head(document: Item) -> Item:
    """A profile without its lists."""
    return {name: value for name, value in document.items() if not isinstance(value, list)}


def _rest(document: Item) -> Item:
    """What of a profile may have changed though no part's event tells it."""
    return {name: _stripped(value) for name, value in facts(document).items()}


def _stripped(value: object) -> object:
    """Items without the marks of the writing, however deep they lie."""
    if isinstance(value, dict):
        return {name: _stripped(item) for name, item in facts(value).items()}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value
