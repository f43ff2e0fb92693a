"""What would have to change at the vendor for its subscriptions to be what a file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from prefdrop.mypreferences.subscriptions_models import EventSelection, Subscription
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.subscribing.definition import STACK, WantedSubscription

Deed = Literal["create", "change", "remove", "keep", "leave alone"]


class Change(msgspec.Struct, frozen=True):
    """One member that is not as the file says."""

    member: str
    before: Any
    after: Any


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with one subscription. `subscription` is what it then is."""

    deed: Deed
    name: str
    id: int | str | None = None
    changes: tuple[Change, ...] = ()
    subscription: Subscription


def plan(
    wanted: Sequence[WantedSubscription], held: Sequence[Subscription], stack_url: str
) -> list[Step]:
    """The steps, those of the file first. `stack_url` is the webhook of the stack, with its key.

    Raises WrongUse where the vendor holds several subscriptions of a name that the file has.
    """
    by_name: dict[str, list[Subscription]] = {}
    for subscription in held:
        by_name.setdefault(subscription.name or "", []).append(subscription)
    steps = [_step(entry, by_name.pop(entry.name, []), stack_url) for entry in wanted]
    return [step for step in steps if step is not None] + [
        Step(deed="leave alone", name=name, id=one.id, subscription=one)
        for name, several in by_name.items()
        for one in several
    ]


def _step(entry: WantedSubscription, there: list[Subscription], stack_url: str) -> Step | None:
    if len(there) > 1:
        ids = ", ".join(str(one.id) for one in there)
        raise WrongUse(
            f"The vendor holds several subscriptions named {entry.name!r}: {ids}.",
            hint="They are told apart by their name; rename or remove all but one by hand.",
        )
    current = there[0] if there else None
    if entry.absent:
        if current is None:
            return None
        return Step(deed="remove", name=entry.name, id=current.id, subscription=current)
    then = _as_wanted(entry, current or Subscription(name=entry.name), stack_url)
    if current is None:
        return Step(deed="create", name=entry.name, subscription=then)
    changes = tuple(_changes(current, then))
    deed: Deed = "change" if changes else "keep"
    return Step(deed=deed, name=entry.name, id=current.id, changes=changes, subscription=then)


def _as_wanted(entry: WantedSubscription, current: Subscription, stack_url: str) -> Subscription:
    said: dict[str, Any] = {
        "url": stack_url if entry.url == STACK else entry.url,
        "state": entry.state,
        "subscriptions": entry.selections(),
        "description": entry.description,
        "locale_id": entry.locale,
        "is_minimized": entry.minimized,
        "catch_up_on_resume": entry.catch_up_on_resume,
        "alternate_id_type": entry.alternate_id_type,
    }
    return msgspec.structs.replace(
        current, **{name: value for name, value in said.items() if value is not None}
    )


COMPARED = (
    "url", "state", "description", "locale_id", "is_minimized", "catch_up_on_resume",
    "alternate_id_type",
)  # fmt: skip


def _changes(current: Subscription, then: Subscription) -> Iterable[Change]:
    for member in COMPARED:
        before, after = getattr(current, member), getattr(then, member)
        if before != after:
            yield Change(member, before, after)
    old, new = _events(current.subscriptions), _events(then.subscriptions)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Change(f"events.{name}", old.get(name), new.get(name))


def _events(items: Iterable[EventSelection]) -> dict[str, list[str]]:
    """By event type, what it is narrowed to, in an order that does not matter."""
    found: dict[str, list[str]] = {}
    for item in items:
        narrowed = (*item.filters, *item.consent_types, *item.contact_types,
                    *item.custom_fields, *item.groups)  # fmt: skip
        found.setdefault(item.event_type or "", []).extend(sorted(narrowed))
    return found
