"""A subscription, the events that it selects, and the event types that there are to select."""

from __future__ import annotations

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.mypreferences.resources import Resource, read

ACTIVE = "Active"
PAUSED = "Paused"
STATES = (ACTIVE, PAUSED, "Inactive")
"""The vendor's create page knows Active and Paused, its update page Active and Inactive."""

_SELECTORS = {entity: selector.name for entity, selector in assumptions.SELECTORS.items()}


class EventSelection(Resource, frozen=True, kw_only=True):
    """One event type of a subscription, and to what it is narrowed.

    Each entity has one selector at most: `filters` for Preferences, `consent_types` for Consents,
    `contact_types` for Contacts, and by analogy (O-15) `custom_fields` and `groups`. The vendor's
    `AllFilters`, `AllConsents` and so on stand for every one. `select_event` fills all of it in.
    """

    entity: str | None = None
    event_type: str | None = None
    filters: tuple[str, ...] = msgspec.field(default=(), name=_SELECTORS["Preferences"])
    consent_types: tuple[str, ...] = msgspec.field(default=(), name=_SELECTORS["Consents"])
    contact_types: tuple[str, ...] = msgspec.field(default=(), name=_SELECTORS["Contacts"])
    custom_fields: tuple[str, ...] = msgspec.field(default=(), name=_SELECTORS["CustomFields"])
    groups: tuple[str, ...] = msgspec.field(default=(), name=_SELECTORS["Groups"])


class Subscription(Resource, frozen=True, kw_only=True):
    """Events that the vendor POSTs to `url`, which must be https.

    `state` is one of `STATES`; `create` takes None for Active (the vendor itself would for Paused).
    A minimised subscription's events carry no `Data`. `catch_up_on_resume` lets a resumed one
    deliver what happened meanwhile, up to 15 days back. With `alternate_id_type`, events carry
    that alternate id in the place of the profile id. `id` and `is_active` are the vendor's to say.
    `more` holds members that we don't know. `repr` leaves the url out, which may hold a key.
    """

    id: int | str | None = None
    name: str | None = None
    description: str | None = None
    locale_id: str | None = None
    url: str | None = None
    state: str | None = None
    is_minimized: bool | None = None
    is_active: bool | None = None
    catch_up_on_resume: bool | None = None
    alternate_id_type: str | None = msgspec.field(
        default=None, name=assumptions.NAMES["subscription.alternate_id_type"].value
    )
    subscriptions: tuple[EventSelection, ...] = ()

    def __repr__(self) -> str:
        # The url may end in a key by which a receiver knows the vendor.
        return f"Subscription(id={self.id!r}, name={self.name!r}, state={self.state!r})"

    @property
    def delivers(self) -> bool:
        """Whether the vendor sends events now: it exists and is neither Paused nor Inactive."""
        return self.is_active is not False and self.state == ACTIVE


def select_event(event_type: str, *only: str) -> EventSelection:
    """The selection of an event type, narrowed to the filters or types `only`, or to nothing.

    Raises Misconfigured for an event type that is not in the table of assumptions, or that
    cannot be narrowed; an EventSelection of your own may hold anything.
    """
    kind = assumptions.EVENT_KINDS.get(event_type)
    if kind is None:
        raise Misconfigured(
            f"There is no event type {event_type!r} that we know.",
            hint="If the vendor has it, make an EventSelection of it.",
        )
    selector = assumptions.SELECTORS.get(kind.entity)
    if selector is None and only:
        raise Misconfigured(
            f"Events of type {event_type} cannot be narrowed.", hint="Select all of them."
        )
    item = {"Entity": kind.entity, "EventType": event_type}
    if selector is None:
        return read(EventSelection, item)
    return read(EventSelection, {**item, selector.name: list(only) or [selector.everything]})


def select_all_events() -> tuple[EventSelection, ...]:
    """A selection of every event type that the table of assumptions knows, narrowed to nothing."""
    return tuple(select_event(event_type) for event_type in assumptions.EVENT_KINDS)
