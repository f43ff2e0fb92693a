"""A gate holds or stops an import between staging and execute; a person decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.workbench import FEED, Workbench, people

HOLDING = FEED.replace("= 100", "= 10") + 'over_gate = "hold"\nhold_minutes = 30\n'
TWO_WRONG = people(8) + "C-9,Ida,no-address,Y\nC-10,Jo,j10@example.test,?\n"


@pytest.fixture
def held(bench: Workbench) -> Iterator[dict[str, Any]]:
    """An import of ten rows, two of them wrong, that its gate holds."""
    bench.push_feed(HOLDING, "held")
    version = bench.drop(TWO_WRONG, feed="held")
    yield _when_held(bench, version)
    if bench.import_of(version)["status"] == "Held":
        bench.prefdrop("imports", "cancel", bench.import_of(version)["import_id"])
    bench.end_of(bench.execution_of(version))


def _when_held(bench: Workbench, version: str) -> dict[str, Any]:
    bench.execution_of(version)
    bench.wait_for_step("AwaitApprovalFunction")
    return bench.import_of(version)


def test_a_held_import_says_why_and_shows_its_rejects(
    bench: Workbench, held: dict[str, Any]
) -> None:
    report = bench.read_json(held["report_key"])

    assert (held["status"], report["status"]) == ("Held", "Held")
    assert "2 of 10 rows (20.0 %)" in held["gate"]
    assert [r["_row"] for r in bench.rejects(report)] == ["9", "10"]
    assert bench.requests_to("import.execute") == []


def test_an_approved_import_goes_on_and_ends_as_if_nothing_had_held_it(
    bench: Workbench, held: dict[str, Any]
) -> None:
    said = bench.prefdrop("imports", "approve", held["import_id"])

    assert said.returncode == 0, said.stderr
    report = bench.report_of(held["version_id"])
    assert (report["status"], report["processed"]) == ("CompletedWithRejects", 8)
    assert len(bench.profiles()) == 8
    assert [r["_row"] for r in bench.rejects(report)] == ["9", "10"]


def test_a_cancelled_import_executes_nothing(bench: Workbench, held: dict[str, Any]) -> None:
    said = bench.prefdrop("imports", "cancel", held["import_id"])

    assert said.returncode == 0, said.stderr
    report = bench.report_of(held["version_id"])
    assert report["status"] == "Aborted"
    assert bench.profiles() == []


def test_a_held_import_keeps_the_turn(bench: Workbench, held: dict[str, Any]) -> None:
    waiting = bench.drop(people(2), name="waiting.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(waiting))
    assert len(bench.requests_to("import.initiate")) == 1

    bench.prefdrop("imports", "approve", held["import_id"])

    assert bench.report_of(waiting)["status"] == "Completed"


def test_only_a_held_import_can_be_approved(bench: Workbench) -> None:
    report = bench.run(people(1))

    said = bench.prefdrop("imports", "approve", report["import_id"])

    assert said.returncode == 2
    assert "Completed, not Held" in said.stderr
