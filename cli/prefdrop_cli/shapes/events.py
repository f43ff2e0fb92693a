"""What the commands about the vendor's events print with `--json`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from prefdrop.ledger.audited import NamedIn, Source
from prefdrop.ledger.clock import Moment


class KeptEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the vendor as it is kept, without its data."""

    event_id: str
    """The vendor's `EventId`."""
    event_type: str
    """Such as `Consent.Change`; may be empty, as may the next four."""
    entity: str
    """What it is about, such as `Profile`."""
    profile_id: str
    """Whom it is about, as the vendor wrote it; the alternate id if the subscription sends that."""
    names_alternate_id: bool
    """The vendor wrote `profile_id` as text, as it does an alternate id."""
    named_in: NamedIn
    """What names the person: the kept event, another delivery of it, or a conflict with it."""
    subscription_id: str
    """The vendor's subscription that it came by."""
    at: Moment
    """When it occurred; when it came, if it does not say so."""
    received_at: Moment
    """When it came first."""
    source: Source
    """How it came first."""
    missed: bool
    """It was read back, and no webhook had brought it in time."""


class EventChange(msgspec.Struct, frozen=True):
    """One value that the event changed."""

    path: str
    """Where in the profile, as a feed's paths are."""
    kind: Literal["added", "removed", "changed"]
    """What became of it."""
    before: Any
    """The value before; null where there was none."""
    after: Any
    """The value after; null where there is none."""


class UnreadableDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came to the webhook and was no event, or another one under a known id."""

    received_at: Moment
    """When it came."""
    code: str
    """Why it was put aside, such as `EventConflict`."""
    size: int
    """Its bytes."""
    event_id: str | None
    """Its event id, where it has one."""
    reason: str
    """In a sentence; nothing of the content."""


class Conflict(UnreadableDelivery, frozen=True, kw_only=True):
    """Another event that came under the same id."""

    body: str | None
    """What came, as text; null when it has expired."""


class KeptDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of an event that is kept. A person's data."""

    received_at: Moment
    """When it came."""
    source: Source
    """How it came."""
    shown: bool
    """It is the one that `event` shows, the fullest."""
    body: str | None
    """The vendor's JSON as it came, as text; null when the bucket no longer holds it."""


class ShownEvent(KeptEvent, frozen=True, kw_only=True):
    """One event whole. A person's data."""

    event: dict[str, Any]
    """The vendor's JSON as it came, by the fullest delivery."""
    changes: list[EventChange]
    """What it changed; empty where the vendor does not say what was before."""
    deliveries: list[KeptDelivery]
    """Each delivery that said more than those before it, the first one first."""
    conflicts: list[Conflict]
    """What else came under its id."""


class BackfillCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What reading events back came to."""

    requests: int
    """Requests to the vendor."""
    found: int
    """Events that the vendor answered."""
    stored: int
    """Events that were not kept before, and are now."""
    duplicate: int
    """Events that were kept already."""
    missed: int
    """Events that no webhook had brought in time."""
    conflict: int
    """Events that contradict the one kept under their id."""
    not_understood: int
    """Things that are no events; they are kept aside."""
    without_time: int
    """Events without a time of their own that can be read."""
    cut_off: int
    """Seconds for which the vendor may hold more than it answered."""
