"""Questions about kept events, for the command and for programs: which, and what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Any

import msgspec

from prefdrop.auditing.differences import Difference, differences
from prefdrop.ledger.audit import AuditStore, order_of
from prefdrop.ledger.audited import LABEL_LENGTH, AuditedEvent, Delivery
from prefdrop.ledger.event_exceptions import EventException, EventExceptionStore
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.ledger.persons import Mentions, Person
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
    """One event as it is shown to a person: the kept item, its JSON, and what it changed.

    `event` is the JSON of the fullest delivery, which is `shown`. `deliveries` are all that are
    kept with their JSON as it came, in the order in which they came; None where the object that
    held it is gone. `changes` is empty where the vendor does not say what was before.
    """

    kept: AuditedEvent
    event: dict[str, Any]
    shown: Delivery
    deliveries: list[tuple[Delivery, bytes | None]]
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


def of_person(
    audit: AuditStore,
    mentions: Mentions,
    person: Person,
    *,
    since: str = "",
    until: str = "",
    newest_first: bool = True,
) -> Iterator[AuditedEvent]:
    """Yield what names a person with `since` <= at < `until` (ISO), in order, for lists.

    These are kept events, and deliveries that name the person under the id of an event whose kept
    item names them otherwise, or names someone else (a conflict): `named_in` says which.
    """
    others = [
        one
        for one in mentions.of_person(person)
        if since <= one.at and (not until or one.at < until)
    ]
    return merge(
        audit.of_person(person, since=since, until=until, newest_first=newest_first),
        sorted(others, key=order_of, reverse=newest_first),
        key=order_of,
        reverse=newest_first,
    )


def tell(audit: AuditStore, kept: AuditedEvent) -> Told:
    """Read an event's JSON and work out what it changed; raises ObjectMissing."""
    shown = kept.fullest
    raw = audit.body_of(shown)
    changes = [
        change
        for event in parse_events(raw).items
        if isinstance(event, Event) and event.previous_data is not None
        for change in differences(event.previous_data, event.data)
    ]
    return Told(
        kept=kept,
        event=msgspec.json.decode(raw),
        shown=shown,
        deliveries=[(one, _body_of(audit, one)) for one in (kept.first, *kept.beside)],
        changes=changes,
    )


def _body_of(audit: AuditStore, delivery: Delivery) -> bytes | None:
    try:
        return audit.body_of(delivery)
    except ObjectMissing:
        return None
