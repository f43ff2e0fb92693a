"""What a played schedule came to, judged by the vendor's own books.

Each finding is a sentence that begins with its kind: `lost`, `doubled`, `reported` otherwise than
the vendor's books, `order`, `late` (a step that changed something though its import had ended),
`crashed` or `stuck`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from prefdrop.ledger.imports import FINISHED, Import
from prefdrop.ledger.parts import LIVE, Part
from tests.faults.interpreter import Json, StepError
from tests.faults.oracle import EXECUTED
from tests.faults.world import Drop, World

ROW = re.compile(r"D(\d+)n(\d+)")
GOOD_END = ("Completed", "CompletedWithRejects")
COUNTS = {
    "staged": "received",
    "validation_ok": "ok",
    "rejected_validation": "failed",
    "processed": "processed",
    "rejected_execution": "exceptions",
    "not_honored": "not_honored",
}
"""The report's counts, and the vendor's name for each."""


class Books:
    """The vendor's books: what each access token was executed with."""

    def __init__(self, world: World) -> None:
        self.tokens: dict[str, Json] = {}
        self.rows: dict[str, Counter[tuple[int, int]]] = {}
        """By token: drop and row of each record that the vendor took as valid and executed."""
        for one in world.vendor("imports")["imports"]:
            token = str(one["token"])
            self.tokens[token] = one
            self.rows[token] = Counter()
            if one["state"] in EXECUTED:
                held = world.vendor(f"imports/{token}")["records"]
                self.rows[token].update(_row(e["record"]) for e in held if e["valid"])

    def executed(self, token: str) -> bool:
        """Whether the vendor executed an import."""
        return token in self.tokens and self.tokens[token]["state"] in EXECUTED


def findings(world: World) -> list[str]:
    """Return what is wrong with how the schedule ended."""
    books = Books(world)
    found = [f"crashed: {crash}" for crash in world.crashes]
    records = {record.import_id: record for record in world.imports()}
    parts = {id_: world.ledger().parts.all(id_) for id_ in records}
    found += _unknown_executions(books, parts)
    found += _doubled(books, _told_of_doubt(world, records, parts))
    for drop in world.drops:
        if drop.import_id not in records:
            found.append(f"lost: drop {drop.number} has no import")
            continue
        record = records[drop.import_id]
        found += _judged(world, books, drop, record, parts[drop.import_id])
    found += _out_of_order(world, parts)
    found += _left_behind(world)
    return found


def _row(record: Json) -> tuple[int, int]:
    found = ROW.match(record["CustomerName"]["FirstName"])
    assert found, record
    return int(found[1]), int(found[2])


def _unknown_executions(books: Books, parts: dict[str, list[Part]]) -> Iterator[str]:
    """Everything that the vendor executed is a part that the ledger knows as executed."""
    known = {part.token: part for each in parts.values() for part in each if part.state in LIVE}
    for token, one in books.tokens.items():
        part = known.get(token)
        if one["state"] in EXECUTED and (
            part is None or (part.state not in ("executing", "finished") and not part.execute_until)
        ):
            yield f"reported: the vendor executed {one['received']} records that no part knows of"


def _told_of_doubt(
    world: World, records: dict[str, Import], parts: dict[str, list[Part]]
) -> set[int]:
    """The drops whose report says that a chunk of theirs may have been executed twice."""
    return {
        drop.number
        for drop in world.drops
        if drop.import_id in records
        and records[drop.import_id].status == "Unreconciled"
        and any(part.suspect_chunk for part in parts[drop.import_id])
    }


def _doubled(books: Books, told: set[int]) -> Iterator[str]:
    """No row was executed twice, but where the report names the chunk that is in doubt."""
    executed: Counter[tuple[int, int]] = Counter()
    for rows in books.rows.values():
        executed.update(rows)
    for (drop, row), times in sorted(executed.items()):
        if times > 1 and drop not in told:
            yield f"doubled: row {row} of drop {drop} was executed {times} times"


def _judged(
    world: World, books: Books, drop: Drop, record: Import, parts: list[Part]
) -> Iterator[str]:
    if record.status not in FINISHED:
        yield f"stuck: import of drop {drop.number} is {record.status}"
        return
    report: Json = json.loads(world.read(record.report_key)) if record.report_key else {}
    if report.get("status") != record.status:
        if record.status not in ("Aborted", "Failed") or record.report_key:
            yield f"reported: drop {drop.number}: {record.status}, report {report.get('status')}"
        return
    executed = Counter(
        row for part in parts for row in books.rows.get(part.token, Counter()).elements()
    )
    mine = Counter({row: n for (number, row), n in executed.items() if number == drop.number})
    if record.status in GOOD_END:
        yield from _completed(world, books, drop, report, parts, mine)
    elif record.status == "Aborted":
        yield from _aborted(books, drop, record, parts)
    elif record.status == "Unreconciled":
        if not list(_completed(world, books, drop, report, parts, mine)):
            yield f"reported: drop {drop.number} is Unreconciled, but everything adds up"
    elif record.status == "Failed":
        yield from _failed(world, books, drop, record, parts)


