"""The vendor's events as they arrive, at the webhook or from the Events API, leniently read.

The vendor documents most members of an event and leaves the audit members, the layout of `Data`
and the body of a delivery open (O-15, O-16). So member names are accepted in any case, values also
in other types than documented, members that we don't know stay in `raw`, and a body may hold one
event, an array, or an object around either. Only two things are not understood: an event without an
id, which nothing would tell from the next one, and one that says something twice, since readers
differ in which of the two they believe.

This module needs msgspec and the standard library alone, so that a webhook receiver starts quickly.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.answers import UNREADABLE, any_case, lenient_int, vendor_date

EVENT_ID_LENGTH = 512
"""Characters of the longest id that is taken for one; the vendor's own look like UUIDs."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

LARGEST_WHOLE_FLOAT = 2**53
"""Above it a float stands for several whole numbers, so as an id for several people."""

LONGEST_PLAIN = 4_096
"""Characters of a text beside an array of events that is taken to be no event in JSON."""

_OF_A_LIST = {"count", "hasmore", "totalresults", "offset", "limit"}
"""Members, in lower case, that may stand beside an array of events and say nothing themselves."""

_parts = msgspec.json.Decoder(list[msgspec.Raw])
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor event. Everything but `event_id` may be missing: empty text or None.

    `profile_id` is the number of the profile, or the alternate id's value where the subscription
    names a type (then text). `data` and `previous_data` are as the vendor sent them, normally
    objects; None says that there were none (a minimised event has no `data`). `occurred_at`,
    `queued_at` (for distribution) and `recorded_at` are aware; their names are assumed (O-15).
    `raw` is the event's JSON exactly as it came, unknown members included. It is a person's data,
    so `repr` shows ids and types only.
    """

    event_id: str
    event_type: str = ""
    entity: str = ""
    subject: str = ""
    name: str = ""
    description: str = ""
    subscription_id: int | str | None = None
    profile_id: int | str | None = None
    data: Any = None
    previous_data: Any = None
    occurred_at: datetime | None = None
    queued_at: datetime | None = None
    recorded_at: datetime | None = None
    recorded_by: str = ""
    raw: bytes = b""

    def __repr__(self) -> str:
        return (
            f"Event(event_id={self.event_id!r}, event_type={self.event_type!r},"
            f" entity={self.entity!r}, subscription_id={self.subscription_id!r})"
        )


class NotUnderstood(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a body that is no event.

    `position` counts the body's items from 0; None says that the body as a whole is meant. `reason`
    is fit for a log: it quotes nothing of the content. `raw` is the part as it came.
    """

    position: int | None
    reason: str
    raw: bytes

    def __repr__(self) -> str:
        return f"NotUnderstood(position={self.position!r}, reason={self.reason!r})"


class Parsed(msgspec.Struct, frozen=True):
    """What a body holds, item by item in its own order. An empty array holds nothing.

    `around` is what an object holds besides its array of events, where that may be events too: an
    array, an object or a long text. Its `raw` has all members of the object but the array.
    """

    items: list[Event | NotUnderstood]
    around: NotUnderstood | None = None

    @property
    def events(self) -> list[Event]:
        """The items that are events."""
        return [item for item in self.items if isinstance(item, Event)]

    @property
    def not_understood(self) -> list[NotUnderstood]:
        """The items that are not."""
        return [item for item in self.items if isinstance(item, NotUnderstood)]


def parse_events(body: bytes) -> Parsed:
    """The events in `body`: one object, an array of them, or an object that holds the array.

    Never raises, whatever `body` is: what is no event comes back as NotUnderstood.
    """
    body = body.removeprefix(BYTE_ORDER_MARK).strip()
    try:
        parts, others = _events_of(body)
    except _SaidTwice:
        return Parsed([NotUnderstood(position=None, reason=_TWICE, raw=body)])
    except UNREADABLE as error:
        return Parsed([NotUnderstood(position=None, reason=_why(error), raw=body)])
    if parts is None:
        return Parsed([parse_event(body, position=None)])
    items = [parse_event(bytes(part), position=at) for at, part in enumerate(parts)]
    if any(_may_hold_events(value) for value in others.values()):
        raw = msgspec.json.encode(others)
        return Parsed(items, NotUnderstood(position=None, reason=_BESIDE, raw=raw))
    return Parsed(items)


_Parts = tuple[list[msgspec.Raw] | None, dict[str, msgspec.Raw]]


