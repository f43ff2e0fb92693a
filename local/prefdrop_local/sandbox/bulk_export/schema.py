"""The tables of bulk export, and what notes each change of a profile for it.

Triggers do that, so that it holds whoever writes profiles, and inside the writer's transaction.
`now_ms()` is the sandbox's clock; the store's connection gets it from `history.watch`.
"""

from __future__ import annotations

_NOTE_CHANGE = "INSERT OR REPLACE INTO profile_changes VALUES (NEW.profile_id, now_ms());"
# A trigger's conflict clause gives way to that of the statement which fired it, thus NOT EXISTS.
# A version kept for a later snapshot that is released by now will do for the latest of the others.
_KEEP_VERSION = """
    INSERT INTO kept_versions (profile_id, snapshot, changed_at, document)
    SELECT {row}.profile_id, latest.id, old.changed_at, old.document
    FROM (SELECT max(id) AS id FROM snapshots) AS latest
    LEFT JOIN (
        SELECT changed_at, document FROM profiles JOIN profile_changes USING (profile_id)
        WHERE profile_id = {row}.profile_id) AS old
    WHERE NOT EXISTS (
        SELECT 1 FROM kept_versions
        WHERE profile_id = {row}.profile_id AND snapshot >= latest.id);
"""
_WATCHED = "WHEN EXISTS (SELECT 1 FROM snapshots)"

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS profile_changes (
    profile_id INTEGER PRIMARY KEY, changed_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS kept_versions (
    profile_id INTEGER NOT NULL, snapshot INTEGER NOT NULL, changed_at INTEGER, document BLOB,
    PRIMARY KEY (profile_id, snapshot));
CREATE TABLE IF NOT EXISTS segments (
    family TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, definition BLOB NOT NULL,
    PRIMARY KEY (family, name));
CREATE TABLE IF NOT EXISTS exports (
    number INTEGER PRIMARY KEY, token INTEGER NOT NULL UNIQUE, user_id TEXT NOT NULL,
    family TEXT NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL, state TEXT NOT NULL,
    initiated_at REAL NOT NULL, dies_at REAL NOT NULL, snapshot INTEGER, snapshot_at REAL,
    built INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0, finished_at REAL, kept_alive INTEGER NOT NULL DEFAULT 0,
    files_kept INTEGER NOT NULL DEFAULT 0, ended_at REAL, swept INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS export_rows (id INTEGER PRIMARY KEY, profile_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS export_callbacks (
    id INTEGER PRIMARY KEY, number INTEGER NOT NULL, due_at REAL, attempts BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS keep_inserted BEFORE INSERT ON profiles {_WATCHED}
    BEGIN {_KEEP_VERSION.format(row="NEW")} END;
CREATE TRIGGER IF NOT EXISTS keep_updated BEFORE UPDATE ON profiles {_WATCHED}
    BEGIN {_KEEP_VERSION.format(row="OLD")} END;
CREATE TRIGGER IF NOT EXISTS keep_deleted BEFORE DELETE ON profiles {_WATCHED}
    BEGIN {_KEEP_VERSION.format(row="OLD")} END;
CREATE TRIGGER IF NOT EXISTS note_inserted AFTER INSERT ON profiles BEGIN {_NOTE_CHANGE} END;
CREATE TRIGGER IF NOT EXISTS note_updated AFTER UPDATE ON profiles BEGIN {_NOTE_CHANGE} END;
CREATE TRIGGER IF NOT EXISTS note_deleted AFTER DELETE ON profiles
    BEGIN DELETE FROM profile_changes WHERE profile_id = OLD.profile_id; END;
"""

TABLES = (
    "snapshots", "kept_versions", "segments", "exports", "export_rows", "export_callbacks",
    "profile_changes",
)  # fmt: skip
"""In the order in which they are emptied: with no snapshot, emptying the profiles keeps nothing."""
