"""Brings events to subscribers: shakes hands, fills the outbox, sends, and tries again.

One thread decides what is due by the sandbox's clock, a crew of others waits for receivers.
Everything that was decided is in the database, so a new process goes on where the last one ended.
Delivery is at least once and in no order, as O-16 assumes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.events import outbox
from prefdrop_local.sandbox.events.crew import Crew
from prefdrop_local.sandbox.events.event import Change, Event, events_of_change, shown
from prefdrop_local.sandbox.events.faults import DeliveryFaults
from prefdrop_local.sandbox.events.greeter import Greeter
from prefdrop_local.sandbox.events.history import History
from prefdrop_local.sandbox.events.notifying import body_of
from prefdrop_local.sandbox.events.sending import Sender
from prefdrop_local.sandbox.events.subscription import Subscription
from prefdrop_local.sandbox.events.subscriptions import Subscriptions, update
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_FEW = 500
"""The outbox of a subscription is filled when fewer notifications than that wait in it."""
_CHANGES = 100
"""Changes whose events are put into the outbox in one transaction."""
_LONGEST_SLEEP = 0.25
_SHORTEST_SLEEP = 0.01


class Courier:
    """The vendor's distribution of events."""

    def __init__(
        self, store: Store, clock: Clock, settings: Callable[[], Settings], history: History,
        faults: DeliveryFaults,
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._settings = settings
        self._history = history
        self._faults = faults
        self._subscriptions = Subscriptions(store)
        self._sender = Sender(clock)
        self._crew = Crew("event-delivery", self._came_back)
        self._greeter = Greeter(store, clock, settings, self._sender, self._crew)
        self._decided_at = 0.0
        self._subscribed = False
        self._deciding = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._moved = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="event-courier", daemon=True)

    def start(self) -> None:
        """Begin to work in the background."""
        with self._store.transaction() as database:
            outbox.take_up(database)
        self._thread.start()

    def stop(self) -> None:
        """End the background work; a receiver that is being called is not waited for."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._crew.dismiss()

    def nudge(self) -> None:
        """Something may be due now."""
        self._wake.set()

    def noted(self) -> None:
        """A profile was changed; called inside the writer's transaction, for each of them."""
        if self._subscribed:
            self._wake.set()

    def while_idle(self, work: Callable[[], None]) -> None:
        """Do some work while nothing is being decided; what is under way is forgotten."""
        with self._deciding, self._crew.noting:
            work()
            self._greeter.forget()

    def release(self) -> int:
        """Let everything that faults delay be due now; how many notifications that were."""
        with self._store.transaction() as database:
            released = outbox.release(database, self._clock.now())
        self.nudge()
        return released

    def wait_until_idle(self, timeout: float, *, retries: bool) -> bool:
        """Wait until nothing is due or under way; whether it came to that.

        With `retries`, what waits for its next attempt counts as well.
        """
        until = time.monotonic() + timeout
        self.nudge()
        with self._moved:
            while not self._is_idle(retries=retries):
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._moved.wait(min(left, _LONGEST_SLEEP))
        return True

    def _is_idle(self, *, retries: bool) -> bool:
        now = float("inf") if retries else self._clock.now()
        with self._store.transaction() as database:
            if self._crew.busy:
                return False
            return not any(
                self._has_work(database, item, now) for item in self._subscriptions.all()
            )

    def _has_work(self, database: sqlite3.Connection, item: Subscription, now: float) -> bool:
        if not item.is_active:
            return False
        if not self._greeter.is_done(item):
            return self._greeter.is_due(item, now)
        if item.cursor < self._history.last():
            return True
        return outbox.has_due(database, item, now)

    def _work(self) -> None:
        while not self._ended.is_set():
            if not self._step():
                self._wake.wait(self._pause())
                self._wake.clear()

    def _step(self) -> bool:
        """Do what is due; False when nothing was."""
        with self._deciding:
            self._decided_at = self._clock.now()
            self._history.tidy()
            items = self._subscriptions.all()
            # A change that was noted just before the first subscription woke nobody: look again.
            did = bool(items) and not self._subscribed
            self._subscribed = bool(items)
            for item in items:
                if item.is_active and not self._greeter.is_done(item):
                    did |= self._greeter.greet(item)
                did |= self._fill(item.id)
                did |= self._send_due(item.id)
        if did:
            self._tell()
        return did

    def _pause(self) -> float | None:
        """Seconds until something falls due; None: nothing will by itself.

        What was due already waits for a receiver to answer, or for its subscription to resume.
        """
        moments = outbox.next_due(self._store, self._decided_at)
        moments += [
            item.handshake.due_at
            for item in self._subscriptions.all()
            if item.is_active
            and not self._greeter.is_done(item)
            and item.handshake.due_at > self._decided_at
        ]
        return max(min(moments) - self._clock.now(), _SHORTEST_SLEEP) if moments else None

    def _fill(self, subscription_id: int) -> bool:
        """Put the events of some more changes into the outbox; False where there are none."""
        with self._store.transaction() as database:
            item = self._subscriptions.get(subscription_id)
            if item is None or outbox.waiting(database, item) >= _FEW:
                return False
            last = self._history.last() if item.paused_after is None else item.paused_after
            if item.cursor >= last:
                return False
            changes = self._history.after(item.cursor, _CHANGES, last)
            events = self._told(item, changes)
            outbox.put(database, item, events, self._faults, self._clock.now())
            # Fewer than asked for: the others are too old.
            item.cursor = changes[-1].n if len(changes) == _CHANGES else last
            update(database, item)
        return True

    def _told(self, item: Subscription, changes: list[Change]) -> Iterator[tuple[Event, str]]:
        ids = self._history.ids()
        for change in changes:
            if item.skips(change.n):
                continue
            for event in events_of_change(change):
                if item.covers(event):
                    yield event, ids.of(event)

    def _send_due(self, subscription_id: int) -> bool:
        settings = self._settings()
        size = settings.delivery_batch if settings.delivery_shape == "array" else 1
        free = settings.delivery_workers - self._crew.busy
        if free <= 0:
            return False
        with self._store.transaction() as database:
            # Read again: once a request to pause it was answered, nothing more is taken out.
            item = self._subscriptions.get(subscription_id)
            if item is None or not item.is_active or not self._greeter.is_done(item):
                return False
            taken = outbox.take(database, item, self._clock.now(), free * size)
        for batch in _batches(taken, size):
            self._send(item, batch, settings)
        return bool(taken)

    def _send(self, item: Subscription, batch: list[outbox.Delivery], settings: Settings) -> None:
        """Hand a notification to the crew; what is no longer remembered is not sent."""
        view = item.view._replace(is_minimized=item.spec.is_minimized)
        kept, events = [], []
        for delivery in batch:
            event = self._history.at(delivery.change, delivery.ordinal)
            if event is None:
                with self._store.transaction() as database:
                    outbox.expire(database, delivery)
                continue
            kept.append(delivery)
            events.append(shown(event, delivery.event_id, view))
        if kept:
            body = body_of(events, kept[0].corruption, settings)
            self._crew.do(lambda: self._deliver(item.spec.url, kept, body))

    def _deliver(self, url: str, deliveries: list[outbox.Delivery], body: bytes) -> None:
        """A job: one attempt at a notification."""
        settings = self._settings()
        answer = self._sender.notify(url, deliveries[0].event_id, body, settings)

        def note() -> None:
            now, scale = self._clock.now(), settings.delivery_wait_scale
            attempt, succeeded = answer.attempt(now), answer.succeeded
            with self._store.transaction() as database:
                outbox.settle(
                    database, deliveries, attempt, succeeded=succeeded, now=now, scale=scale
                )

        self._crew.note(note)

    def _came_back(self) -> None:
        self.nudge()
        self._tell()

    def _tell(self) -> None:
        with self._moved:
            self._moved.notify_all()


def _batches(taken: list[outbox.Delivery], size: int) -> Iterator[list[outbox.Delivery]]:
    """Notifications that go together; one that is falsified goes alone."""
    batch: list[outbox.Delivery] = []
    for delivery in taken:
        if delivery.corruption is not None:
            yield [delivery]
            continue
        batch.append(delivery)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
