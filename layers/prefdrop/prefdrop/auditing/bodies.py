"""From the bytes of a delivery to events and what is none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from prefdrop.mypreferences.events import Event, NotUnderstood, parse_events

DEEPEST = 64
"""Nesting of an event's JSON; the vendor's go a handful deep, and readers must not run out."""

MOST_ASIDE = 100
"""Things of one body that are no events and are kept one by one. Each costs a write that a sender
waits for, and more than fit into its patience would be sent again for ever."""

Item = Event | NotUnderstood


def read_body(body: bytes) -> list[Item]:
    """What a body holds. Never raises; what is not understood as a whole keeps its own bytes."""
    parsed = parse_events(_utf8(body))
    items = parsed.items
    if len(items) == 1 and isinstance(items[0], NotUnderstood) and items[0].position is None:
        return [msgspec.structs.replace(items[0], raw=body)]
    checked = [_checked(item) for item in items]
    if parsed.around is None:
        return checked
    return [*checked, msgspec.structs.replace(parsed.around, raw=body)]


def bundled(items: Sequence[Item]) -> list[Item]:
    """The same items; where too many are no events, those as one, an array of them as they came."""
    aside = [item.raw for item in items if isinstance(item, NotUnderstood)]
    if len(aside) <= MOST_ASIDE:
        return list(items)
    whole = NotUnderstood(
        position=None,
        reason=f"{len(aside)} items of one array are no events; they are kept together.",
        raw=b"[" + b",".join(aside) + b"]",
    )
    return [*(item for item in items if isinstance(item, Event)), whole]


def _utf8(body: bytes) -> bytes:
    """`body` in UTF-8 without a byte order mark, if it is in a Unicode encoding at all."""
    encoding = json.detect_encoding(body)
    if encoding == "utf-8":
        return body
    try:
        return body.decode(encoding).encode()
    except UnicodeError:
        return body


def _checked(item: Item) -> Item:
    if isinstance(item, NotUnderstood) or not _is_deep(item.raw):
        return item
    return NotUnderstood(
        position=None, reason=f"The JSON is nested more than {DEEPEST} deep.", raw=item.raw
    )


def _is_deep(raw: bytes) -> bool:
    if raw.count(b"{") + raw.count(b"[") <= DEEPEST:
        return False
    level: list[Any] = [msgspec.json.decode(raw)]
    for _ in range(DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    """The objects and arrays directly inside one."""
    inner = value.values() if isinstance(value, dict) else value
    return [one for one in inner if isinstance(one, dict | list)]
