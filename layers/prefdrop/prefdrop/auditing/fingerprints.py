"""Whether two deliveries of one event say the same.

The same event may come without its data (a minimised subscription), by alternate id instead of
profile id, under another subscription, with its static texts in another language, or queued at
another time: none of that is another content. A retrieved event may also carry other members than
a delivered one, so those count only between two deliveries.
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
"""What a second delivery is to the one that is kept; `bare` has no data, `fuller` has it first."""


class Fingerprints(NamedTuple):
    """Digests of what an event says: its kind, its data (empty without), everything else."""

    facts: str
    content: str
    rest: str


def fingerprints(event: Event) -> Fingerprints:
    """Independent of the order of members and of white space."""
    members = any_case(msgspec.json.decode(event.raw))
    if "eventid" not in members:  # an envelope around the event: it is the delivery's own
        members = any_case(members["data"])
    rest = {name: value for name, value in members.items() if name not in OF_THE_DELIVERY}
    data = (event.data, event.previous_data)
    return Fingerprints(
        facts=_digest((event.event_type.lower(), event.entity.lower())),
        content="" if data == (None, None) else _digest(data),
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
    if kept.content == new.content:
        return "same"
    if not new.content:
        return "bare"
    return "other" if kept.content else "fuller"


def _digest(value: Any) -> str:
    canonical = msgspec.json.encode(value, order="sorted")
    return hashlib.sha256(canonical).hexdigest()[:DIGEST_LENGTH]
