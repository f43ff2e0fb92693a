"""The AWS client repeats a call whose answer was lost: our own success is not another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.exporting.await_export import wake
from tests.faults.exports.simulation import ExportSimulation
from tests.faults.exports.snapshots import begin_anew, snapshot
from tests.faults.interpreter import Execution
from tests.tiers import second_tier

CONDITIONAL = ("put_item", "update_item", "transact_write_items", "send_task_success")
CALLS = 32
"""At least as many such calls as a run makes; a test sees to that."""


class Repeats:
    """Which calls are made a second time; the second answer is the one that arrives."""

    def __init__(self) -> None:
        self.count = 0
        self.due: Callable[[int], bool] = lambda _: False

    def watch(self, simulation: ExportSimulation) -> None:
        """From now on, repeat the calls that are due."""
        self.count = 0
        simulation.dynamodb = _Repeating(simulation.dynamodb, self)
        simulation.step_functions = _Repeating(simulation.step_functions, self)  # type: ignore[assignment]


class _Repeating:
    """An AWS client that lost some of its answers."""

    def __init__(self, client: Any, repeats: Repeats) -> None:
        self._client = client
        self._repeats = repeats

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in CONDITIONAL:
            return call

        def answered(**request: Any) -> Any:
            answer = call(**request)
            self._repeats.count += 1
            return call(**request) if self._repeats.due(self._repeats.count) else answer

        return answered


def changed(simulation: ExportSimulation) -> None:
    """An export that has run, and changes for its next run to bring."""
    simulation.put_people(range(12))
    simulation.export("1")
    simulation.put_people(range(10, 25), CustomerName={"FirstName": "Ana"})


def call_back(simulation: ExportSimulation, execution: Execution) -> None:
    """Wake the run as the vendor's callback does, once its export is complete."""
    while execution.step():
        pass
    simulation.clock.advance(5)
    worker: Any = simulation.worker()
    run = worker.exports.get("people", execution.arn.rpartition("-")[2])
    wake(worker, worker.exports.update(run, called_back=True))


def whole(simulation: ExportSimulation) -> Execution:
    """A full run that is called back."""
    execution = simulation.start_run("2", full=True)
    call_back(simulation, execution)
    return simulation.finish(execution)


def after_a_dead_one(simulation: ExportSimulation) -> Execution:
    """A run that finds another's execution stopped, and ends that run first."""
    stopped = simulation.start_run("2")
    simulation.walk_to(stopped, "Retrieving")
    stopped.status = "ABORTED"
    return simulation.export("3")


def asked_for_twice(simulation: ExportSimulation) -> Execution:
    """A run whose first export dies at the vendor, who is then away for a while."""
    died = {"route": "export.segment.retrieve", "nth": [2], "kind": "expire_token"}
    away = {"route": "export.status", "nth": [2, 3], "kind": "status", "status": 404}
    simulation.fault(died, away)
    return simulation.export("2")


SCENARIOS = [whole, after_a_dead_one, asked_for_twice]
CASES = [(scenario, nth) for scenario in SCENARIOS for nth in range(CALLS)]


@pytest.fixture
def repeats() -> Repeats:
    return Repeats()


@second_tier("the walk below has a case for each call")
@pytest.mark.parametrize("run", SCENARIOS)
def test_calls_that_are_repeated_cover_a_whole_run(
    simulation: ExportSimulation, repeats: Repeats, run: Callable[..., Execution]
) -> None:
    changed(simulation)
    repeats.watch(simulation)

    assert run(simulation).status == "SUCCEEDED"

    assert 10 < repeats.count < CALLS


@pytest.mark.parametrize(
    ("run", "nth"),
    [
        pytest.param(run, nth, marks=[second_tier("every call by itself")] if nth else [])
        for run, nth in CASES
    ],
)
def test_repeated_call_leaves_what_one_call_leaves(
    simulation: ExportSimulation, repeats: Repeats, run: Callable[..., Execution], nth: int
) -> None:
    """Repeat the n-th call, or all of them for 0."""
    changed(simulation)
    run(simulation)
    undisturbed = snapshot(simulation)
    begin_anew(simulation)
    changed(simulation)
    repeats.due = lambda count: nth in (0, count)
    repeats.watch(simulation)

    execution = run(simulation)

    assert execution.status == "SUCCEEDED", execution.error
    assert "FailExport" not in execution.visited
    assert snapshot(simulation) == undisturbed
    simulation.assert_readers_have_everything()
