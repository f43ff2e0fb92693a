"""The tables of subscriptions and of what is to be delivered to them."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS subscriptions (id INTEGER PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, subscription_id INTEGER NOT NULL, change INTEGER NOT NULL,
    ordinal INTEGER NOT NULL, event_id TEXT NOT NULL, place REAL NOT NULL, due_at REAL NOT NULL,
    state TEXT NOT NULL, fault TEXT NOT NULL, attempts BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (state, subscription_id, place)
    WHERE state IN ('waiting', 'sending', 'held');
CREATE INDEX IF NOT EXISTS deliveries_of_change ON deliveries (change);
"""
TABLES = ("subscriptions", "deliveries")
