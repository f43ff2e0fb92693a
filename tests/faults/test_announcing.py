"""How an import ends is announced whatever happens, and silence on the bus fails no import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.importing import operate
from prefdrop.ledger.objects import ObjectStore
from tests.faults.interpreter import Json
from tests.faults.simulation import Simulation
from tests.workbench import FEED, people

FILE = people(12).encode()
WRONG = (people(2) + "C-3,Cy,no-address,Y\n").encode()
HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')


def kinds(simulation: Simulation) -> list[str]:
    return [kind for kind, _ in simulation.events.announced]


def test_a_completed_import_is_announced_with_its_counts_and_keys(simulation: Simulation) -> None:
    execution = simulation.drop(WRONG).run()

    [(kind, detail)] = simulation.events.announced
    report = simulation.report(execution)
    assert kind == "ImportCompleted"
    assert detail["status"] == "CompletedWithRejects"
    assert detail["reconciled"] is True
    assert detail["source"] == report["source"]
    assert detail["counts"]["rows_read"] == 3
    assert detail["counts"]["processed"] == report["processed"] == 2
    assert detail["counts"]["vendor_requests"] == report["vendor_requests"]
    assert simulation.read(detail["report_key"])
    assert simulation.read(detail["rejects_key"])


def test_nothing_of_the_file_is_announced(simulation: Simulation) -> None:
    simulation.drop(WRONG).run()

    said = str(simulation.events.announced)
    assert "no-address" not in said
    assert "example.test" not in said
    assert "C-3" not in said


def test_a_held_import_is_announced_and_so_is_its_end(simulation: Simulation) -> None:
    simulation.push_feed(HOLDING)
    execution = simulation.drop(WRONG).run()

    [(kind, detail)] = simulation.events.announced
    assert (kind, detail["status"]) == ("ImportHeld", "Held")
    assert detail["hold_until"]

    operate.cancel(simulation.services(), simulation.import_id(execution))
    execution.run()
    kind, detail = simulation.events.announced[-1]
    assert (kind, detail["status"]) == ("ImportFailed", "Aborted")


def test_a_failed_import_is_announced_with_the_name_of_its_error(simulation: Simulation) -> None:
    execution = simulation.drop(FILE, feed="unknown").run()

    [(kind, detail)] = simulation.events.announced
    assert execution.status == "FAILED"
    assert (kind, detail["status"], detail["error_code"]) == (
        "ImportFailed",
        "Failed",
        "FeedMissing",
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_function_that_dies_announcing_announces_again(simulation: Simulation, when: str) -> None:
    killed: list[str] = []
    put = simulation.events.put_events

    def dying(**request: Any) -> Json:
        if not killed:
            killed.append(when)
            if when == "after":
                put(**request)
            raise ConnectionResetError
        return put(**request)

    simulation.events.put_events = dying  # type: ignore[method-assign]

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED"
    assert set(kinds(simulation)) == {"ImportCompleted"}
    assert len({detail["import_id"] for _, detail in simulation.events.announced}) == 1


def test_a_bus_that_takes_nothing_fails_no_import(simulation: Simulation) -> None:
    refused: list[Json] = []

    def refusing(**request: Any) -> Json:
        refused.append(request)
        return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    simulation.events.put_events = refusing  # type: ignore[method-assign]

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED"
    assert simulation.report(execution)["status"] == "Completed"
    assert len(refused) == 41


def test_a_report_that_cannot_be_written_is_announced(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = simulate()
    write = ObjectStore.write

    def failing(store: ObjectStore, key: str, body: bytes, **more: str) -> str:
        if key.endswith("/report.json"):
            raise ConnectionResetError
        return write(store, key, body, **more)

    monkeypatch.setattr(ObjectStore, "write", failing)

    execution = simulation.drop(FILE).run()

    [(kind, detail)] = simulation.events.announced
    assert (execution.status, execution.error) == ("FAILED", "ReportFailed")
    assert (kind, detail["error_code"], detail["reconciled"]) == (
        "ImportFailed",
        "ReportFailed",
        None,
    )
