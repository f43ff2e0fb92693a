"""A worker may die before or after anything that others can see; readers never notice."""

from __future__ import annotations

import pytest

from prefdrop.ledger.exports import ExportStore
from tests.faults.exports.simulation import ExportSimulation
from tests.faults.simulation import Killed
from tests.tiers import spread

POINTS = 42
"""At least as many points as the run in question has; a test sees to that."""

CASES = [(when, stopped) for when in ("before", "after") for stopped in (False, True)]
DEATHS = [(point, *case) for point in range(1, POINTS) for case in CASES]
"""Every point, before and after it, with the step repeated and with the execution stopped."""


def changed(simulation: ExportSimulation) -> None:
    """An export that has run, and changes for its next run to bring."""
    simulation.put_people(range(12))
    simulation.export("1")
    simulation.put_people(range(10, 25), CustomerName={"FirstName": "Ana"})


def test_the_points_cover_a_whole_run(simulation: ExportSimulation) -> None:
    changed(simulation)
    simulation.death.plan((POINTS, "before"))

    execution = simulation.export("2")

    assert (execution.status, simulation.death.struck) == ("SUCCEEDED", 0)


@pytest.mark.parametrize(("point", "when", "stopped"), spread(DEATHS, 6, "every point of death"))
def test_a_worker_that_dies_at_any_point_loses_and_doubles_nothing(
    simulation: ExportSimulation, point: int, when: str, stopped: bool
) -> None:
    changed(simulation)
    simulation.death.plan((point, when))

    execution = simulation.start_run("2", full=point % 2 == 0)
    if stopped:
        simulation.stop_at_death(execution)
        execution = simulation.export("3")
    else:
        simulation.finish(execution)

    assert execution.status == "SUCCEEDED", execution.error
    simulation.assert_readers_have_everything()


def test_a_worker_that_dies_once_its_run_is_published_leaves_nothing_lying_about(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(simulation)
    second_object = {"route": "export.segment.retrieve", "nth": [3]}
    simulation.fault(second_object | {"kind": "expire_token"})
    release, dead = ExportStore.release, list[str]()

    def dies_once(store: ExportStore, export: str, run: str) -> None:
        if not dead:
            dead.append(run)
            raise Killed
        release(store, export, run)

    monkeypatch.setattr(ExportStore, "release", dies_once)

    execution = simulation.export("2", full=True)

    assert (execution.status, dead) == ("SUCCEEDED", ["2"])
    state, listed = simulation.state(), simulation.worker().files.list("exports/people/")
    assert state.run == ""
    assert {key.split("/")[2] for key in listed} == {"1", "2-2", "_state"}
    kept = set(simulation.worker().files.list("exports/people/_state/"))
    assert kept == {state.tail, state.known}
    assert list(simulation.worker().files.list("spool/")) == []


@pytest.mark.parametrize("gap", spread([1, 3, 5], 1, "every gap between deaths"))
def test_workers_that_die_again_and_again_lose_and_double_nothing(
    simulation: ExportSimulation, gap: int
) -> None:
    changed(simulation)
    simulation.death.plan((4, "after"), (gap, "after"), (gap, "before"), (gap + 7, "after"))

    execution = simulation.export("2")

    assert execution.status == "SUCCEEDED", execution.error
    simulation.assert_readers_have_everything()


def test_a_run_that_fails_for_good_leaves_the_watermark_where_it_was(
    simulation: ExportSimulation,
) -> None:
    changed(simulation)
    before = simulation.state()
    simulation.death.plan(*[(1, "before")] * 3)

    failed = simulation.export("2")

    assert failed.status == "FAILED"
    run = simulation.run_item("2")
    assert (run.status, run.error and run.error.code) == ("Failed", "Runtime.ExitError")
    assert simulation.state() == before
    simulation.export("3")
    assert simulation.manifests().keys() == {"1", "3"}
    simulation.assert_readers_have_everything()
