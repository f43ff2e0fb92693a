"""Whether two deliveries of one event say the same.

The same event may come without its data or without what was before (a minimised subscription), by
alternate id instead of profile id, under another subscription, with its static texts in another
language, or queued at another time: none of that is another content. A retrieved event may also
carry other members than a delivered one, so those count only between two deliveries.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.ledger.audit import DATA
from prefdrop.ledger.audited import LABEL_LENGTH, AuditedEvent
from prefdrop.ledger.keys import plain_id
from prefdrop.mypreferences.answers import any_case
from prefdrop.mypreferences.events import Event

OF_THE_DELIVERY = {
    "eventid",
    "eventtype",
    "entity",
    "profileid",
    "subscriptionid",
    "name",
    "description",
    "data",
    "previousdata",
    assumptions.NAMES["event.queued_at"].value.lower(),
}
"""Members, in lower case, that are compared by themselves or may differ by delivery."""

DIGEST_LENGTH = 32

LARGEST_WHOLE_FLOAT = 2**53
"""Up to which a float stands for one whole number and no other."""


class Fingerprints(NamedTuple):
    """Digests of what an event says: its kind, its data and what that was before (both empty
    without), everything else."""

    facts: str
    content: str
    previous: str
    rest: str


def fingerprints(event: Event) -> Fingerprints:
    """Independent of the order of members, of white space and of how a whole number is written."""
    members = any_case(msgspec.json.decode(event.raw))
    if "eventid" not in members:  # an envelope around the event: it is the delivery's own
        members = any_case(members["data"])
    rest = {name: value for name, value in members.items() if name not in OF_THE_DELIVERY}
    if len(str(event.profile_id)) > LABEL_LENGTH:
        rest["profileid"] = event.profile_id  # the item repeats only its beginning
    return Fingerprints(
        facts=_digest((event.event_type.lower(), event.entity.lower())),
        content=_digest_of_data(event.data),
        previous=_digest_of_data(event.previous_data),
        rest=_digest(rest),
    )


def compare(kept: AuditedEvent, new: AuditedEvent) -> dict[str, str] | None:
    """Return what `new` adds to the event of the same id that is kept, by member; None if it is
    another event.

    A delivery that adds nothing is a repetition. One that brings some data and lacks other is
    another event, as neither may stand for both.
    """
    person = _other_id(kept, new)
    if kept.facts != new.facts or person is None or not _is_same_delivery(kept, new):
        return None
    brings: dict[str, str] = {}
    lacks = False
    for name in DATA:
        before, now = getattr(kept, name), getattr(new, name)
        if before and now and before != now:
            return None
        if now and not before:
            brings[name] = now
        lacks |= bool(before and not now)
    if brings and lacks:
        return None
    if person:
        brings["other_id"] = person
    if _is_first_delivery(kept, new) and kept.rest != new.rest:
        brings["delivered_rest"] = new.rest
    return brings


def _other_id(kept: AuditedEvent, new: AuditedEvent) -> str | None:
    """The person's id in the form that the kept event does not have yet; None if it is another
    person's, or if one of the two names no one."""
    if kept.names_alternate_id == new.names_alternate_id:
        return "" if kept.profile_id == new.profile_id else None
    if not (kept.profile_id and new.profile_id):
        return None
    if plain_id(kept.profile_id) == plain_id(new.profile_id):
        return ""
    if kept.other_id:
        return "" if kept.other_id == new.profile_id else None
    return new.profile_id


def _is_first_delivery(kept: AuditedEvent, new: AuditedEvent) -> bool:
    """Whether `new` came by webhook, and the deliveries before it are not known to have done so."""
    return new.source == "webhook" and kept.source == "backfill" and not kept.delivered_rest


def _is_same_delivery(kept: AuditedEvent, new: AuditedEvent) -> bool:
    """Whether all other members are those of the first delivery by webhook, if both came so."""
    if new.source != "webhook" or _is_first_delivery(kept, new):
        return True
    return new.rest == (kept.delivered_rest or kept.rest)


def _digest_of_data(data: Any) -> str:
    """Empty for none; an empty object says no more than none."""
    return "" if data is None or data == {} else _digest(data)


def _digest(value: Any) -> str:
    canonical = msgspec.json.encode(_canonical(value), order="sorted")
    return hashlib.sha256(canonical).hexdigest()[:DIGEST_LENGTH]


def _canonical(value: Any) -> Any:
    """`value` with its whole floats as whole numbers: one sender writes 1, another 1.0."""
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE_FLOAT:
        return int(value)
    return value
