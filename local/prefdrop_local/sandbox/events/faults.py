"""Faults of delivery: what happens to notifications on their way to a subscriber.

    {"seed": 7, "rules": [
        {"kind": "drop", "chance": 0.1},
        {"kind": "duplicate", "every": 3, "copies": 2},
        {"kind": "corrupt", "nth": 4, "how": "truncated"}]}

Every rule counts, from 1, the notifications that fit its `event_type` and `subscription_id`, in
the order of their events; copies are not counted. Its schedule is that of the request faults. Of
the rules that are due for a notification the first in the list strikes it. What was already put
into the outbox keeps its fate when rules change.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from prefdrop_local.sandbox.faults.schedule import Number, Schedule, drawn


class DeliveryRule(
    Schedule, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """What all of them have: the notifications they look at."""

    event_type: str = "*"
    """`*` stands for any text."""
    subscription_id: int | None = None

    def fits(self, event_type: str, subscription_id: int) -> bool:
        """Whether a notification counts."""
        fits_type = fnmatchcase(event_type, self.event_type)
        return fits_type and self.subscription_id in (None, subscription_id)


class Duplicate(DeliveryRule, tag="duplicate"):
    """The notification is delivered more than once."""

    copies: Number = 1
    """How often more."""


class Reorder(DeliveryRule, tag="reorder"):
    """The notification is sent after the next `behind` of its subscription.

    Only those that are in the outbox at the time can overtake it.
    """

    behind: Number = 1


class Delay(DeliveryRule, tag="delay"):
    """The notification is sent later; without `seconds`, once `POST events/release` says so."""

    seconds: Annotated[float, Meta(ge=0)] | None = None
    """On the sandbox's clock."""


class Drop(DeliveryRule, tag="drop"):
    """The notification is never sent; its event can be retrieved."""


class Corrupt(DeliveryRule, tag="corrupt"):
    """The body that arrives is another one than was sent."""

    how: Literal["truncated", "garbled", "nameless", "altered"] = "truncated"
    """Half of it; bytes that are no text; without `EventId`; another `Data` under the same id."""
    attempts: Number = 1
    """How many attempts, the first among them; later ones arrive whole."""


AnyDeliveryRule = Duplicate | Reorder | Delay | Drop | Corrupt


class DeliveryRules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All rules in force."""

    seed: int = 0
    rules: list[AnyDeliveryRule] = []


def read_delivery_rules(text: bytes) -> DeliveryRules:
    """Rules from JSON. Raises ValueError naming the place of what is wrong."""
    try:
        return msgspec.json.decode(text, type=DeliveryRules)
    except msgspec.ValidationError as error:
        raise ValueError(f"faults: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"faults are not valid JSON: {error}") from None


@dataclass(slots=True)
class _Counted:
    rule: AnyDeliveryRule
    calls: int = 0
    strikes: int = 0


class DeliveryFaults:
    """Decides which notifications are struck. Safe to be called from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.replace(DeliveryRules())

    def replace(self, rules: DeliveryRules) -> None:
        """Put other rules in force, with all counts at 0."""
        with self._lock:
            self._seed = rules.seed
            self._counted = [_Counted(rule) for rule in rules.rules]

    def described(self) -> dict[str, Any]:
        """The rules with the notifications they counted and how often they struck."""
        with self._lock:
            rules = [
                {**msgspec.to_builtins(item.rule), "calls": item.calls, "strikes": item.strikes}
                for item in self._counted
            ]
            return {"seed": self._seed, "rules": rules}

    def strike(self, event_type: str, subscription_id: int) -> AnyDeliveryRule | None:
        """Count a notification; the rule that strikes it, if one does."""
        with self._lock:
            due = [
                item
                for index, item in enumerate(self._counted)
                if self._is_due(index, item, event_type, subscription_id)
            ]
            if not due:
                return None
            due[0].strikes += 1
            return due[0].rule

    def _is_due(self, index: int, item: _Counted, event_type: str, subscription_id: int) -> bool:
        rule = item.rule
        if not rule.fits(event_type, subscription_id):
            return False
        item.calls += 1
        if rule.times is not None and item.strikes >= rule.times:
            return False
        if not rule.is_scheduled(item.calls):
            return False
        return rule.chance is None or drawn(self._seed, index, item.calls).random() < rule.chance
