"""Questions about kept events, for the command and for programs: which, and what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from prefdrop.auditing.differences import Difference, differences
from prefdrop.ledger.audit import LABEL_LENGTH, AuditedEvent, AuditStore
from prefdrop.ledger.event_exceptions import EventException, EventExceptionStore
from prefdrop.mypreferences.events import Event, parse_events


def conflicts_of(
    exceptions: EventExceptionStore, kept: AuditedEvent
) -> list[tuple[EventException, bytes | None]]:
    """What else came under the event's id, oldest first, with its JSON as it came; None where the
    object that held it is gone."""
    found = (one for day in kept.conflicts for one in exceptions.of_day(day))
    return [
        (one, exceptions.find_body(one))
        for one in found
        if one.code == "EventConflict" and one.event_id == kept.event_id[:LABEL_LENGTH]
    ]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is told to a person: the kept item, its JSON, and what it changed.

    `changes` is empty where the vendor does not say what was before.
    """

    kept: AuditedEvent
    event: dict[str, Any]
    changes: list[Difference]

    def __repr__(self) -> str:
        """Without the event itself: it is a person's data."""
        return f"Told(kept={self.kept!r})"


def of_types(events: Iterable[AuditedEvent], types: Iterable[str]) -> Iterator[AuditedEvent]:
    """Those of one of the types, or all without any.

    `consent` and `consent.*` name every type that begins with `consent.`; case does not matter.
    """
    wanted = [one.lower().removesuffix(".*") for one in types]
    for event in events:
        kind = event.event_type.lower()
        if not wanted or any(kind == one or kind.startswith(f"{one}.") for one in wanted):
            yield event


def tell(audit: AuditStore, kept: AuditedEvent) -> Told:
    """Read an event's JSON and work out what it changed; raises ObjectMissing."""
    raw = audit.json_of(kept)
    changes = [
        change
        for event in parse_events(raw).items
        if isinstance(event, Event) and event.previous_data is not None
        for change in differences(event.previous_data, event.data)
    ]
    return Told(kept=kept, event=msgspec.json.decode(raw), changes=changes)
