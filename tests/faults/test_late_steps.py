"""A worker may come late to any step, after its import has ended: it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from prefdrop.importing import operate
from tests.faults.interpreter import StepError
from tests.faults.oracle import assert_exactly_once, books
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, people

HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
REJECTED = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
MOVING = ("updated_at", "vendor_requests", "approval_token")
"""Members of an import's item that say nothing of how it ended."""


def held_and_approved(simulation: Simulation) -> str:
    """Import a file that a gate holds and an operator approves; return the import's id."""
    simulation.push_feed(HOLDING)
    execution = simulation.drop((people(20) + REJECTED).encode()).run()
    import_id = simulation.import_id(execution)
    operate.approve(simulation.services(), import_id)
    execution.run()
    return import_id


def failed(simulation: Simulation) -> str:
    """Import a file that the vendor fails to execute; return the import's id."""
    simulation.vendor("settings", "PATCH", fail_execution=True)
    return simulation.import_id(simulation.drop(people(5).encode()).run())


def cancelled(simulation: Simulation) -> str:
    """Import a file that is held and cancelled; return the import's id."""
    simulation.push_feed(HOLDING)
    execution = simulation.drop((people(20) + REJECTED).encode()).run()
    import_id = simulation.import_id(execution)
    operate.cancel(simulation.services(), import_id)
    execution.run()
    return import_id


def ended(simulation: Simulation, import_id: str) -> dict[str, Any]:
    """Return what must stay as it is: item, parts, report, and the vendor's books."""
    ledger = simulation.ledger()
    record = msgspec.to_builtins(ledger.imports.get(import_id))
    parts = [msgspec.to_builtins(part) for part in ledger.parts.all(import_id)]
    return {
        "item": {name: value for name, value in record.items() if name not in MOVING},
        "parts": [{**part, "epoch": 0} for part in parts],
        "report": simulation.read(record["report_key"]),
        "vendor": simulation.vendor("imports"),
    }


@pytest.mark.parametrize("end", spread([held_and_approved, failed, cancelled], 1, "each end"))
def test_every_step_run_late_changes_nothing(
    simulation: Simulation, end: Callable[[Simulation], str]
) -> None:
    import_id = end(simulation)
    before = ended(simulation, import_id)
    calls = list(simulation.calls)

    for function, payload in calls:
        with suppress(StepError):
            simulation.call(function, payload)
        assert ended(simulation, import_id) == before, function
    simulation.call("SweepTurns", {})
    simulation.call("SweepTurns", {})

    assert simulation.ledger().turns.holder().execution == ""
    assert simulation.ledger().turns.queue() == []
    assert {function for function, _ in calls} > {"RegisterImport", "TakeTurn", "ReportImport"}


def test_cancel_between_parts_reports_aborted(simulate: Callable[..., Simulation]) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=10)
    execution = simulation.drop(people(25).encode())
    while "CollectExceptions" not in execution.visited:
        execution.step()
    while execution.visited[-1] != "InitiatePart":
        execution.step()
    operate.cancel(simulation.services(), simulation.import_id(execution))

    execution.run()

    report = simulation.report(execution)
    assert report["status"] == "Aborted"
    assert "cancelled" in report["cause"]
    assert len(books(simulation).executed) == report["processed"] == 10


@pytest.mark.parametrize(
    "fails_in", spread(["StageChunks", "ExecutePart", "InitiatePart"], 1, "each step")
)
def test_failure_never_written_down_is_reported_failed(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, fails_in: str
) -> None:
    file, call = people(5).encode(), simulation.call
    broken = {fails_in, "RecordFailure"}

    def refused(function: str, payload: dict[str, Any]) -> Any:
        if function in broken:
            raise StepError("AwsFailed", "AccessDenied to update_item")
        return call(function, payload)

    monkeypatch.setattr(simulation, "call", refused)
    execution = simulation.drop(file).run()

    report = simulation.report(execution)
    assert (report["status"], report["error"]["code"]) == ("Failed", "FailureUnrecorded")
    assert books(simulation).executed == []
    broken.clear()
    again = simulation.retry(execution).run()
    assert_exactly_once(simulation, again, file, FEED)


@pytest.mark.parametrize("function", ["TakeTurn", "AwaitApproval"])
def test_late_worker_does_not_hide_the_token_that_waits(
    simulation: Simulation, function: str
) -> None:
    simulation.push_feed(HOLDING)
    execution = simulation.drop((people(20) + REJECTED).encode())
    before = execution if function == "AwaitApproval" else None
    if before is None:  # the turn is taken, so that the import waits for it
        other = simulation.drop((people(20) + REJECTED).encode(), name="other.csv").run()
        before = other
        execution = simulation.drop((people(3)).encode(), name="third.csv")
    execution.run()
    assert execution.waiting is not None
    late = {"import_id": simulation.import_id(execution), "execution": execution.arn}
    simulation.call(function, {**late, "task_token": "a-token-that-is-dead", "step": {"rounds": 1}})

    operate.approve(simulation.services(), simulation.import_id(before))
    before.run()
    simulation.call("SweepTurns", {})

    assert execution.run().status == "SUCCEEDED", execution.error
