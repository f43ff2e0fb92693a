"""Lambda refuses calls for minutes, or an answer is lost: the import ends as without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.importing import operate, rejects_file
from prefdrop.ledger.exceptions import TableBusy
from tests.faults.interpreter import DEFINITION
from tests.faults.oracle import books
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, people

HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
REJECTED = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
COUNTS = ("status", "reconciled", "processed", "rejected_validation", "staged", "parts", "cause")
FAILING = ("RecordFailure", "AnnounceUnreported")
TASKS = {
    name: state
    for name, state in DEFINITION["States"].items()
    if state["Type"] == "Task" and name not in FAILING
}
"""The states of an import that a gate holds and that does not fail."""
ANSWERING = [name for name, state in TASKS.items() if not state["Resource"].endswith("Token")]
FOUR_MINUTES = 4 * 60


@pytest.fixture
def befall(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Callable[[], None]], None]:
    """Do something when a state calls its function for the first time."""

    def at(state: str, act: Callable[[], None]) -> None:
        todo, invoke = [act], simulation.invoke

        def befallen(function: str, payload: dict[str, Any]) -> Any:
            if todo and simulation.executions[-1].visited[-1] == state:
                todo.pop()()
            return invoke(function, payload)

        monkeypatch.setattr(simulation, "invoke", befallen)

    return at


def held_and_approved(simulation: Simulation) -> dict[str, Any]:
    """Import a file that a gate holds and an operator approves; return what was reported."""
    simulation.push_feed(HOLDING)
    execution = simulation.drop((people(20) + REJECTED).encode()).run()
    operate.approve(simulation.services(), simulation.import_id(execution))
    execution.run()
    assert execution.status == "SUCCEEDED", execution.error
    report = simulation.report(execution)
    assert books(simulation).totals["processed"] == report["processed"] == 20
    return {name: report[name] for name in COUNTS}


@pytest.mark.parametrize("state", spread(TASKS, 1, "Lambda refuses at each state"))
def test_lambda_refusing_four_minutes_changes_no_result(
    simulation: Simulation, befall: Callable[..., None], state: str
) -> None:
    def refuse() -> None:
        until = simulation.clock.time_ns() + FOUR_MINUTES * 1_000_000_000
        simulation.functions.refuses_until = until

    befall(state, refuse)

    report = held_and_approved(simulation)

    assert simulation.functions.refused > 4
    assert report == {
        "status": "CompletedWithRejects",
        "reconciled": True,
        "processed": 20,
        "rejected_validation": 4,
        "staged": 24,
        "parts": report["parts"],
        "cause": "",
    }
    assert [part["state"] for part in report["parts"]] == ["finished"]


@pytest.mark.parametrize("state", spread(ANSWERING, 1, "the answer of each state is lost"))
def test_lost_answer_of_a_step_changes_no_result(
    simulation: Simulation, befall: Callable[..., None], state: str
) -> None:
    def lose() -> None:
        simulation.functions.loses = 1

    befall(state, lose)

    report = held_and_approved(simulation)

    assert simulation.functions.lost == 1
    assert (report["status"], report["reconciled"]) == ("CompletedWithRejects", True)


@pytest.mark.parametrize("function", ["TakeTurn", "AwaitApproval"])
def test_wait_whose_function_never_ran_is_continued(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    lost, invoke = [function], simulation.invoke

    def never_ran(name: str, payload: dict[str, Any]) -> Any:
        if lost == [name]:
            lost.clear()
            return None
        return invoke(name, payload)

    monkeypatch.setattr(simulation, "invoke", never_ran)
    simulation.push_feed(HOLDING)
    execution = simulation.drop((people(20) + REJECTED).encode()).run()
    simulation.call("SweepTurns", {})
    assert len(simulation.executions) == 1  # it may still come

    simulation.clock.advance(3_700)
    simulation.call("SweepTurns", {})

    continued = simulation.executions[-1].run()
    simulation.call("SweepTurns", {})
    operate.approve(simulation.services(), simulation.import_id(continued))
    continued.run()
    assert execution.status == "ABORTED"
    assert simulation.report(continued)["status"] == "CompletedWithRejects"
    assert books(simulation).totals["processed"] == 20


@pytest.mark.parametrize("tries", spread([2, 3], 1, "more tries"))
def test_report_interrupted_continues_from_its_place(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    simulation = simulate(PREFDROP_CHUNK_BYTES=1_000)
    rows = people(40) + REJECTED.replace("R-", "S-") + people(40, first=100) + REJECTED
    written: list[int] = []
    original = rejects_file.RejectsFile._write_chunk

    def write(file: Any, part: Any, chunk: Any, told: Any) -> None:
        written.append(chunk.number)
        if len(written) % 2 == 0 and len(written) < 2 * tries:
            raise TableBusy("for the test")
        original(file, part, chunk, told)

    monkeypatch.setattr(rejects_file.RejectsFile, "_write_chunk", write)

    execution = simulation.drop(rows.encode()).run()

    report = simulation.report(execution)
    again = [number for number in set(written) if written.count(number) > 1]
    assert len(again) == tries - 1  # only the chunks that were interrupted
    assert report["status"] == "CompletedWithRejects"
    record = simulation.ledger().imports.get(report["import_id"])
    rejects = simulation.read(record.rejects_key).decode()
    assert sum(line.count("@localhost.test") for line in rejects.splitlines()) == 8
