"""A file that one vendor import cannot take goes on in the next part."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prefdrop.importing import operate
from tests.faults.interpreter import Execution
from tests.faults.oracle import assert_exactly_once, assert_nothing_executed, books
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, more_people, people

FILE = (people(50) + "C-51,Ida,no-address,Y\n" + more_people(20, first=52)).encode()
HOLDING = FEED.replace("= 100", "= 10") + 'over_gate = "hold"\n'
TWO_WRONG = (people(8) + "C-9,Ida,no-address,Y\nC-10,Jo,j10@example.test,?\n").encode()


def states(report: dict[str, object]) -> list[str]:
    return [part["state"] for part in report["parts"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("most", "parts"), spread([(30, 3), (69, 2), (70, 1), (7, 10)], 1, "more"))
def test_a_part_takes_as_many_records_as_one_vendor_import_may_have(
    simulate: Callable[..., Simulation], most: int, parts: int
) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=most)

    execution = simulation.drop(FILE).run()

    report = assert_exactly_once(simulation, execution, FILE, FEED)
    assert states(report) == ["finished"] * parts
    assert max(one["received"] for one in simulation.vendor("imports")["imports"]) <= most


def test_a_part_ends_in_time_for_its_token(simulate: Callable[..., Simulation]) -> None:
    simulation = simulate(PREFDROP_CHUNK_BYTES=4_000, PREFDROP_REQUEST_SECONDS=1)
    simulation.fault(
        {"route": "import.stage", "kind": "status", "status": 429, "nth": 3, "retry_after": 10_000},
    )

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


def test_exceptions_of_a_part_are_read_before_the_next_one_begins(
    simulate: Callable[..., Simulation],
) -> None:
    refused = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(3))
    file = (people(4) + refused + more_people(9, first=10)).encode()
    simulation = simulate(PREFDROP_PART_RECORDS=5)

    execution = simulation.drop(file).run()

    assert_exactly_once(simulation, execution, file, FEED)
    asked = [
        (r["route"], r["token"])
        for r in simulation.vendor("books")["requests"]
        if r["route"] in ("import.exceptions", "import.stage")
    ]
    last_of_first = max(n for n, (_, token) in enumerate(asked) if token == asked[0][1])
    first_of_second = min(n for n, (_, token) in enumerate(asked) if token != asked[0][1])
    assert last_of_first < first_of_second


# --- gates -----------------------------------------------------------------------------------


def test_an_approval_that_comes_after_the_token_died_starts_a_new_part(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_MAX_TORN_PARTS=0)
    simulation.push_feed(HOLDING, "held")
    execution = simulation.drop(TWO_WRONG, feed="held").run()
    assert execution.visited[-1] == "AwaitApproval"

    simulation.clock.advance(13 * 3600)
    _approve(simulation, execution)

    assert execution.run().status == "SUCCEEDED", execution.error
    report = assert_exactly_once(simulation, execution, TWO_WRONG, HOLDING)
    assert states(report) == ["dead", "finished"]
    assert "token died" in report["parts"][0]["given_up"]


def test_a_hold_that_nobody_ends_ends_in_an_abort(simulation: Simulation) -> None:
    simulation.push_feed(HOLDING, "held")
    execution = simulation.drop(TWO_WRONG, feed="held").run()
    assert execution.waiting is not None

    execution.waiting.timed_out = True

    assert execution.run().status == "FAILED"
    report = simulation.report(execution)
    assert (report["status"], report["rejected_local"]) == ("Aborted", 2)
    assert_nothing_executed(simulation)


def test_gates_see_the_figures_of_all_parts(simulate: Callable[..., Simulation]) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=10)
    feed = FEED.replace("= 100", "= 20")
    wrong = "".join(f"W-{n},Ed,no-address,Y\n" for n in range(9))
    file = (people(10) + more_people(9, first=20) + wrong + "C-99,Al,al@example.test,Y\n").encode()
    simulation.push_feed(feed, "strict")

    execution = simulation.drop(file, feed="strict").run()

    report = simulation.report(execution)
    assert report["status"] == "Aborted"
    assert states(report)[0] == "finished"
    assert len(books(simulation).executed) == 10
    assert "9 of 2" in report["cause"]


DELETING = FEED.replace(
    'name = "people"', 'name = "gone"\naction = "Delete"\ndestructive = true\nmax_records = 3'
)


def test_a_destructive_file_larger_than_the_feed_allows_is_refused_before_the_vendor_hears_of_it(
    simulation: Simulation,
) -> None:
    simulation.push_feed(DELETING, "gone")

    execution = simulation.drop(people(4).encode(), feed="gone").run()

    report = simulation.report(execution)
    assert report["error"]["code"] == "TooManyRecords"
    assert "max_records" in report["error"]["hint"]
    assert simulation.vendor("books")["requests"] == []


@pytest.mark.parametrize(
    "setting", ['action = "Delete"', "refresh_contacts = true", "refresh_tags = true"]
)
def test_a_destructive_setting_without_its_confirmation_is_refused(
    simulation: Simulation, setting: str
) -> None:
    simulation.push_feed(FEED.replace('name = "people"', f'name = "p"\n{setting}'), "unsure")

    execution = simulation.drop(people(2).encode(), feed="unsure").run()

    report = simulation.report(execution)
    assert report["error"]["code"] == "FeedError"
    assert "destructive" in report["error"]["message"] + report["error"]["hint"]
    assert simulation.vendor("books")["requests"] == []


def _approve(simulation: Simulation, execution: Execution) -> None:
    operate.approve(simulation.services(), simulation.import_id(execution))