def _completed(
    world: World,
    books: Books,
    drop: Drop,
    report: Json,
    parts: list[Part],
    executed: Counter[int],
) -> Iterator[str]:
    """Each row was executed or is in the rejects, once; the counts are the vendor's."""
    rejected = Counter(_rejected(world, report))
    for row in range(1, drop.rows + 1):
        times = executed[row] + rejected[row]
        if times != 1:
            kind = "lost" if times == 0 else "reported"
            yield (
                f"{kind}: row {row} of drop {drop.number}: executed {executed[row]} times, "
                f"{rejected[row]} times in the rejects"
            )
    live = [books.tokens[part.token] for part in parts if part.token and part.state in LIVE]
    for ours, theirs in COUNTS.items():
        counted = sum(one[theirs] for one in live)
        if report[ours] != counted:
            yield f"reported: drop {drop.number}: {ours} {report[ours]}, the vendor {counted}"
    if report["rows_read"] != drop.rows:
        yield f"reported: drop {drop.number}: rows_read {report['rows_read']}, not {drop.rows}"
    if report["rejects"]["count"] != sum(rejected.values()):
        yield f"reported: drop {drop.number}: the rejects file holds another number of rows"


def _aborted(books: Books, drop: Drop, record: Import, parts: list[Part]) -> Iterator[str]:
    """Nothing of the last part was executed."""
    live = [part for part in parts if part.state in LIVE]
    if not live or record.error:
        return
    last = live[-1]
    between_parts = record.cancelled is not None and not last.source_read
    executed = last.state in ("executing", "finished") or books.executed(last.token)
    if executed and not between_parts:
        yield f"reported: drop {drop.number} is Aborted, and its last part was executed"


def _failed(
    world: World, books: Books, drop: Drop, record: Import, parts: list[Part]
) -> Iterator[str]:
    """After the cleaning up, only what cannot be mended may have failed."""
    code = record.error.code if record.error else ""
    if code == "Superseded":
        if not any(
            part.state in ("executing", "finished")
            for other in world.drops
            if _is_newer(world, other, drop)
            for part in world.ledger().parts.all(other.import_id)
        ):
            yield f"lost: drop {drop.number} is Superseded, and no newer drop was executed"
    elif code == "TokenDied":
        if not any(part.state == "executing" or part.execute_until for part in parts):
            yield f"reported: drop {drop.number}: TokenDied, but nothing was executed"
    else:
        yield f"stuck: drop {drop.number} fails without any fault: {record.error}"


def _is_newer(world: World, one: Drop, other: Drop) -> bool:
    """Whether a drop brings newer data than another, as S3 says and the feed's `order`."""
    if world.schedule.order == "none":
        return False
    if one.key == other.key:
        return one.sequencer.ljust(32, "0") > other.sequencer.ljust(32, "0")
    return world.schedule.order == "feed" and one.second > other.second


def _out_of_order(world: World, parts: dict[str, list[Part]]) -> Iterator[str]:
    """No older drop was executed after a newer one, unless an operator let it."""
    done = sorted(
        (part.executed_at, drop.number, drop)
        for drop in world.drops
        for part in parts.get(drop.import_id, [])
        if part.executed_at and part.state in ("executing", "finished")
    )
    before: list[Drop] = []
    for _, _, drop in done:
        newer = [other.number for other in before if _is_newer(world, other, drop)]
        if newer and drop.import_id not in world.unordered:
            yield f"order: drop {drop.number} was executed after the newer drops {newer}"
        before.append(drop)


def _rejected(world: World, report: Json) -> list[int]:
    if not report["rejects"]["key"]:
        return []
    text = world.read(report["rejects"]["key"]).decode()
    return [int(row["_row"]) for row in csv.DictReader(io.StringIO(text, newline=""))]


def _left_behind(world: World) -> Iterator[str]:
    """In the end nobody holds the turn, and nobody waits."""
    turns = world.ledger().turns
    if turns.holder().execution:
        yield f"stuck: {turns.holder().execution} holds the turn for ever"
    if turns.queue():
        yield "stuck: the queue is not empty"


# --- late workers -------------------------------------------------------------------------------


def late_findings(world: World, most: int) -> list[str]:
    """Run steps of the schedule once more, and return what that changed."""
    calls = {json.dumps(call): call for call in world.calls if call[0] != "SweepTurns"}
    chosen = world.pick.sample(sorted(calls), min(most, len(calls)))
    before = _state(world)
    for name in chosen:
        function, payload = calls[name]
        with suppress(StepError):
            world.call(function, payload)
    for _ in range(2):
        world.clock.advance(60)
        world.sweep()
        world.run()
    after = _state(world)
    found = []
    for id_, state in before.items():
        changed = {k: (v, after[id_].get(k)) for k, v in state.items() if after[id_].get(k) != v}
        if changed:
            found.append(f"late: {[calls[name][0] for name in chosen]} changed {changed}")
    return [*found, *(f"late: {one}" for one in _left_behind(world))]


def _state(world: World) -> dict[str, dict[str, Any]]:
    """What must not change once all is over: by import, and at the vendor."""
    ledger = world.ledger()
    state: dict[str, dict[str, Any]] = {}
    for record in world.imports():
        state[record.import_id] = {
            name: getattr(record, name)
            for name in (
                "status",
                "attempt",
                "execution_arn",
                "reconciled",
                "report_key",
                "rejects_key",
                "error",
                "hold",
                "cancelled",
                "executing",
                "corrections",
                "decisions",
                "finished_at",
            )
        } | {
            f"part {part.number}": (part.state, part.staged, part.chunks, part.processed)
            for part in ledger.parts.all(record.import_id)
        }
    vendor = world.vendor("imports")["imports"]
    state["vendor"] = {"imports": len(vendor), "states": [one["state"] for one in vendor]}
    return state
