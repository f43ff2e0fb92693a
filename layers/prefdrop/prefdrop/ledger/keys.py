"""The keys of the ledger's tables. Nothing outside this package spells one.

Imports      IMPORT#<id>       META                        the import
                               PART#0001                   one part of it
                               CHUNK#0001#000001           one chunk of a part
                               REPORT                      how far the report has been written
             DROP#<key>        EXECUTED                    its newest executed version
             CONTENT#<feed>    <sha256>                    the import of this content
             TURN#<client>     HOLDER                      whose turn it is
                               TICKET#<execution>          who waits for it
             QUOTA#<client>    MARK#<time>#<request>       one request against the quota
Exceptions   IMPORT#<id>#<n>   ROW#0000000001#<stage>      one reject; n spreads the writes
"""

from __future__ import annotations

from prefdrop.ledger.table import Key

EXCEPTION_SPREAD = 16
"""Suffixes over which one import's rejects are spread: a partition takes 1,000 writes a second."""

STATUS_INDEX = "by-status"


def meta(import_id: str) -> Key:
    """The import itself."""
    return Key(f"IMPORT#{import_id}", "META")


def part(import_id: str, number: int) -> Key:
    """One part of an import, numbered from 1."""
    return Key(f"IMPORT#{import_id}", f"PART#{number:04d}")


def chunk(import_id: str, part_number: int, number: int) -> Key:
    """One chunk of a part, both numbered from 1."""
    return Key(f"IMPORT#{import_id}", f"CHUNK#{part_number:04d}#{number:06d}")


def chunks_of(part_number: int) -> str:
    """What the sort keys of a part's chunks begin with."""
    return f"CHUNK#{part_number:04d}#"


def report(import_id: str) -> Key:
    """How far the report of an import has been written."""
    return Key(f"IMPORT#{import_id}", "REPORT")


def executed_version(object_key: str) -> Key:
    """The newest version of an object key that was executed."""
    return Key(f"DROP#{object_key}", "EXECUTED")


def content(feed: str, sha256: str) -> Key:
    """The import that first had this content."""
    return Key(f"CONTENT#{feed}", sha256)


def turn_holder(client_id: str) -> Key:
    """Whose turn it is on one vendor account."""
    return Key(f"TURN#{client_id}", "HOLDER")


def ticket(client_id: str, execution: str) -> Key:
    """One execution's place in the queue for the turn."""
    return Key(f"TURN#{client_id}", f"TICKET#{execution}")


def quota_mark(client_id: str, time: str, request: str) -> Key:
    """One request against the vendor's rolling 24-hour limit; `time` sorts as text."""
    return Key(f"QUOTA#{client_id}", f"MARK#{time}#{request}")


def exception(import_id: str, row: int, stage: str) -> Key:
    """One reject of an import."""
    return Key(f"IMPORT#{import_id}#{row % EXCEPTION_SPREAD}", f"ROW#{row:010d}#{stage}")


def status_partition(status: str) -> str:
    """The status index's partition of the imports in one status."""
    return f"STATUS#{status}"
