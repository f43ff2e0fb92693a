"""The faults in force: rules, held requests, and what ends both."""

from __future__ import annotations

import threading
from typing import Any

from prefdrop_local.sandbox.books import Entry
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.faults.held import HeldRequests
from prefdrop_local.sandbox.faults.plan import Arrival, Fate, Plan
from prefdrop_local.sandbox.faults.rules import ResetBefore, RuleSet


class Struck:
    """One call, on its way through the plan that was in force when it arrived."""

    def __init__(self, plan: Plan, arrival: Arrival, over: threading.Event) -> None:
        self._plan = plan
        self._arrival = arrival
        self.over = over
        """Set when the sandbox is reset: what still waits then must not touch anything."""

    def in_body(self) -> ResetBefore | None:
        """The rule that resets the connection while the body still comes in, if one is due."""
        return self._plan.in_body(self._arrival)

    def decide(self, body: bytes) -> Fate:
        """What strikes the call, now that its body was read."""
        return self._plan.decide(self._arrival, body)


class Faults:
    """Switches rules on and off. Safe to be called from many threads."""

    def __init__(self, clock: Clock, rules: RuleSet) -> None:
        self._clock = clock
        self._plan = Plan(rules, clock)
        self._over = threading.Event()
        self.held = HeldRequests()

    def replace(self, rules: RuleSet) -> None:
        """Put other rules in force, with all counts at 0; held requests stay held."""
        self._plan = Plan(rules, self._clock)

    def reset(self) -> None:
        """No rules, nothing held, and whoever waits is let go."""
        self.replace(RuleSet())
        self._over.set()
        self._over = threading.Event()
        self.held.drop()

    def described(self) -> dict[str, Any]:
        """The rules with their counts, and what is held."""
        held = self.held.described()
        return {
            "seed": self._plan.seed,
            "rules": self._plan.described(),
            "held": len(held),
            "held_requests": held,
        }

    def arrived(self, entry: Entry) -> Struck | None:
        """Count a call that has arrived; None where nothing can strike any call."""
        plan = self._plan
        if not plan and not self.held:
            return None
        return Struck(plan, plan.arrived(entry.route, entry.method), self._over)
