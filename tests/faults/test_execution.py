"""Initiate, Execute, polling and exceptions may fail in every way; the import knows where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.interpreter import Json
from tests.faults.oracle import assert_exactly_once, books, expected, rejected_rows
from tests.faults.simulation import Simulation
from tests.tiers import second_tier, spread
from tests.workbench import FEED, more_people, people

FILE = people(30).encode()
UNANSWERED = [
    "timeout_after", "timeout_before", "reset_before", "reset_after", "cut", "garbage",
]  # fmt: skip


@pytest.fixture
def simulation(simulate: Callable[..., Simulation]) -> Simulation:
    return simulate(PREFDROP_REQUEST_SECONDS=1)


def kinds(place: int) -> list[Any]:
    """Return the kinds for one of three requests; the first tier has each kind at one of them."""
    return [
        kind if n % 3 == place else pytest.param(kind, marks=second_tier("each request"))
        for n, kind in enumerate(UNANSWERED)
    ]


def rule(route: str, kind: str, **more: Any) -> Json:
    seconds = {"seconds": 0.1} if kind.startswith("timeout") else {}
    return {"route": f"import.{route}", "kind": kind, **seconds, **more}


@pytest.mark.parametrize("kind", kinds(0))
def test_an_initiate_without_an_answer_is_simply_done_again(
    simulation: Simulation, kind: str
) -> None:
    simulation.fault(rule("initiate", kind, nth=1))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


@pytest.mark.parametrize("kind", kinds(1))
def test_an_execute_without_an_answer_is_looked_into(simulation: Simulation, kind: str) -> None:
    simulation.fault(rule("execute", kind, nth=1))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


def test_an_execute_that_lands_after_it_was_sent_again_changes_nothing(
    simulation: Simulation,
) -> None:
    simulation.fault(rule("execute", "late", nth=1, before="import.execute"))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


@pytest.mark.parametrize("status", spread([404, 503, 500], 1, "every status"))
def test_a_status_that_stays_away_for_a_while_fails_no_import(
    simulation: Simulation, status: int
) -> None:
    simulation.fault(rule("status", "away", nth=2, status=status, calls=3))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


@pytest.mark.parametrize("word", spread(["Complete", "COMPLETED", "Completed"], 1, "each spelling"))
def test_every_spelling_of_the_end_is_understood(simulation: Simulation, word: str) -> None:
    simulation.fault(rule("status", "word", word=word, members="odd"))

    execution = simulation.drop(FILE).run()

    assert_exactly_once(simulation, execution, FILE, FEED)


@pytest.mark.parametrize("settings", [{"token_type": "string"}, {"token_hours": 6}])
def test_the_vendors_other_readings_change_nothing(simulation: Simulation, settings: Json) -> None:
    simulation.vendor("settings", "PATCH", **settings)

    execution = simulation.drop(FILE).run()

    assert_exactly_once(simulation, execution, FILE, FEED)


def test_a_token_that_dies_while_staging_is_replaced_by_a_new_part(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_CHUNK_BYTES=2_000)
    simulation.fault(rule("stage", "expire_token", nth=3))

    execution = simulation.drop(FILE).run()

    report = assert_exactly_once(simulation, execution, FILE, FEED)
    assert [part["state"] for part in report["parts"]] == ["dead", "finished"]


def test_a_token_that_dies_before_execute_is_replaced_by_a_new_part(
    simulation: Simulation,
) -> None:
    simulation.fault(rule("execute", "expire_token", nth=1))

    execution = simulation.drop(FILE).run()

    assert_exactly_once(simulation, execution, FILE, FEED)


def test_a_token_that_dies_while_polling_ends_in_what_is_known_and_executes_nothing_twice(
    simulation: Simulation,
) -> None:
    simulation.fault(rule("status", "expire_token", nth=2))

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert (report["status"], report["error"]["code"]) == ("Failed", "TokenDied")
    assert "support" in report["error"]["hint"]
    assert report["parts"][0]["state"] == "executing"
    assert len(books(simulation).executed) == 30


# --- exceptions ------------------------------------------------------------------------------

REFUSED = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(25))
MIXED = (people(15) + REFUSED + more_people(15, first=20)).encode()


def refused_rows() -> list[int]:
    return list(range(16, 41))


@pytest.fixture
def paged(simulation: Simulation) -> Simulation:
    """A vendor that lists seven exceptions a page."""
    simulation.vendor("settings", "PATCH", exceptions_limit_max=7)
    return simulation


def test_exceptions_are_read_page_after_page(paged: Simulation) -> None:
    execution = paged.drop(MIXED).run()

    report = assert_exactly_once(paged, execution, MIXED, FEED)
    assert rejected_rows(paged, report) == refused_rows()


@pytest.mark.parametrize(
    "change",
    [
        rule("exceptions", "repeat", nth=2, records=3),
        rule("exceptions", "drop", nth=2, records=2),
        rule("exceptions", "shuffle", nth=[2, 3], times=2),
    ],
    ids=["records move back", "records are missing", "the order changes"],
)
def test_pages_that_change_while_they_are_read_are_read_again(
    paged: Simulation, change: Json
) -> None:
    paged.fault(change)

    execution = paged.drop(MIXED).run()

    report = assert_exactly_once(paged, execution, MIXED, FEED)
    assert rejected_rows(paged, report) == refused_rows()


@pytest.mark.parametrize("kind", kinds(2))
def test_a_page_without_an_answer_is_read_again(paged: Simulation, kind: str) -> None:
    paged.fault(rule("exceptions", kind, nth=2))

    execution = paged.drop(MIXED).run()

    report = assert_exactly_once(paged, execution, MIXED, FEED)
    assert rejected_rows(paged, report) == refused_rows()


def test_an_exception_of_a_record_that_was_never_staged_is_counted_and_said(
    paged: Simulation,
) -> None:
    paged.fault(rule("exceptions", "unknown_row", nth=2))

    execution = paged.drop(MIXED).run()

    report = paged.report(execution)
    assert report["status"] == "Unreconciled"
    assert report["rejects"]["unnamed"] == 1
    assert rejected_rows(paged, report) == refused_rows()


def test_where_numbers_lead_to_other_rows_the_records_own_identifiers_win(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_CHUNK_BYTES=2_000)
    simulation.fault(rule("exceptions", "wrong_sequence"))

    execution = simulation.drop(MIXED).run()

    report = assert_exactly_once(simulation, execution, MIXED, FEED)
    assert sorted(rejected_rows(simulation, report)) == refused_rows()


def test_a_token_that_dies_while_exceptions_are_read_before_execute_is_replaced(
    paged: Simulation,
) -> None:
    paged.fault(rule("exceptions", "expire_token", nth=2))

    execution = paged.drop(MIXED).run()

    assert_exactly_once(paged, execution, MIXED, FEED)


def test_a_token_that_dies_while_exceptions_are_read_after_execute_leaves_the_counts_right(
    simulation: Simulation,
) -> None:
    file = (people(5) + "C-1,Ana,p1@example.test,Y\n").encode()
    simulation.fault(
        {"route": "import.exceptions", "kind": "expire_token", "from": 1},
    )

    execution = simulation.drop(file).run()

    report = simulation.report(execution)
    assert len(books(simulation).executed) == len(expected(file, FEED).records)
    if report["rejected_execution"]:
        assert report["error"]["code"] == "TokenDied"
