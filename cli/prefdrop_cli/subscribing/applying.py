"""Doing the steps of a plan: each once, and only to a subscription that is as the plan saw it.

The vendor compares no versions, so what it holds is read again right before each change. A change
whose answer was lost is looked for before it counts as failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefdrop.errors import Terminal
from prefdrop.mypreferences import Client, Conflict, NotFound
from prefdrop.mypreferences.errors import Unclear
from prefdrop_cli.subscribing.planning import Deed, Step

CHANGING: tuple[Deed, ...] = ("remove", "change", "create")

PERHAPS_DONE = (Unclear, Conflict, NotFound)
"""What a change may end with although the vendor holds what it was to bring: another operator made
it, or its answer was lost."""


class PlanOutdated(Terminal):
    """A subscription was changed since the plan was made."""


def apply(vendor: Client, steps: Sequence[Step], look: Callable[[], Sequence[Step]]) -> None:
    """Do the steps; `look` plans again by what the vendor holds. Raises PlanOutdated."""
    for step in steps:
        if step.deed not in CHANGING:
            continue
        now = _left(step, look())
        if now is None:
            continue
        if _agreed(now) != _agreed(step):
            raise PlanOutdated(
                f"The subscription {step.name!r} was changed since the plan was made.",
                hint="Run the command again: it plans anew, and what is done is not done twice.",
            )
        try:
            _do(vendor, now)
        except PERHAPS_DONE:
            if _left(step, look()) is not None:
                raise


def _left(step: Step, planned: Sequence[Step]) -> Step | None:
    """What is still to be done with the step's subscription; None where it is as wanted."""
    named = (one for one in planned if one.name == step.name and one.deed in CHANGING)
    return next(named, None)


def _agreed(step: Step) -> tuple[object, ...]:
    """What an operator has seen of a step."""
    return step.deed, step.id, step.changes, step.loses


def _do(vendor: Client, step: Step) -> None:
    if step.deed == "create":
        vendor.subscriptions.create(step.subscription)
    elif step.deed == "change" and step.id is not None:
        vendor.subscriptions.replace(step.id, step.subscription)
    elif step.deed == "remove" and step.id is not None:
        vendor.subscriptions.delete(step.id)
