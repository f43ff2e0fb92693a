"""ApplyGates: hold or stop the import between staging and execute, where its feed says so."""

from __future__ import annotations

from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.feeds import Feed
from prefdrop.importing.pinned import pinned_feed
from prefdrop.importing.step import Answer, StepInput, answer, import_of, stop_if_cancelled
from prefdrop.importing.totals import Totals, total
from prefdrop.ledger.clock import iso, iso_now, now_ms
from prefdrop.ledger.imports import NOT_ENDED, Hold, Import
from prefdrop.ledger.parts import Part
from prefdrop.ledger.table import ConditionFailed
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services


def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `execute`, `hold`, `abort`, or what follows a part that holds no record."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    stop_if_cancelled(record)
    services.turns.require(request.execution)
    feed = pinned_feed(services, record)
    last = services.parts.current(record.import_id, "staged", "local")
    if last is None:
        return answer("initiate")
    parts = services.parts.live(record.import_id)
    sums, newer = total(parts), sum(part.newer for part in parts)
    stopped = _stopped_by(feed, sums, last, newer)
    if not stopped or _is_approved(record, sums, last):
        return answer(_after(last))
    if feed.gates.over_gate == "hold" and last.state == "staged":
        return _hold(services, record, feed, stopped, sums, last, movable="rounds" in request.step)
    services.imports.update(record, gate=stopped)
    reached("an import stopped by a gate")
    return answer("abort")


def _is_approved(record: Import, sums: Totals, last: Part) -> bool:
    """Return whether an operator approved this part, with these counts.

    A part that is begun again after the approval keeps it, unless more rows are rejected than the
    operator saw. Corrections bring at most as many rejects as they have rows.
    """
    hold = record.last_hold
    if hold is None or hold.state != "approved" or hold.start != last.start:
        return False
    if hold.rejected < 0:
        return True
    more = _rejected(sums) > hold.rejected + sums.restaged
    return sums.rows_read == hold.rows_read and not more


def _hold(
    services: Services,
    record: Import,
    feed: Feed,
    stopped: str,
    sums: Totals,
    last: Part,
    *,
    movable: bool,
) -> Answer:
    """Hold the part, once: a step that runs again finds its hold and what was decided since."""
    hold = Hold(
        id=f"{record.attempt}.{last.number}.{len(record.corrections)}",
        start=last.start,
        rows_read=sums.rows_read,
        rejected=_rejected(sums),
        since=iso_now(),
        movable=movable,
    )
    another = Attr("hold").not_exists() | Attr("hold.id").ne(hold.id)
    until = now_ms() + feed.gates.hold_minutes * 60_000
    try:
        services.imports.update(
            record,
            when=another & Attr("cancelled").not_exists() & NOT_ENDED,
            hold=hold,
            gate=stopped,
            status="Held",
            hold_until=iso(until),
            approval_token=None,
            approval_tokens=None,
        )
    except ConditionFailed:
        reached("a part held before")
        return _decided(services, record, hold, last)
    return answer("hold")


def _decided(services: Services, record: Import, hold: Hold, last: Part) -> Answer:
    record = services.imports.get(record.import_id)
    stop_if_cancelled(record)
    found = record.hold or hold
    if found.state == "approved":
        return answer(_after(last))
    return answer("hold" if found.state == "pending" else "abort")


def _rejected(sums: Totals) -> int:
    return sums.rejected_local + sums.rejected_validation


def _after(part: Part) -> str:
    if part.state == "staged":
        return "execute"
    return "finish" if part.source_read else "initiate"


def _stopped_by(feed: Feed, sums: Totals, last: Part, newer: int) -> str:
    """The gate that stops the import, in a sentence; empty when none does.

    Rows left out for `newer` drops are as the operator asked, so they count in no gate.
    """
    gates = feed.gates
    rejected = _rejected(sums) - newer
    rows = sums.rows_read - newer
    share = 100 * rejected / rows if rows else 0
    if share > gates.max_rejected_percent:
        return (
            f"{rejected} of {rows} rows ({share:.1f} %) were rejected, more than the "
            f"{gates.max_rejected_percent:g} % that max_rejected_percent allows."
        )
    if last.source_read and sums.staged + newer < gates.min_records:
        return (
            f"The file gave {sums.staged} records to import, fewer than the {gates.min_records} "
            "that min_records asks for. If such files are normal, lower it in the feed's [gates]."
        )
    return ""
