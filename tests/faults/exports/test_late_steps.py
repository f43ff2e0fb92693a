"""A worker stands still at any point of any step, and goes on once its run has gone on or ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.exports.simulation import ExportSimulation
from tests.faults.exports.snapshots import begin_anew, snapshot
from tests.faults.exports.test_late_workers import payload
from tests.faults.interpreter import Execution, Json, StepError
from tests.faults.simulation import Worker
from tests.tiers import spread

STEPS = {
    "BeginExport": ("", 4),
    "AwaitExport": ("Waiting", 1),
    "CheckExport": ("Waiting", 2),
    "RetrieveExport": ("Retrieving", 10),
    "FinishExport": ("Finishing", 11),
}
"""For each step, the status of the run when it is called, and at how many points others can see
what it does."""

CASES = [(step, point) for step, (_, points) in STEPS.items() for point in range(1, points + 1)]


class StandStill:
    """Stops a worker before its n-th visible act until something else has happened."""

    def __init__(self, simulation: ExportSimulation, point: int, meanwhile: Callable[[], Any]):
        self.met = False
        self._left, self._meanwhile = point, meanwhile
        self._around = simulation.death.around
        simulation.death.around = self.around  # type: ignore[method-assign]

    def around(self, worker: Worker, act: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0 and not self.met:
            self.met = True
            self._meanwhile()
        return self._around(worker, act)


def changed(simulation: ExportSimulation) -> None:
    simulation.put_people(range(12))
    simulation.export("1")
    simulation.put_people(range(10, 25), CustomerName={"FirstName": "Ana"})


def walk_to(simulation: ExportSimulation, status: str) -> Execution:
    execution = simulation.start_run("2", full=True)
    if status:
        simulation.walk_to(execution, status)
    return execution


def call_late(simulation: ExportSimulation, execution: Execution, step: str) -> None:
    """Call a step as the machine had called it; how it ends does not matter any more."""
    given = payload(execution) | {"step": {"cursor": {"attempt": 1}}, "task_token": "late"}
    try:
        simulation.call(step, given)
    except StepError:
        return


def left_by(simulation: ExportSimulation) -> Json:
    """What counts of what is there: a late worker may leave objects that no manifest names.

    Of two commits the vendor takes one, and the run says so of itself.
    """
    left = snapshot(simulation)
    shown = [key for key in left["keys"] if key.startswith("exports/")]
    named = [key for key in shown if key.endswith(("/manifest.json", ".toml"))]
    runs = [one for one in left["ledger"] if one["sk"].startswith(("RUN#", "STATE"))]
    for one in (*runs, *left["manifests"].values()):
        for name in ("rounds", "task_token", "committed"):
            one.pop(name, None)
    return left | {"keys": named, "ledger": runs}


@pytest.mark.parametrize(("step", "point"), spread(CASES, 2, "every point of every step"))
def test_late_worker_of_a_step_changes_nothing(
    simulation: ExportSimulation, step: str, point: int
) -> None:
    changed(simulation)
    simulation.finish(walk_to(simulation, STEPS[step][0]))
    simulation.export("3")
    undisturbed = left_by(simulation)
    begin_anew(simulation)
    changed(simulation)
    execution = walk_to(simulation, STEPS[step][0])

    def meanwhile() -> None:
        simulation.finish(execution)
        simulation.export("3")

    late = StandStill(simulation, point, meanwhile)
    call_late(simulation, execution, step)

    assert late.met
    assert left_by(simulation) == undisturbed
    simulation.assert_readers_have_everything()


@pytest.mark.parametrize("step", spread(list(STEPS)[1:], 1, "every step"))
def test_step_of_an_earlier_attempt_changes_nothing(
    simulation: ExportSimulation, step: str
) -> None:
    changed(simulation)
    simulation.fault({"route": "export.segment.retrieve", "nth": [2], "kind": "expire_token"})
    execution = walk_to(simulation, "Retrieving")
    simulation.walk_to(execution, "Beginning")
    simulation.walk_to(execution, STEPS[step][0])
    before = simulation.run_item("2")

    call_late(simulation, execution, step)

    assert (before.attempt, simulation.run_item("2")) == (2, before)
    simulation.finish(execution)
    simulation.assert_readers_have_everything()
