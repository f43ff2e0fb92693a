"""Where the configuration is kept."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS configuration (
    kind TEXT NOT NULL, id INTEGER NOT NULL, item BLOB NOT NULL, PRIMARY KEY (kind, id));
"""
TABLES = ("configuration",)
