"""Makes the body of a notification, or of a corrupt one."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop_local.sandbox.events.faults import Corrupt
from prefdrop_local.sandbox.settings import Settings

_NO_TEXT = b"\x00\xff\xfe"


def body_of(events: list[dict[str, Any]], corruption: Corrupt | None, settings: Settings) -> bytes:
    """The bytes to send for events that go together."""
    if corruption is not None:
        events = [_falsified(event, corruption) for event in events]
    body = msgspec.json.encode(events if settings.delivery_shape == "array" else events[0])
    if corruption is None:
        return body
    if corruption.how == "truncated":
        return body[: len(body) // 2]
    return _NO_TEXT + body[3:] if corruption.how == "garbled" else body


def _falsified(event: dict[str, Any], corruption: Corrupt) -> dict[str, Any]:
    if corruption.how == "nameless":
        return {name: value for name, value in event.items() if name != "EventId"}
    if corruption.how == "altered":
        return {**event, "Data": {"Altered": True}}
    return event
