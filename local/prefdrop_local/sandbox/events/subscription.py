"""A subscription to the account's events: what it asks for, and how far its delivery has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from mypreferences_assumptions import NAMES, SELECTORS
from prefdrop_local.sandbox.events.event import Event, View

ALTERNATE_ID_TYPE = NAMES["subscription.alternate_id_type"].value
ITEMS = NAMES["subscriptions.records"].value

ACTIVE = "Active"


class Item(msgspec.Struct, frozen=True):
    """One event type that is subscribed to, perhaps for some filters, types or fields only."""

    entity: str
    kind: str
    chosen: tuple[str, ...] | None = None
    """Values of the selector as they were given; None: all."""

    def covers(self, event: Event) -> bool:
        """Whether an event is subscribed to by this item."""
        if event.kind != self.kind:
            return False
        return self.chosen is None or event.made.selector in (name.lower() for name in self.chosen)

    def shown(self) -> dict[str, Any]:
        """The item as the vendor's JSON."""
        members: dict[str, Any] = {"Entity": self.entity, "EventType": self.kind}
        if selector := SELECTORS.get(self.entity):
            everything = [selector.everything]
            members[selector.name] = everything if self.chosen is None else list(self.chosen)
        return members


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What a create or replace request asks for."""

    name: str
    description: str = ""
    locale_id: str = ""
    url: str
    state: str
    is_minimized: bool = False
    is_active: bool = True
    catch_up: bool = False
    alternate_id_type: str = ""
    items: tuple[Item, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """All event types that are subscribed to."""
        return frozenset(item.kind for item in self.items)


class Handshake(msgspec.Struct):
    """Whether the receiver has shown that it wants notifications at its address."""

    state: Literal["waiting", "done", "failed"] = "waiting"
    due_at: float = 0.0
    attempts: list[dict[str, Any]] = []


class Subscription(msgspec.Struct):
    """A subscription that was not deleted. Numbers of changes are those of the journal."""

    id: int
    spec: Spec
    begins_after: int
    """The last change before it was made: it tells of later ones."""
    cursor: int
    """The last change whose events are in the outbox."""
    paused_after: int | None = None
    """The last change before it was paused; None while it is active."""
    skipped: list[tuple[int, int]] = []
    """First and last change of each pause after which it did not want to catch up."""
    handshake: Handshake = msgspec.field(default_factory=Handshake)

    @property
    def is_active(self) -> bool:
        """Whether notifications may flow, once the handshake is done."""
        return self.spec.state == ACTIVE

    @property
    def view(self) -> View:
        """How its reader sees events."""
        return View(self.id, self.spec.alternate_id_type)

    def covers(self, event: Event) -> bool:
        """Whether it tells of an event."""
        n = event.change.n
        return n > self.begins_after and any(item.covers(event) for item in self.spec.items)

    def skips(self, n: int) -> bool:
        """Whether a change fell into a pause that is not caught up."""
        return any(first <= n <= last for first, last in self.skipped)

    def replace(self, spec: Spec, last_change: int, now: float) -> None:
        """Take another spec; `last_change` is the journal's last so far."""
        if spec.url != self.spec.url or self.handshake.state == "failed":
            self.handshake = Handshake(due_at=now)
        self.spec = spec
        if not self.is_active:
            self.paused_after = last_change if self.paused_after is None else self.paused_after
        elif self.paused_after is not None:
            if not spec.catch_up:
                self.skipped.append((self.paused_after + 1, last_change))
            self.paused_after = None

    def shown(self) -> dict[str, Any]:
        """The subscription as the vendor's JSON."""
        spec = self.spec
        members: dict[str, Any] = {
            "Id": self.id,
            "Name": spec.name,
            "Description": spec.description,
            "LocaleId": spec.locale_id,
            "Url": spec.url,
            "State": spec.state,
            "IsMinimized": spec.is_minimized,
            "IsActive": spec.is_active,
            "CatchUpOnResume": spec.catch_up,
            ITEMS: [item.shown() for item in spec.items],
        }
        if spec.alternate_id_type:
            members[ALTERNATE_ID_TYPE] = spec.alternate_id_type
        return members


def first_covering(subscriptions: Iterable[Subscription], event: Event) -> Subscription | None:
    """The oldest of the subscriptions that tell of an event."""
    return next((item for item in subscriptions if item.covers(event)), None)
