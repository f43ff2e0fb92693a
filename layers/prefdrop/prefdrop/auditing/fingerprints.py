"""Whether two deliveries of one event say the same.

The same event may come without its data or without what was before (a minimised subscription), by
alternate id instead of profile id, under another subscription, with its static texts in another
language, or queued at another time: none of that is another content. A retrieved event may also
carry other members than a delivered one, so those count only between two deliveries.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal, NamedTuple

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.ledger.audit import AuditedEvent
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

Comparison = Literal["same", "bare", "fuller", "other"]
"""What a second delivery is to the one that is kept: `bare` lacks some of its data, `fuller` brings
what that lacks."""

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
    return Fingerprints(
        facts=_digest((event.event_type.lower(), event.entity.lower())),
        content=_digest_of_data(event.data),
        previous=_digest_of_data(event.previous_data),
        rest=_digest(rest),
    )


def compare(kept: AuditedEvent, new: AuditedEvent) -> Comparison:
    """What `new` is to the event of the same id that is kept."""
    same_profile = kept.names_alternate_id != new.names_alternate_id or (
        kept.profile_id == new.profile_id
    )
    both_delivered = kept.source == new.source == "webhook"
    if kept.facts != new.facts or not same_profile or (both_delivered and kept.rest != new.rest):
        return "other"
    brings, lacks = False, False
    for before, now in ((kept.content, new.content), (kept.previous, new.previous)):
        if before and now and before != now:
            return "other"
        brings |= bool(now and not before)
        lacks |= bool(before and not now)
    if brings and lacks:
        return "other"  # neither may stand for both
    return "fuller" if brings else "bare" if lacks else "same"


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