def _events_of(body: bytes) -> _Parts:
    """The parts of an array, or of the array in an object that is no event itself, and the other
    members of that object. Without parts, the body is to be read as one event."""
    if body.startswith(b"["):
        return _parts.decode(body), {}
    if not body.startswith(b"{"):
        return None, {}
    written = _members.decode(body)
    members = any_case(written)
    name = assumptions.NAMES["events.records"].value.lower()
    held = bytes(members.get(name, b""))
    if "eventid" in members or not held.startswith(b"["):
        return None, {}
    # What is around the array, without the events: each of those is looked at by itself.
    _check_nothing_is_said_twice(body.replace(held, b"[]", 1))
    parts = _parts.decode(held)
    if not parts and members.keys() - _OF_A_LIST - {name}:
        return None, {}
    return parts, {key: value for key, value in written.items() if key.lower() != name}


def _may_hold_events(member: msgspec.Raw) -> bool:
    value = msgspec.json.decode(member)
    if isinstance(value, str):
        return len(value) > LONGEST_PLAIN
    return isinstance(value, dict | list) and bool(value)


def parse_event(raw: bytes, *, position: int | None) -> Event | NotUnderstood:
    """The event whose JSON is `raw`; `position` is its place in the body."""

    def no_event(reason: str) -> NotUnderstood:
        return NotUnderstood(position=position, reason=reason, raw=raw)

    try:
        decoded = msgspec.json.decode(raw)
    except UNREADABLE as error:
        return no_event(_why(error))
    if not isinstance(decoded, dict):
        return no_event("It is not a JSON object.")
    members = _unwrapped(any_case(decoded))
    event_id = _event_id(members.get("eventid"))
    if not event_id:
        return no_event("It has no EventId.")
    if len(event_id) > EVENT_ID_LENGTH:
        return no_event(f"Its EventId has more than {EVENT_ID_LENGTH} characters.")
    try:
        _check_nothing_is_said_twice(raw)
    except _SaidTwice:
        return no_event(_TWICE)
    except UNREADABLE as error:
        return no_event(_why(error))
    return _event(event_id, members, raw)


_TWICE = "It has a member twice."
_BESIDE = "An array, an object or a long text stands beside the events."


class _SaidTwice(Exception):
    """An object has two members of one name."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _SaidTwice
    return members


_checking = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=float, parse_float=float, strict=False
)
"""Numbers are not looked at, and `int` refuses very long ones."""


def _check_nothing_is_said_twice(raw: bytes) -> None:
    """Raise _SaidTwice if an object at any depth has a member twice; at the level of the event, and
    of what is around it, also if two names differ in case alone, as those are accepted in any."""
    decoded = _checking.decode(raw.decode())
    members = any_case(decoded)
    levels = [(decoded, members)]
    if "eventid" not in members and isinstance(inner := members.get("data"), dict):
        levels.append((inner, any_case(inner)))
    if any(len(names) != len(level) for level, names in levels):
        raise _SaidTwice


def _why(error: Exception) -> str:
    # The decoder's own words could quote a member's name, which may be a person's datum.
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    return "It is not JSON."


def _unwrapped(members: dict[str, Any]) -> dict[str, Any]:
    """The event itself, where a delivery carries it as the `data` of an envelope.

    Event Grid and CloudEvents would; the vendor says of neither that it is used (O-16).
    """
    if "eventid" not in members and isinstance(members.get("data"), dict):
        inner = any_case(members["data"])
        if "eventid" in inner:
            return inner
    return members


def _event(event_id: str, members: dict[str, Any], raw: bytes) -> Event:
    return Event(
        event_id=event_id,
        event_type=_text(members.get("eventtype")),
        entity=_text(members.get("entity")),
        subject=_text(members.get("subject")),
        name=_text(members.get("name")),
        description=_text(members.get("description")),
        subscription_id=_identifier(members.get("subscriptionid")),
        profile_id=_identifier(members.get("profileid")),
        data=members.get("data"),
        previous_data=members.get("previousdata"),
        occurred_at=vendor_date(_assumed(members, "event.occurred_at")),
        queued_at=vendor_date(_assumed(members, "event.queued_at")),
        recorded_at=vendor_date(_assumed(members, "event.recorded_at")),
        recorded_by=_text(_assumed(members, "event.recorded_by")),
        raw=raw,
    )


def _assumed(members: dict[str, Any], name: str) -> Any:
    return members.get(assumptions.NAMES[name].value.lower())


def _text(value: Any) -> str:
    """Text, or what stands in its place as text; empty for what is no scalar."""
    if isinstance(value, str):
        return value
    number = lenient_int(value)
    return "" if number is None else str(number)


def _event_id(value: Any) -> str:
    """An event's id as text; empty if it has none. A float is none: of two ids that are written
    so and differ far behind, one would be taken for the other."""
    if isinstance(value, str):
        return value if value.strip() else ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _identifier(value: Any) -> int | str | None:
    """An id as number or text, as it came; None if there is none."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float) and abs(value) >= LARGEST_WHOLE_FLOAT:
        return None
    return lenient_int(value)
