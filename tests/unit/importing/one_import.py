"""One import that holds the turn: the real ledger and steps, and a vendor that counts.

The clock stays at `NOW` until a test moves it, so every time in the ledger is known.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from prefdrop.feeds import Cursor, Source, load_feed
from prefdrop.importing.stager import Stager
from prefdrop.importing.staging_part import StagingPart
from prefdrop.ledger import clock
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop.ledger.turns import Ticket, Turn
from prefdrop.mypreferences import ImportStatus
from prefdrop.services import Services
from tests.emulated_aws import ENVIRONMENT, make_bucket, make_tables
from tests.workbench import FEED, people

NOW = 1_768_472_000_000
"""2026-01-15T10:13:20Z in milliseconds."""

HOUR = 3_600_000
IMPORT, EXECUTION, TOKEN = "imp-1", "arn:execution:one", "token-1"
START = msgspec.to_builtins(Cursor(0, 0))

SETTINGS = ENVIRONMENT | {
    "PREFDROP_CHUNK_BYTES": "1000",
    "PREFDROP_REQUEST_SECONDS": "20",
    "PREFDROP_LEASE_SECONDS": "60",
    "PREFDROP_GHOST_SECONDS": "30",
}


class CountingVendor:
    """A vendor whose counters follow what it is sent.

    `next` lists, by call, what the next calls end with: None, an error before the request was
    applied, or `landed` of an error, which comes after it.
    """

    def __init__(self) -> None:
        self.state = "Staging"
        self.received = self.failed = 0
        self.sent: list[tuple[str, str, Any]] = []
        self.bodies: list[list[Any]] = []
        self.next: dict[str, list[Exception | None]] = {}
        self.counted = 0

    def stage(self, token: str, body: bytes, *, timeout: float) -> ImportStatus:
        (records,) = json.loads(body).values()

        def apply() -> None:
            self.received += len(records)
            self.bodies.append(records)

        return self._call("stage", token, timeout, apply)

    def execute(self, token: str, *, timeout: float) -> ImportStatus:
        def apply() -> None:
            self.state = "Queued"

        return self._call("execute", token, timeout, apply)

    def status(self, token: str) -> ImportStatus:
        return self._call("status", token, None, lambda: None)

    def require(self) -> None:
        """Answer a read that names no import."""

    def take_count(self) -> int:
        counted, self.counted = self.counted, 0
        return counted

    def _call(self, name: str, token: str, timeout: Any, apply: Any) -> ImportStatus:
        self.counted += 1
        self.sent.append((name, token, timeout))
        waiting = self.next.get(name)
        error = waiting.pop(0) if waiting else None
        if error is None or getattr(error, "landed", False):
            apply()
        if error is not None:
            raise error
        return ImportStatus(
            access_token=token,
            status=self.state,
            total_records_received=self.received,
            validation_successful=self.received - self.failed,
            validation_failed=self.failed,
        )


def landed(error: Exception) -> Exception:
    """An error that comes after the request was applied."""
    error.landed = True  # type: ignore[attr-defined]
    return error


class OneImport:
    """The import, its ledger and its vendor. Use it inside an emulated AWS."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
        self.now = NOW
        monkeypatch.setattr(clock, "time", SimpleNamespace(time_ns=lambda: self.now * 1_000_000))
        make_bucket()
        make_tables()
        given = {f"PREFDROP_{name.upper()}": str(value) for name, value in settings.items()}
        self.services = Services(SETTINGS | given)
        self.vendor = CountingVendor()
        self.services.__dict__["vendor"] = self.vendor
        self.sources = [people(9).encode()]
        self.feed = FEED
        self.services.imports.register(
            Import(
                import_id=IMPORT,
                feed="people",
                status="Queued",
                bucket="bucket",
                key="inbox/people/people.csv",
                version_id="v1",
                sequencer="A2",
                execution_arn=EXECUTION,
                registered_at="2026-01-15T10:00:00.000Z",
            )
        )
        self.turn = self.give_turn()

    # --- the ledger ---------------------------------------------------------------------------

    def give_turn(self, execution: str = EXECUTION) -> Turn:
        """Queue an execution and hand the turn to it."""
        turns = self.services.turns
        turns.take_ticket(
            Ticket(
                execution=execution,
                import_id=IMPORT,
                token=f"task-of-{execution}",
                dropped_at="2026-01-15T10:00:00Z",
                sequencer="A2",
                taken_at=1,
            )
        )
        given = turns.hand_over(turns.holder())
        assert given is not None
        return given

    @property
    def record(self) -> Import:
        """The import as the ledger holds it."""
        return self.services.imports.get(IMPORT)

    def begin(self, **members: Any) -> Part:
        """Begin a part that may be staged for an hour, with these members."""
        usual = {
            "state": "staging",
            "token": TOKEN,
            "expires": NOW + 2 * HOUR,
            "stage_until": NOW + HOUR,
            "start": START,
            "end": START,
        }
        number = len(self.parts) + 1
        part = Part(number=number, **(usual | members))
        self.services.parts.begin(IMPORT, part, self.turn)
        return part

    @property
    def parts(self) -> list[Part]:
        """The import's parts as the ledger holds them."""
        return self.services.parts.all(IMPORT)

    @property
    def part(self) -> Part:
        """The last of them."""
        return self.parts[-1]

    @property
    def chunks(self) -> list[StagedChunk]:
        """Its chunks."""
        return list(self.services.parts.chunks(IMPORT, self.part.number))

    # --- staging ------------------------------------------------------------------------------

    def take(self) -> StagingPart:
        """Take the last part's lease, as a worker does."""
        lease_ms = int(self.services.settings.lease_seconds * 1000)
        part = self.services.parts.take_over(IMPORT, self.part, self.turn, lease_ms)
        return StagingPart(self.services, self.record, part, self.turn)

    def source(self, number: int) -> Source:
        """Open the drop (0) or a correction (1, 2, ...)."""
        body = self.sources[number]
        feed = load_feed(self.feed.encode(), file="people.toml")
        return Source(feed, lambda at: io.BytesIO(body[at:]), size=len(body), file="people.csv")

    def stager(self, staging: StagingPart | None = None, *, seconds: float = 900) -> Stager:
        """Make a stager of the last part, in an invocation that has so many seconds left."""
        deadline: Any = SimpleNamespace(remaining=lambda: seconds)
        return Stager(staging or self.take(), self.source, datetime.now(UTC), deadline)

    def event(self, **more: Any) -> dict[str, Any]:
        """What the state machine hands to a step."""
        return {"import_id": IMPORT, "execution": EXECUTION, **more}
