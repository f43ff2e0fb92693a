"""Subscriptions in the database, one JSON document each."""

from __future__ import annotations

import sqlite3

import msgspec

from prefdrop_local.sandbox.events.subscription import Spec, Subscription
from prefdrop_local.sandbox.store import Store, take_number

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Subscription).decode


class Subscriptions:
    """All subscriptions that were not deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Subscription]:
        """In order of their ids."""
        rows = self._store.rows("SELECT document FROM subscriptions ORDER BY id")
        return [_decode(document) for (document,) in rows]

    def get(self, subscription_id: int) -> Subscription | None:
        """The subscription of that id."""
        sql = "SELECT document FROM subscriptions WHERE id = ?"
        rows = self._store.rows(sql, (subscription_id,))
        return _decode(rows[0][0]) if rows else None


def create(database: sqlite3.Connection, spec: Spec, last_change: int, now: float) -> Subscription:
    """Write a new subscription, which tells of what comes after `last_change`."""
    number = take_number(database, "subscription")
    item = Subscription(number, spec, begins_after=last_change, cursor=last_change)
    item.handshake.due_at = now
    item.paused_after = None if item.is_active else last_change
    save(database, item)
    return item


def save(database: sqlite3.Connection, item: Subscription) -> None:
    """Write a subscription's present state."""
    sql = "INSERT OR REPLACE INTO subscriptions VALUES (?, ?)"
    database.execute(sql, (item.id, _encode(item)))


def update(database: sqlite3.Connection, item: Subscription) -> None:
    """The same, unless it was deleted meanwhile."""
    sql = "UPDATE subscriptions SET document = ? WHERE id = ?"
    database.execute(sql, (_encode(item), item.id))


def delete(database: sqlite3.Connection, item: Subscription) -> None:
    """Remove a subscription and what is still to be delivered to it."""
    database.execute("DELETE FROM subscriptions WHERE id = ?", (item.id,))
    sql = (
        "UPDATE deliveries SET state = 'cancelled'"
        " WHERE subscription_id = ? AND state IN ('waiting', 'sending', 'held')"
    )
    database.execute(sql, (item.id,))
