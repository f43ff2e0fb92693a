"""botocore repeats a request whose answer was lost: our own success is not somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from prefdrop.importing import operate
from prefdrop_local.sandbox.process import SandboxProcess
from tests.emulated_aws import emulated_aws
from tests.faults.oracle import books
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, people

HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
WRONG = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
MOST_CALLS = 700
"""At least as many calls of AWS as the story has; a test sees to that."""
STRIDE = 20
"""Of so many calls, one is repeated."""


def story(simulation: Simulation) -> dict[str, Any]:
    """Play a queue of two: one is held, corrected and approved, the other cancelled and retried.

    Return how it ended: statuses, books, parts, decisions and the turn.
    """
    simulation.push_feed(HOLDING)
    first = simulation.drop((people(12) + WRONG).encode()).run()
    second = simulation.drop((people(12) + WRONG).encode(), name="second.csv").run()
    body = simulation.read(record(simulation, first).rejects_key)
    corrected = body.replace(b"@localhost.test", b"@example.test")
    operate.approve(simulation.services(), simulation.import_id(first), corrected, "c.csv")
    first.run()
    second.run()
    operate.cancel(simulation.services(), simulation.import_id(second))
    second.run()
    third = simulation.retry(second).run()
    operate.approve(simulation.services(), simulation.import_id(third))
    third.run()
    simulation.call("SweepTurns", {})
    ended = [record(simulation, one) for one in (first, third)]
    return {
        "statuses": [one.status for one in ended],
        "executions": [one.status for one in simulation.executions],
        "processed": books(simulation).totals["processed"],
        "requests": [one.vendor_requests for one in ended],
        "decisions": [[decision.what for decision in one.decisions] for one in ended],
        "parts": [
            [(part.state, part.staged) for part in simulation.services().parts.all(one.import_id)]
            for one in ended
        ],
        "reports": [counts(simulation, one.report_key) for one in ended],
        "turn": simulation.services().turns.holder().execution,
        "queue": len(simulation.services().turns.queue()),
    }


def record(simulation: Simulation, execution: Any) -> Any:
    return simulation.services().imports.get(simulation.import_id(execution))


def counts(simulation: Simulation, key: str) -> dict[str, Any]:
    report = msgspec.json.decode(simulation.read(key))
    return {name: value for name, value in report.items() if isinstance(value, int)}


UNDISTURBED: dict[str, Any] = {}
"""How the story ends when nothing is repeated."""


@pytest.fixture
def undisturbed(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Play the story once without trouble, in an AWS of its own."""
    if not UNDISTURBED:
        with emulated_aws(), monkeypatch.context() as patched:
            simulation = Simulation(sandbox, patched)
            simulation.vendor("reset", "POST")
            UNDISTURBED.update(story(simulation))
    assert UNDISTURBED["statuses"] == ["Completed", "CompletedWithRejects"]
    assert UNDISTURBED["processed"] == 12 + 4 + 12
    return UNDISTURBED


def test_every_call_repeated_at_once_ends_the_same(
    undisturbed: dict[str, Any], simulate: Callable[..., Simulation]
) -> None:
    simulation = simulate()
    simulation.trouble.plan((1, "repeat", MOST_CALLS * 10))

    ended = story(simulation)

    assert ended == undisturbed
    assert simulation.trouble.struck < MOST_CALLS


@pytest.mark.parametrize("first", spread(range(STRIDE), 1, "every call, few at a time"))
def test_some_calls_repeated_end_the_same(
    undisturbed: dict[str, Any], simulate: Callable[..., Simulation], first: int
) -> None:
    simulation = simulate()
    further = [(STRIDE, "repeat", 1)] * (MOST_CALLS // STRIDE)
    simulation.trouble.plan((first + 1, "repeat", 1), *further)

    assert story(simulation) == undisturbed
