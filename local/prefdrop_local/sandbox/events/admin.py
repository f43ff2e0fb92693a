"""What the sandbox's own endpoint says and does about events; see the sandbox's `admin`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.events.courier import Courier
from prefdrop_local.sandbox.events.event import Event, View, events_of_change, shown
from prefdrop_local.sandbox.events.faults import (
    DeliveryFaults,
    DeliveryRules,
    read_delivery_rules,
)
from prefdrop_local.sandbox.events.history import History
from prefdrop_local.sandbox.events.subscription import Subscription
from prefdrop_local.sandbox.events.subscriptions import Subscriptions
from prefdrop_local.sandbox.messages import Request
from prefdrop_local.sandbox.problem import bad_request
from prefdrop_local.sandbox.store import Store

Action = Callable[[Request], Any]

_LONGEST_WAIT = 60.0


class EventAdmin:
    """Looks into events, subscriptions and deliveries, and switches faults of delivery."""

    def __init__(
        self, store: Store, history: History, courier: Courier, faults: DeliveryFaults,
        catch_up: Callable[[float | None], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._history = history
        self._courier = courier
        self._faults = faults
        self._catch_up = catch_up
        self._subscriptions = Subscriptions(store)

    def actions(self) -> dict[tuple[str, str], Action]:
        """Each by method and path."""
        return {
            ("GET", "events"): self._events,
            ("GET", "events/idle"): self._idle,
            ("POST", "events/release"): self._release,
            ("GET", "events/faults"): self._described_faults,
            ("PUT", "events/faults"): self._replace_faults,
            ("DELETE", "events/faults"): self._clear_faults,
            ("GET", "subscriptions"): self._all_subscriptions,
        }

    def _events(self, request: Request) -> Any:
        """All events of a page of changes, each with its deliveries."""
        self._catch_up(_LONGEST_WAIT)
        since, limit = int(_number(request, "since", 0)), int(_number(request, "limit", 1000))
        changes = self._history.after(since, limit, self._history.last())
        deliveries = self._deliveries(changes[0].n, changes[-1].n) if changes else {}
        events = [event for change in changes for event in events_of_change(change)]
        more = len(changes) == limit
        return {
            "events": [self._described(event, deliveries) for event in events],
            "next": changes[-1].n if more else None,
        }

    def _described(self, event: Event, deliveries: dict[str, list[Any]]) -> dict[str, Any]:
        event_id = self._history.ids().of(event)
        members = {"how": event.change.how, "source": event.change.source}
        told = {"deliveries": deliveries.get(event_id, [])}
        return {"event": shown(event, event_id, View()), **members, **told}

    def _deliveries(self, first: int, last: int) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        rows = self._store.rows(
            "SELECT event_id, subscription_id, state, fault, due_at, attempts FROM deliveries"
            " WHERE change >= ? AND change <= ? ORDER BY id",
            (first, last),
        )
        for event_id, subscription_id, state, fault, due_at, attempts in rows:
            members = {
                "subscription_id": subscription_id,
                "state": state,
                "fault": msgspec.json.decode(fault)["kind"] if fault else "",
                "due_at": iso(due_at),
                "attempts": msgspec.Raw(attempts),
            }
            found.setdefault(event_id, []).append(members)
        return found

    def _idle(self, request: Request) -> Any:
        """Answer when nothing is due or under way, or when `timeout` seconds are over."""
        timeout = min(_number(request, "timeout", 10), _LONGEST_WAIT)
        self._catch_up(timeout)
        retries = request.query.get("retries", "true").lower() == "true"
        idle = self._courier.wait_until_idle(timeout, retries=retries)
        return {"idle": idle, "deliveries": self._counts()}

    def _release(self, _request: Request) -> Any:
        return {"released": self._courier.release()}

    def _described_faults(self, _request: Request) -> Any:
        return self._faults.described()

    def _replace_faults(self, request: Request) -> Any:
        try:
            self._faults.replace(read_delivery_rules(request.body))
        except ValueError as error:
            raise bad_request(str(error)) from None
        return self._faults.described()

    def _clear_faults(self, _request: Request) -> Any:
        self._faults.replace(DeliveryRules())
        return self._faults.described()

    def _all_subscriptions(self, _request: Request) -> Any:
        return {"subscriptions": [self._subscription(item) for item in self._subscriptions.all()]}

    def _subscription(self, item: Subscription) -> dict[str, Any]:
        shake = item.handshake
        return {
            "subscription": item.shown(),
            "handshake": {"state": shake.state, "attempts": shake.attempts},
            "untold_changes": self._history.last() - item.cursor,
            "deliveries": self._counts(item.id),
        }

    def _counts(self, subscription_id: int | None = None) -> dict[str, int]:
        """How many deliveries are in which state."""
        sql = """SELECT state, count(*) FROM deliveries
                 WHERE ?1 IS NULL OR subscription_id = ?1 GROUP BY state ORDER BY state"""
        return dict(self._store.rows(sql, (subscription_id,)))


def _number(request: Request, name: str, default: float) -> float:
    text = request.query.get(name, str(default))
    try:
        number = float(text)
    except ValueError:
        raise bad_request(f"{name} must be a number.") from None
    if not 0 <= number < 1e15:
        raise bad_request(f"{name} must be a number.")
    return number
