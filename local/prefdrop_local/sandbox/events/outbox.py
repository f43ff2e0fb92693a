"""Notifications to be delivered, in the database: put in, taken out, settled.

Each has a state: `waiting`, `sending`, `held` by a fault until it is released, and at the end
`delivered`, `dropped` by a fault, `given_up`, `expired` or `cancelled` with its subscription.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from prefdrop_local.sandbox.events.backoff import wait_after
from prefdrop_local.sandbox.events.event import Event
from prefdrop_local.sandbox.events.faults import (
    AnyDeliveryRule,
    Corrupt,
    Delay,
    DeliveryFaults,
    Drop,
    Duplicate,
    Reorder,
)
from prefdrop_local.sandbox.events.subscription import Subscription
from prefdrop_local.sandbox.store import Store

_INSERT = "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NONE = b"[]"
_decode_rule = msgspec.json.Decoder(AnyDeliveryRule).decode


class Delivery(NamedTuple):
    """A notification that was taken out to be sent."""

    id: int
    subscription_id: int
    change: int
    ordinal: int
    event_id: str
    fault: str
    attempts: bytes

    @property
    def tried(self) -> list[dict[str, Any]]:
        """The attempts so far."""
        return list(msgspec.json.decode(self.attempts))

    @property
    def corruption(self) -> Corrupt | None:
        """How the next attempt's body is falsified, if it is."""
        rule = _decode_rule(self.fault) if self.fault else None
        if isinstance(rule, Corrupt) and len(self.tried) < rule.attempts:
            return rule
        return None


def put(
    database: sqlite3.Connection, subscription: Subscription, events: Iterable[tuple[Event, str]],
    faults: DeliveryFaults, now: float,
) -> None:  # fmt: skip
    """Put in what is to be told a subscription; each event comes with its id."""
    [(number,)] = database.execute("SELECT coalesce(max(id), 0) FROM deliveries").fetchall()
    rows = []
    for event, event_id in events:
        rule = faults.strike(event.kind, subscription.id)
        place, due_at, state, copies = _fate(rule, now)
        fault = msgspec.json.encode(rule).decode() if rule else ""
        for _ in range(1 + copies):
            number += 1
            rows.append(
                (number, subscription.id, event.change.n, event.ordinal, event_id,
                 number + place, due_at, state, fault, _NONE)
            )  # fmt: skip
    database.executemany(_INSERT, rows)


def _fate(rule: AnyDeliveryRule | None, now: float) -> tuple[float, float, str, int]:
    """How far back it is put, when it is due, its state, and how many copies there are."""
    match rule:
        case Drop():
            return 0, now, "dropped", 0
        case Delay(seconds=None):
            return 0, now, "held", 0
        case Delay(seconds=float(seconds)):
            return 0, now + seconds, "waiting", 0
        case Reorder(behind=behind):
            return behind + 0.5, now, "waiting", 0
        case Duplicate(copies=copies):
            return 0, now, "waiting", copies
    return 0, now, "waiting", 0


def waiting(database: sqlite3.Connection, subscription: Subscription) -> int:
    """How many notifications of a subscription wait."""
    sql = "SELECT count(*) FROM deliveries WHERE state = 'waiting' AND subscription_id = ?"
    [(count,)] = database.execute(sql, (subscription.id,)).fetchall()
    return int(count)


def has_due(database: sqlite3.Connection, subscription: Subscription, now: float) -> bool:
    """Whether a notification of a subscription is due by then, or being sent."""
    sql = (
        "SELECT 1 FROM deliveries WHERE subscription_id = ?"
        " AND (state = 'sending' OR (state = 'waiting' AND due_at <= ?)) LIMIT 1"
    )
    return bool(database.execute(sql, (subscription.id, now)).fetchall())


def next_due(store: Store, after: float) -> list[float]:
    """The next moment at which a notification falls due, or nothing."""
    sql = "SELECT min(due_at) FROM deliveries WHERE state = 'waiting' AND due_at > ?"
    [(moment,)] = store.rows(sql, (after,))
    return [] if moment is None else [moment]


def take(
    database: sqlite3.Connection, subscription: Subscription, now: float, most: int
) -> list[Delivery]:
    """Take out what is due, in order of place."""
    columns = ", ".join(Delivery._fields)
    rows = database.execute(
        f"SELECT {columns} FROM deliveries WHERE state = 'waiting' AND subscription_id = ?"
        " AND due_at <= ? ORDER BY place LIMIT ?",
        (subscription.id, now, most),
    ).fetchall()
    database.executemany(
        "UPDATE deliveries SET state = 'sending' WHERE id = ?", [(row[0],) for row in rows]
    )
    return [Delivery(*row) for row in rows]


def settle(
    database: sqlite3.Connection, deliveries: Iterable[Delivery], attempt: dict[str, Any],
    *, succeeded: bool, now: float, scale: float,
) -> None:  # fmt: skip
    """Note an attempt; what failed waits for its next one, or is given up."""
    for delivery in deliveries:
        tried = [*delivery.tried, attempt]
        wait = wait_after(len(tried), scale)
        failed = "given_up" if wait is None else "waiting"
        state = "delivered" if succeeded else failed
        due_at = now if succeeded or wait is None else now + wait
        database.execute(
            "UPDATE deliveries SET state = ?, due_at = ?, attempts = ?"
            " WHERE id = ? AND event_id = ? AND state = 'sending'",
            (state, due_at, msgspec.json.encode(tried), delivery.id, delivery.event_id),
        )


def expire(database: sqlite3.Connection, delivery: Delivery) -> None:
    """Give up what is no longer remembered."""
    database.execute("UPDATE deliveries SET state = 'expired' WHERE id = ?", (delivery.id,))


def release(database: sqlite3.Connection, now: float) -> int:
    """Let everything that faults hold back or delay be due now; how many that were."""
    sql = (
        "UPDATE deliveries SET state = 'waiting', due_at = ?1 WHERE state = 'held'"
        " OR (state = 'waiting' AND due_at > ?1 AND attempts = ?2)"
    )
    return database.execute(sql, (now, _NONE)).rowcount


def take_up(database: sqlite3.Connection) -> None:
    """After a start: what was being sent when the process ended is sent again."""
    database.execute("UPDATE deliveries SET state = 'waiting' WHERE state = 'sending'")
