"""The sandbox's books: every vendor request in order, and what became of each import's records.

They are the oracle of tests: what they say was applied was applied, whatever the caller saw.
"""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop_local.sandbox.bulk_import.imports import (
    RUNNING,
    STAGING,
    Import,
    all_imports,
    imports_in_state,
)
from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.store import Store, take_number


class Entry(msgspec.Struct):
    """One request. Times are on the sandbox's clock.

    `status` is what was decided, 0 where the connection broke before that; `ended` is when the
    answer had been sent, None where it could not be.
    """

    n: int
    method: str
    route: str
    """Name in the table of assumptions, `oauth.token`, or empty when no route matched."""
    user_id: str = ""
    token: str = ""
    status: int = 0
    bytes: int = 0
    records: int = 0
    """Records added by a stage request; 0 unless `applied`."""
    sequence: int = 0
    """Sequence number of the first of these records."""
    applied: bool = False
    """Whether the request changed anything."""
    applied_at: str | None = None
    """When it did, which for a late one is long after its connection was lost."""
    fault: str = ""
    """Kinds of the faults that struck the request, joined by `+`; see `faults`."""
    late: bool = False
    """Whether the request was lost and is applied, or was, behind its sender's back."""
    started: str = ""
    ended: str | None = None
    running: list[str] = []
    """Tokens of other imports that were queued or processing when the request arrived."""
    staging: list[str] = []
    """Tokens of other living imports that had staged records and were not executed."""


class Books:
    """Keeps the entries in the database."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open(self, method: str, route: str, token: str, size: int) -> Entry:
        """Begin an entry when a request has arrived."""
        others = [item for item in self._active() if str(item.token) != token]
        with self._store.transaction() as database:
            number = take_number(database, "request")
            entry = Entry(
                number, method, route, token=token, bytes=size, started=iso(self._clock.now()),
                running=[str(item.token) for item in others if item.state in RUNNING],
                staging=[str(item.token) for item in others if item.state == STAGING],
            )  # fmt: skip
            database.execute(
                "INSERT INTO requests VALUES (?, ?)", (number, msgspec.json.encode(entry))
            )
        return entry

    def settle(self, entry: Entry) -> None:
        """Write down what a request did, before its answer leaves."""
        with self._store.transaction() as database:
            database.execute(
                "UPDATE requests SET entry = ? WHERE n = ?", (msgspec.json.encode(entry), entry.n)
            )

    def close(self, entry: Entry) -> None:
        """Note that the answer was sent."""
        entry.ended = iso(self._clock.now())
        self.settle(entry)

    def pages(self, since: int = 0) -> dict[str, Any]:
        """All requests after number `since`, and the totals of every token."""
        rows = self._store.rows("SELECT entry FROM requests WHERE n > ? ORDER BY n", (since,))
        return {
            "requests": [msgspec.Raw(entry) for (entry,) in rows],
            "tokens": [totals(item) for item in all_imports(self._store)],
        }

    def first_numbers(self, token: str) -> list[int]:
        """Sequence number of the first record of each stage request of a token, ascending."""
        rows = self._store.rows("SELECT entry FROM requests")
        entries = [msgspec.json.decode(entry, type=Entry) for (entry,) in rows]
        return sorted(entry.sequence for entry in entries if entry.token == token and entry.records)

    def _active(self) -> list[Import]:
        now = self._clock.now()
        found = imports_in_state(self._store, STAGING, *RUNNING)
        return [item for item in found if item.state in RUNNING or now < item.dies_at]


def totals(item: Import) -> dict[str, Any]:
    """The totals of one token."""
    times = ("initiated_at", "first_staged_at", "executed_at", "started_at", "finished_at")
    return {
        "token": str(item.token),
        "name": item.spec.name,
        "user_id": item.user_id,
        "state": item.state,
        "received": item.received,
        "ok": item.ok,
        "failed": item.failed,
        "processed": item.processed,
        "exceptions": item.exceptions,
        "not_honored": item.not_honored,
        "pending": item.pending,
        **{name: _moment(getattr(item, name)) for name in times},
        "dies_at": iso(item.dies_at),
    }


def _moment(value: float | None) -> str | None:
    return None if value is None else iso(value)
