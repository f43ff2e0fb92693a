"""ApplyGates: hold or stop the import between staging and execute, where its feed says so."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.feeds import Feed
from prefdrop.importing.pinned import pinned_feed
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.step import Answer, StepInput, answer
from prefdrop.importing.totals import Totals, total
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.parts import Part


def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `execute`, `hold`, `abort`, or what follows a part that holds no record."""
    request = msgspec.convert(event, StepInput)
    services.turns.require(request.execution)
    record = services.imports.get(request.import_id)
    feed = pinned_feed(services, record)
    last = services.parts.current(record.import_id, "staged", "local")
    if last is None:
        return answer("initiate")
    approved = record.approved and record.held_start == last.start
    parts = services.parts.live(record.import_id)
    stopped = "" if approved else _stopped_by(feed, total(parts), last)
    if not stopped:
        return answer(_after(last))
    hold = feed.gates.over_gate == "hold" and last.state == "staged"
    until = now_ms() + feed.gates.hold_minutes * 60_000
    services.imports.update(
        record.import_id,
        gate=stopped,
        approved=False,
        held_start=last.start,
        status="Held" if hold else record.status,
        hold_until=iso(until) if hold else None,
    )
    return answer("hold" if hold else "abort")


def _after(part: Part) -> str:
    if part.state == "staged":
        return "execute"
    return "finish" if part.source_read else "initiate"


def _stopped_by(feed: Feed, sums: Totals, last: Part) -> str:
    """The gate that stops the import, in a sentence; empty when none does."""
    gates = feed.gates
    rejected = sums.rejected_local + sums.rejected_validation
    share = 100 * rejected / sums.rows_read if sums.rows_read else 0
    if share > gates.max_rejected_percent:
        return (
            f"{rejected} of {sums.rows_read} rows ({share:.1f} %) were rejected, more than the "
            f"{gates.max_rejected_percent:g} % that max_rejected_percent allows."
        )
    if last.source_read and sums.staged < gates.min_records:
        return (
            f"The file gave {sums.staged} records to import, fewer than the {gates.min_records} "
            "that min_records asks for. If such files are normal, lower it in the feed's [gates]."
        )
    return ""
