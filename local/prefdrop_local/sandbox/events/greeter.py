"""Shakes hands with receivers, each until it is done or has failed for 24 hours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.events.backoff import wait_after
from prefdrop_local.sandbox.events.crew import Crew
from prefdrop_local.sandbox.events.handshake import shake_hands
from prefdrop_local.sandbox.events.sending import Answer, Sender
from prefdrop_local.sandbox.events.subscription import Subscription
from prefdrop_local.sandbox.events.subscriptions import Subscriptions, update
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store


class Greeter:
    """Decides who is to be greeted; a crew does it."""

    def __init__(
        self, store: Store, clock: Clock, settings: Callable[[], Settings], sender: Sender,
        crew: Crew,
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._settings = settings
        self._sender = sender
        self._crew = crew
        self._subscriptions = Subscriptions(store)
        self._under_way: set[int] = set()

    def is_done(self, item: Subscription) -> bool:
        """Whether notifications may flow."""
        return item.handshake.state == "done" or self._settings().handshake == "none"

    def is_due(self, item: Subscription, now: float) -> bool:
        """Whether there is an attempt to make by then, or one under way."""
        return item.handshake.state == "waiting" and item.handshake.due_at <= now

    def greet(self, item: Subscription) -> bool:
        """Have the next attempt made, if it is due; whether it was."""
        if item.id in self._under_way or not self.is_due(item, self._clock.now()):
            return False
        self._under_way.add(item.id)
        self._crew.do(lambda: self._shake(item))
        return True

    def forget(self) -> None:
        """Nothing counts as under way any more."""
        self._under_way.clear()

    def _shake(self, item: Subscription) -> None:
        """A job: one attempt."""
        settings, now = self._settings(), self._clock.now()
        answer, accepted = shake_hands(self._sender, item.spec.url, now, settings)

        def note() -> None:
            with self._store.transaction() as database:
                self._note(database, item, answer, accepted=accepted)
            self._under_way.discard(item.id)

        self._crew.note(note)

    def _note(
        self, database: sqlite3.Connection, sent_to: Subscription, answer: Answer, *, accepted: bool
    ) -> None:
        item = self._subscriptions.get(sent_to.id)
        if item is None or item.spec.url != sent_to.spec.url:
            return
        now, shake = self._clock.now(), item.handshake
        shake.attempts.append(answer.attempt(now) | {"accepted": accepted})
        wait = wait_after(len(shake.attempts), self._settings().delivery_wait_scale)
        if accepted:
            shake.state = "done"
        elif wait is None:
            shake.state = "failed"
        shake.due_at = now + (wait or 0)
        update(database, item)
