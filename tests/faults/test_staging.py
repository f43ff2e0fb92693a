"""A stage request may fail in every way a network and a vendor know; each record lands once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.interpreter import Json
from tests.faults.oracle import assert_exactly_once, books, expected
from tests.faults.simulation import Simulation
from tests.tiers import diagonal, spread
from tests.workbench import FEED, more_people, people

FILE = (people(90) + "C-91,Ida,no-address,Y\n" + more_people(9, first=92)).encode()
CHUNKS = {"PREFDROP_CHUNK_BYTES": 4_000, "PREFDROP_REQUEST_SECONDS": 0.5}
"""About sixteen records a chunk; a request that gets no answer is given up after half a second."""

LAST = 7
"""Chunks that FILE is cut into; a test sees to that."""


@pytest.fixture
def simulation(simulate: Callable[..., Simulation]) -> Simulation:
    return simulate(**CHUNKS)


def stage(kind: str, **rule: Any) -> Json:
    return {"route": "import.stage", "kind": kind, **rule}


def test_without_faults_each_chunk_is_one_request(simulation: Simulation) -> None:
    execution = simulation.drop(FILE).run()

    report = assert_exactly_once(simulation, execution, FILE, FEED)
    assert report["chunks"] == LAST
    requests = simulation.vendor("books")["requests"]
    assert [r["route"] for r in requests].count("import.stage") == LAST
    assert report["vendor_requests"] == len(requests)


NO_ANSWER = {
    "time-out after it was applied": stage("timeout_after"),
    "time-out before it was applied": stage("timeout_before"),
    "connection reset before it was applied": stage("reset_before"),
    "connection reset in mid-body": stage("reset_before", after_bytes=2_000),
    "connection reset after it was applied": stage("reset_after"),
    "answer cut in half": stage("cut"),
    "answer cut in half, with a length that fits": stage("cut", matching_length=True),
    "an HTML page instead of the answer": stage("garbage"),
    "503 of a proxy": stage("status", status=503, page="html"),
    "500 without a body": stage("status", status=500, page="empty"),
}


PLACES = (1, 3, LAST)


@pytest.mark.parametrize(
    ("fault", "nth"), diagonal(NO_ANSWER, {str(nth): nth for nth in PLACES}, "every place")
)
def test_a_request_without_a_clear_answer_is_looked_into_before_it_is_sent_again(
    simulation: Simulation, fault: Json, nth: int
) -> None:
    simulation.fault({**fault, "nth": nth})

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
    assert len(simulation.vendor("imports")["imports"]) == 1


@pytest.mark.parametrize(
    "fault",
    spread(
        [pytest.param(fault, id=name) for name, fault in NO_ANSWER.items()],
        4,
        "each failure",
    ),
)
def test_two_requests_without_an_answer_never_double_a_record(
    simulation: Simulation, fault: Json
) -> None:
    simulation.fault({**fault, "nth": [2, 4]})

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


LATE = {
    "before its count is looked at": [stage("late", nth=3, before="import.status")],
    "just before it is sent again": [stage("late", nth=3, before="import.stage")],
    "after it was sent again": [stage("late", nth=3, before="import.stage", before_nth=2)],
    "while a later chunk of the same size is lost": [
        stage("late", nth=3, before="import.status", before_nth=2),
        stage("reset_before", nth=5),
    ],
    "before the last look at the count": [
        stage("late", nth=LAST, before="import.status", before_nth=2)
    ],
}


@pytest.mark.parametrize("faults", LATE.values(), ids=LATE.keys())
def test_a_request_that_lands_late_is_never_counted_as_another_one(
    simulation: Simulation, faults: list[Json]
) -> None:
    simulation.fault(*faults)

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


def test_a_request_that_lands_between_the_last_look_and_execute_is_never_passed_over(
    simulation: Simulation,
) -> None:
    simulation.fault(stage("late", nth=3, before="import.execute"))

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert execution.status == "FAILED"
    assert (report["status"], report["reconciled"]) == ("Unreconciled", False)
    assert report["parts"][0]["suspect_chunk"] == 3
    assert "chunk 3 is in doubt" in report["cause"]
    assert len(books(simulation).executed) > len(expected(FILE, FEED).records)


def test_an_import_whose_every_part_tears_fails_and_executes_nothing(
    simulation: Simulation,
) -> None:
    simulation.fault(stage("reset_after", every=2), stage("reset_before", every=3))

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert execution.status == "FAILED"
    assert report["error"]["code"] == "TornStage"
    assert "imports retry" in report["error"]["hint"]
    assert books(simulation).executed == []
    assert [part["state"] for part in report["parts"]] == ["torn"] * 4
