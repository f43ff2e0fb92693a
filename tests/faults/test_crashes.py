"""A worker may die before or after anything that others can see; the import is none the worse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.oracle import assert_exactly_once
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, more_people, people

FILE = (people(24) + "C-41,Ida,no-address,Y\n" + more_people(16, first=50)).encode()
SMALL_CHUNKS = {"PREFDROP_CHUNK_BYTES": 4_000}
POINTS = 60
"""At least as many points as one import of FILE has; a test sees to that."""

WHENS = ("before", "after")
DEATHS = [(point, when) for point in range(1, POINTS) for when in WHENS]


def test_the_points_cover_the_whole_import(simulate: Callable[..., Simulation]) -> None:
    simulation = simulate(**SMALL_CHUNKS)
    simulation.death.plan((POINTS, "before"))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED"
    assert simulation.death.struck == 0


@pytest.mark.parametrize(("point", "when"), spread(DEATHS, 9, "every point of death"))
def test_a_worker_that_dies_at_any_point_loses_and_doubles_nothing(
    simulate: Callable[..., Simulation], point: int, when: str
) -> None:
    simulation = simulate(**SMALL_CHUNKS)
    simulation.death.plan((point, when))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


@pytest.mark.parametrize("gap", spread([1, 2, 3, 5], 2, "every gap between deaths"))
def test_workers_that_die_again_and_again_lose_and_double_nothing(
    simulate: Callable[..., Simulation], gap: int
) -> None:
    simulation = simulate(**SMALL_CHUNKS)
    simulation.death.plan((9, "after"), (gap, "after"), (gap, "before"), (gap + 7, "after"))

    execution = simulation.drop(FILE).run()
    if execution.status == "FAILED":  # a step is tried three times; then an operator retries
        simulation.death.plan()
        execution = simulation.retry(execution).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
