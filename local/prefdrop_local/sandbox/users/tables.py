"""Where users are kept."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    number INTEGER PRIMARY KEY, details BLOB NOT NULL, user BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS users_seed (digest BLOB NOT NULL);
"""
TABLES = ("users", "users_seed")
