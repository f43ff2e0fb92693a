"""What would have to change at the vendor for its subscriptions to be what a file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.subscriptions_models import ACTIVE, EventSelection, Subscription
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.subscribing.definition import STACK, WantedSubscription

Deed = Literal["create", "change", "remove", "keep", "leave alone"]


class Change(msgspec.Struct, frozen=True):
    """One member that is not as the file says."""

    member: str
    """Of the vendor's subscription."""
    before: Any
    """What the vendor has."""
    after: Any
    """What the file says."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with one subscription. `subscription` is what it then is.

    `loses` lists the event types that it delivers now and then would not.
    """

    deed: Deed
    name: str
    id: int | str | None = None
    changes: tuple[Change, ...] = ()
    loses: tuple[str, ...] = ()
    subscription: Subscription

    @property
    def removes(self) -> bool:
        """Whether somebody has to agree to it."""
        return self.deed == "remove" or bool(self.loses)


ORDER: tuple[Deed, ...] = ("remove", "change", "create", "keep", "leave alone")
"""What is done first: the vendor takes no event type for one address twice."""


def plan(
    wanted: Sequence[WantedSubscription], held: Sequence[Subscription], stack_url: str
) -> list[Step]:
    """The steps in their order. `stack_url` is the webhook of the stack, with its key.

    Raises WrongUse where the vendor holds several subscriptions of a name that the file has.
    """
    by_name: dict[str, list[Subscription]] = {}
    for subscription in held:
        by_name.setdefault((subscription.name or "").strip(), []).append(subscription)
    steps = [_step(entry, by_name.pop(entry.name, []), stack_url) for entry in wanted]
    others = [
        Step(deed="leave alone", name=name, id=one.id, subscription=one)
        for name, several in by_name.items()
        for one in several
    ]
    planned = [step for step in steps if step is not None]
    return sorted([*planned, *others], key=lambda step: ORDER.index(step.deed))


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
    if current is None:
        new = _as_wanted(entry, Subscription(name=entry.name, state=ACTIVE), stack_url)
        return Step(deed="create", name=entry.name, subscription=new)
    then = _as_wanted(entry, current, stack_url)
    changes = tuple(_changes(current, then))
    lost = _events(current.subscriptions).keys() - _events(then.subscriptions).keys()
    return Step(
        deed="change" if changes else "keep",
        name=entry.name,
        id=current.id,
        changes=changes,
        loses=tuple(sorted(lost)),
        subscription=then,
    )


def _as_wanted(entry: WantedSubscription, current: Subscription, stack_url: str) -> Subscription:
    said: dict[str, Any] = {
        "url": stack_url if entry.url == STACK else entry.url,
        "state": entry.state,
        "subscriptions": (*entry.selections(), *_unknown(current.subscriptions)),
        "description": entry.description,
        "locale_id": entry.locale,
        "is_minimized": entry.minimized,
        "catch_up_on_resume": entry.catch_up_on_resume,
        "alternate_id_type": entry.alternate_id_type,
    }
    return msgspec.structs.replace(
        current, **{name: value for name, value in said.items() if value is not None}
    )


def _unknown(items: Iterable[EventSelection]) -> list[EventSelection]:
    """Event types that the vendor has and we do not know: no file can ask for them to go."""
    return [item for item in items if item.event_type not in assumptions.EVENT_KINDS]


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
    """By event type, what it is narrowed to, in an order that does not matter; empty for nothing.

    The vendor may say that with a word of its own or with an empty list.
    """
    everything = {selector.everything for selector in assumptions.SELECTORS.values()}
    found: dict[str, list[str]] = {}
    for item in items:
        narrowed = (*item.filters, *item.consent_types, *item.contact_types,
                    *item.custom_fields, *item.groups)  # fmt: skip
        names = sorted(set(narrowed) - everything)
        found.setdefault(item.event_type or "", []).extend(names)
    return found
