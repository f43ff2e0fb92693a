"""An update of the stack: this code, with what an earlier release left in ledger and bucket.

The executions that ran before the update go on with the definition that they began with, as on AWS,
and their steps are the new ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from prefdrop.importing import operate
from prefdrop.ledger.audit import AuditStore
from prefdrop.ledger.clock import iso, now_ms
from tests.faults.interpreter import Execution
from tests.faults.oracle import books
from tests.faults.recorded import RECORDINGS, Recorded
from tests.faults.simulation import Simulation
from tests.faults.weather import Spell
from tests.tiers import second_tier

HOUR_MS = 3_600_000
Update = Callable[[str], Recorded]


@pytest.fixture(params=sorted(RECORDINGS))
def update(request: pytest.FixtureRequest, simulation: Simulation) -> Update:
    """Puts back a situation that an earlier release left."""
    return lambda situation: Recorded(simulation, request.param, situation)


def ended(simulation: Simulation, file: str) -> Execution:
    """Let every execution run to its end; return the one that imports `file`."""
    for _ in range(4):
        for execution in list(simulation.executions):
            execution.run()
        simulation.call("SweepTurns", {})
    assert {one.status for one in simulation.executions} <= {"SUCCEEDED", "FAILED"}
    assert simulation.ledger().turns.queue() == []
    return next(
        execution
        for execution in simulation.executions
        if file in simulation.report(execution)["source"]["key"]
    )


def test_every_earlier_import_is_read_as_before(simulation: Simulation, update: Update) -> None:
    before = update("held").imports

    ledger = simulation.ledger()
    listed = {one.import_id: one for one in ledger.imports.list()}
    assert {name: one.status for name, one in listed.items()} == {
        one["import_id"]: one["status"] for one in before
    }
    assert {one["status"] for one in before} == {
        "Aborted", "Completed", "CompletedWithRejects", "Failed", "Held", "Queued",
    }  # fmt: skip
    for one in before:
        assert ledger.imports.get(one["import_id"]).report_key == one["report_key"]
        if one["report_key"]:
            report = json.loads(simulation.read(one["report_key"]))
            assert (report["import_id"], report["status"]) == (one["import_id"], one["status"])


def test_every_earlier_event_is_read_as_before(simulation: Simulation, update: Update) -> None:
    update("held")

    objects = simulation.ledger().objects
    audit = AuditStore(simulation.dynamodb, "audit", lambda: objects)
    now = now_ms()
    events = list(audit.between(iso(now - HOUR_MS), iso(now + HOUR_MS)))
    assert len(events) == 3
    for event in events:
        assert json.loads(audit.json_of(event))["EventId"] == event.event_id


def test_import_held_before_the_update_is_executed(simulation: Simulation, update: Update) -> None:
    update("held")
    held = simulation.executions[0]

    operate.approve(simulation.services(), simulation.import_id(held))

    assert ended(simulation, "held.csv").status == "SUCCEEDED"
    report = simulation.report(held)
    assert (report["status"], report["processed"], report["reconciled"]) == (
        "CompletedWithRejects", 20, True,
    )  # fmt: skip
    waited = ended(simulation, "waits.csv")
    assert simulation.report(waited)["processed"] == 6
    assert len(books(simulation).executed) == 24 + 6


@second_tier("the other decision about a hold")
def test_import_held_before_the_update_takes_corrections(
    simulation: Simulation, update: Update
) -> None:
    update("held")
    import_id = simulation.import_id(simulation.executions[0])
    rejects = simulation.read(simulation.ledger().imports.get(import_id).rejects_key)

    corrected = rejects.replace(b"@localhost.test", b"@example.test")
    operate.approve(simulation.services(), import_id, corrected, "corrected.csv")

    report = simulation.report(ended(simulation, "held.csv"))
    assert (report["status"], report["processed"], report["restaged"]) == ("Completed", 24, 4)


@second_tier("the other decision about a hold")
def test_import_held_before_the_update_is_cancelled(simulation: Simulation, update: Update) -> None:
    update("held")

    operate.cancel(simulation.services(), simulation.import_id(simulation.executions[0]))

    assert simulation.report(ended(simulation, "held.csv"))["status"] == "Aborted"
    assert len(books(simulation).executed) == 6


@second_tier("a hold without a decision")
def test_hold_of_before_the_update_runs_out(simulation: Simulation, update: Update) -> None:
    update("held")
    waiting = simulation.executions[0].waiting
    assert waiting is not None

    waiting.timed_out = True

    assert simulation.report(ended(simulation, "held.csv"))["status"] == "Aborted"
    assert simulation.report(ended(simulation, "waits.csv"))["processed"] == 6


def test_import_executing_during_the_update_ends(simulation: Simulation, update: Update) -> None:
    simulation.vendor("settings", "PATCH", queued_seconds=20)
    update("executing")

    execution = ended(simulation, "executing.csv")

    assert execution.visited.count("WaitForStatus") > 1
    report = simulation.report(execution)
    assert (report["status"], report["processed"], report["reconciled"]) == ("Completed", 12, True)
    assert simulation.report(ended(simulation, "waits.csv"))["processed"] == 6
    assert len(books(simulation).executed) == 18


@second_tier("an answer `wait` to the earlier definition")
def test_vendor_away_after_the_update_is_waited_for(simulation: Simulation, update: Update) -> None:
    update("executing")
    simulation.weather.spells.append(Spell(simulation.clock.time_ns() + HOUR_MS * 1_000_000, 503))

    report = simulation.report(ended(simulation, "executing.csv"))

    assert (report["status"], report["processed"]) == ("Completed", 12)
