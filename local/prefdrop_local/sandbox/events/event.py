"""One event of the account, and its JSON as a subscriber or a reader gets to see it."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.events.diff import events_of
from prefdrop_local.sandbox.events.facts import Made, by_key, folded
from prefdrop_local.sandbox.events.kinds import TEXTS, entity_of
from prefdrop_local.sandbox.model import ALTERNATE_ID, Item, alternate_ids
from prefdrop_local.sandbox.profiles.journal import How

_OCCURRED_AT = NAMES["event.occurred_at"].value
_QUEUED_AT = NAMES["event.queued_at"].value
_RECORDED_AT = NAMES["event.recorded_at"].value
_RECORDED_BY = NAMES["event.recorded_by"].value

_decode = msgspec.json.Decoder(Item).decode


class Change(NamedTuple):
    """A row of the journal."""

    n: int
    profile_id: int
    at: float
    how: How
    user_id: str
    source: str
    before: bytes | None
    after: bytes | None


class Event(NamedTuple):
    """One event; `ordinal` is its place among those of its change."""

    change: Change
    ordinal: int
    made: Made
    document: Item
    """The profile after the change, or before it was deleted."""

    @property
    def kind(self) -> str:
        """The event type."""
        return self.made.kind


def events_of_change(change: Change) -> list[Event]:
    """All events of a change; the same each time, since they follow from its row alone."""
    before = None if change.before is None else _decode(change.before)
    after = None if change.after is None else _decode(change.after)
    document = after or before or {}
    made = events_of(change.how, before, after)
    return [Event(change, ordinal, item, document) for ordinal, item in enumerate(made)]


class EventIds:
    """Event ids say which event they mean, but cannot be guessed without the database's salt."""

    def __init__(self, salt: int) -> None:
        self._key = salt.to_bytes(8, "big")

    def of(self, event: Event) -> str:
        """The event's `EventId`, a version 8 UUID."""
        return self._id(event.change.n, event.ordinal)

    def place(self, text: str) -> tuple[int, int] | None:
        """The change and the ordinal behind an id; None for an id that was never given."""
        try:
            raw = UUID(text).bytes
        except ValueError:
            return None
        n, ordinal = int.from_bytes(raw[9:14], "big"), int.from_bytes(raw[14:], "big")
        return (n, ordinal) if self._id(n, ordinal) == text.lower() else None

    def _id(self, n: int, ordinal: int) -> str:
        place = n.to_bytes(5, "big") + ordinal.to_bytes(2, "big")
        head = bytearray(hashlib.blake2b(place, digest_size=9, key=self._key).digest())
        head[6] = 0x80 | head[6] & 0x0F  # version 8
        head[8] = 0x80 | head[8] & 0x3F  # variant
        return str(UUID(bytes=bytes(head) + place))


class View(NamedTuple):
    """For whom an event is shown: a subscription, or a reader who asks for what it told."""

    subscription_id: int | None = None
    alternate_id_type: str = ""
    """Where not empty, the profile is named by its alternate id of that type."""
    is_minimized: bool = False


def shown(event: Event, event_id: str, view: View) -> dict[str, Any]:
    """The event as JSON members."""
    change, made = event.change, event.made
    moment = iso(change.at)
    name, description = TEXTS[made.kind]
    members: dict[str, Any] = {
        "EventId": event_id,
        "EventType": made.kind,
        "Subject": "",
        "Entity": entity_of(made.kind),
    }
    if view.subscription_id is not None:
        members["SubscriptionId"] = view.subscription_id
    members |= {"Name": name, "Description": description, "ProfileId": _profile(event, view)}
    if not view.is_minimized:
        members["Data"] = made.data
        if made.previous is not None:
            members["PreviousData"] = made.previous
    return members | {
        _OCCURRED_AT: moment,
        _QUEUED_AT: moment,
        _RECORDED_AT: moment,
        _RECORDED_BY: change.user_id,
    }


def _profile(event: Event, view: View) -> int | str:
    """The alternate id where the view names a type and the profile has one, else the number."""
    if view.alternate_id_type:
        held = by_key(event.document.get("AlternateIds"), folded(ALTERNATE_ID))
        for value in alternate_ids({"AlternateIds": list(held.values())}, view.alternate_id_type):
            return str(value)
    return event.change.profile_id
