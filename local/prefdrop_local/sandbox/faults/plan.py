"""Decides which calls are struck: counts them, rule by rule, and draws from the seed."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.faults.rules import (
    Away,
    Cut,
    Latency,
    ResetBefore,
    Rule,
    RuleSet,
    as_members,
)
from prefdrop_local.sandbox.faults.schedule import drawn


@dataclass(slots=True)
class Fate:
    """What strikes one call."""

    delay: float = 0.0
    """Seconds."""
    rule: Rule | None = None
    """The rule that decides whether the call is applied, and whether it is answered."""
    changes: list[tuple[Rule, random.Random]] = field(default_factory=list)
    """Rules that change the answer, each with what it draws from."""
    kinds: list[str] = field(default_factory=list)
    """The kinds of all that, for the books."""


@dataclass(slots=True)
class _Counted:
    """A rule with what it has seen."""

    index: int
    rule: Rule
    calls: int = 0
    strikes: int = 0
    away_until: float = 0.0
    away_calls: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it may."""
        return self.rule.times is not None and self.strikes >= self.rule.times


@dataclass(slots=True)
class Arrival:
    """A call whose body was not read yet, and the rules that are due for it so far."""

    route: str
    method: str
    due: list[tuple[_Counted, int]] = field(default_factory=list)
    """With each rule's number of this call."""


class Plan:
    """One set of rules in force. Safe to be asked from many threads."""

    def __init__(self, rules: RuleSet, clock: Clock) -> None:
        self.seed = rules.seed
        self._clock = clock
        self._counted = [_Counted(index, rule) for index, rule in enumerate(rules.rules)]
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._counted)

    def described(self) -> list[dict[str, Any]]:
        """Each rule with the calls it counted and how often it struck."""
        with self._lock:
            return [
                {**as_members(item.rule), "calls": item.calls, "strikes": item.strikes}
                for item in self._counted
            ]

    def arrived(self, route: str, method: str) -> Arrival:
        """Count a call for all rules that need not see its body."""
        arrival = Arrival(route, method)
        with self._lock:
            self._count(arrival, None)
        return arrival

    def in_body(self, arrival: Arrival) -> ResetBefore | None:
        """The rule that resets the connection while the body still comes in, if one is due."""
        with self._lock:
            for item, _ in arrival.due:
                rule = item.rule
                if item.spent:
                    continue
                if isinstance(rule, ResetBefore) and rule.after_bytes is not None:
                    item.strikes += 1
                    return rule
                if not (isinstance(rule, Latency) or rule.only_changes_answer):
                    break
        return None

    def decide(self, arrival: Arrival, body: bytes) -> Fate:
        """What strikes a call whose body was read."""
        fate = Fate()
        with self._lock:
            self._count(arrival, body)
            arrival.due.sort(key=lambda found: found[0].index)
            for item, _ in arrival.due:
                if not item.rule.only_changes_answer:
                    self._strike(item, fate)
            if fate.rule is None or isinstance(fate.rule, Cut):
                for item, call in arrival.due:
                    if item.rule.only_changes_answer and not item.spent:
                        item.strikes += 1
                        fate.changes.append((item.rule, self._draw(item, call)))
                        fate.kinds.append(item.rule.kind)
        return fate

    def _count(self, arrival: Arrival, body: bytes | None) -> None:
        """Count the call for the rules that look at bodies, or for those that do not."""
        for item in self._counted:
            text = item.rule.body_contains
            if (text is None) != (body is None):
                continue
            if not item.rule.fits(arrival.route, arrival.method):
                continue
            if text is not None and body is not None and text.encode() not in body:
                continue
            item.calls += 1
            if self._is_due(item):
                arrival.due.append((item, item.calls))

    def _is_due(self, item: _Counted) -> bool:
        rule = item.rule
        if self._is_away(item):
            return True
        if item.spent or not rule.is_scheduled(item.calls):
            return False
        return rule.chance is None or self._draw(item, item.calls).random() < rule.chance

    def _is_away(self, item: _Counted) -> bool:
        return item.away_calls > 0 or self._clock.now() < item.away_until

    def _strike(self, item: _Counted, fate: Fate) -> None:
        """Let a due rule strike unless another already does."""
        rule = item.rule
        if item.spent and not self._is_away(item):
            # Calls that overlap are all due, until the first of them is struck.
            return
        if isinstance(rule, Latency):
            fate.delay += rule.seconds
        elif fate.rule is None:
            fate.rule = rule
        else:
            return
        if isinstance(rule, Away):
            self._go_away(item, rule)
        item.strikes += 1
        fate.kinds.append(rule.kind)

    def _go_away(self, item: _Counted, rule: Away) -> None:
        """Begin an outage, or go on with the one that is under way."""
        now = self._clock.now()
        if item.away_calls:
            item.away_calls -= 1
        elif rule.calls is not None:
            item.away_calls = rule.calls - 1
        elif rule.seconds is not None and now >= item.away_until:
            item.away_until = now + rule.seconds

    def _draw(self, item: _Counted, call: int) -> random.Random:
        return drawn(self.seed, item.index, call)
