"""One vendor event as the Audit table keeps it, and the deliveries that brought it."""

from __future__ import annotations

from typing import Literal

import msgspec

LABEL_LENGTH = 256
"""Characters of a type, an entity or an id other than the event's that the item repeats."""

Source = Literal["webhook", "backfill"]

NamedIn = Literal["event", "delivery", "conflict"]


class Delivery(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One delivery of an event, with its JSON as it came: in `raw`, or in the bucket's object.

    `fuller` says that it brought data which those before it lacked.
    """

    received_at: str
    source: Source
    bytes: int
    raw: str = ""
    object_key: str = ""
    fuller: bool = False

    def __repr__(self) -> str:
        """Without the event itself: it is a person's data."""
        return f"Delivery(received_at={self.received_at!r}, source={self.source!r})"


class AuditedEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event as it is kept. Times are ISO 8601 in UTC with milliseconds; empty for none.

    `at` is when it occurred, or when it came if it does not say so or says nonsense: by it the
    event is found. `delivered_at` is when a webhook brought it, `missed` whether it was counted as
    one that no webhook brought in time, and `missed_at` which reading back has counted it. `facts`,
    `content`, `previous` and `rest` are digests of what it says: its kind, its `Data` and its
    `PreviousData` (empty without), all else.

    `raw` is its JSON as it first came, and never changes; in a list it is empty. Where
    `object_key` names an object of the bucket, the JSON is there. `beside` holds later deliveries
    that say more, in the order in which they came.
    """

    event_id: str
    event_type: str = ""
    entity: str = ""
    profile_id: str = ""
    names_alternate_id: bool = False
    """Whether `profile_id` came as text: then it is the value of an alternate id, or a number that
    the vendor wrote as text."""
    other_id: str = ""
    """The person's id in the other form, number or text, where a later delivery names that."""
    subscription_id: str = ""

    at: str
    occurred_at: str = ""
    received_at: str
    source: Source
    delivered_at: str = ""
    missed: bool = False
    missed_at: str = ""

    facts: str = ""
    content: str = ""
    previous: str = ""
    rest: str = ""
    delivered_rest: str = ""
    """`rest` of the first delivery by webhook, where the event had been read back before."""

    raw: str = ""
    bytes: int = 0
    object_key: str = ""
    expires_at: int = 0
    """When DynamoDB may forget the item (s); 0 for never."""
    beside: list[Delivery] = []
    conflicts: list[str] = []
    """The days (ISO) on which something else came under its id, which is in Exceptions."""
    named_in: NamedIn = "event"
    """What names the person: the kept event, another delivery of it, or something else that came
    under its id. Only what `persons` answers is anything but the kept event."""

    def __repr__(self) -> str:
        """Without the event itself: it is a person's data."""
        return f"AuditedEvent(event_id={self.event_id!r}, event_type={self.event_type!r})"

    @property
    def fullest(self) -> Delivery:
        """The delivery that says most of what was changed: the last that brought data, or the
        first of all."""
        return next((one for one in reversed(self.beside) if one.fuller), self.first)

    @property
    def first(self) -> Delivery:
        """The delivery by which the event came first."""
        return Delivery(
            received_at=self.received_at,
            source=self.source,
            bytes=self.bytes,
            raw=self.raw,
            object_key=self.object_key,
        )
