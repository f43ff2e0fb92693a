"""Ten million records with the slowest requests, with a day of the clock in seconds of ours.

Everything that time decides is as on AWS: the limits of a function and of a part, leases, doubts
about requests, polling. Only the rows are fewer: a request holds four of them instead of 39,000.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from prefdrop import services
from prefdrop.importing import vendor
from tests.faults.interpreter import Execution
from tests.faults.oracle import assert_exactly_once
from tests.faults.simulation import Simulation
from tests.tiers import second_tier
from tests.unit.template import scale_history as scale
from tests.workbench import FEED, people

PER_REQUEST = 4
SLOWEST = scale.DEFAULTS["RequestSeconds"] - 1
"""Seconds of a stage request that just does not time out."""
PART = "PREFDROP_PART_SECONDS"
DEFAULTS = {
    "PREFDROP_CHUNK_BYTES": 1_100,
    "PREFDROP_REQUEST_SECONDS": scale.DEFAULTS["RequestSeconds"],
    "PREFDROP_LEASE_SECONDS": scale.DEFAULTS["LeaseSeconds"],
    "PREFDROP_GHOST_SECONDS": scale.DEFAULTS["GhostSeconds"],
    PART: scale.DEFAULTS["PartSeconds"],
    "PREFDROP_POLL_MAX_SECONDS": scale.DEFAULTS["PollMaxSeconds"],
}


class Slow(SimpleNamespace):
    """A simulation whose vendor takes his time, and what has passed of it."""

    simulation: Simulation
    began: int

    def minutes(self) -> float:
        return (self.simulation.clock.time_ns() - self.began) / 60e9


@pytest.fixture
def slow(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Slow]:
    """Makes a simulation in which each stage request takes its longest, also by Lambda's clock."""
    real = vendor._Counting.send

    def begin(requests: int, **settings: Any) -> Slow:
        simulation = simulate(**{**DEFAULTS, **settings})
        clock = simulation.clock
        seconds = SimpleNamespace(monotonic=lambda: clock.time_ns() / 1e9)
        monkeypatch.setattr(services, "time", seconds)

        def send(session: Any, request: Any, **options: Any) -> Any:
            if request.url.endswith("/Stage"):
                clock.advance(SLOWEST)
            return real(session, request, **options)

        monkeypatch.setattr(vendor._Counting, "send", send)
        parts = scale.slowest_import(requests, int(simulation.environment[PART]))["parts"]
        each = scale.executing_seconds(requests) / parts
        simulation.vendor("settings", "PATCH", queued_seconds=each)
        return Slow(simulation=simulation, began=clock.time_ns())

    return begin


def report_of(slow: Slow, requests: int) -> tuple[Execution, Any]:
    """Import a file of so many requests; return the execution and the report that holds."""
    file = people(requests * PER_REQUEST).encode()
    execution = slow.simulation.drop(file).run()
    assert execution.status == "SUCCEEDED", execution.error
    return execution, assert_exactly_once(slow.simulation, execution, file, FEED)


def assert_as_reckoned(slow: Slow, execution: Execution, report: Any, part_seconds: int) -> None:
    """The import took the parts, the calls, the time and the history of docs/scale.md."""
    reckoned = scale.slowest_import(report["chunks"], part_seconds)
    history = scale.ENDS + scale.events_of(execution.visited)
    assert len(report["parts"]) == reckoned["parts"]
    assert execution.visited.count("StageChunks") == reckoned["calls"]
    assert history == pytest.approx(reckoned["events"], rel=0.1)
    assert slow.minutes() == pytest.approx(reckoned["minutes"], rel=0.05)


def test_twentieth_of_ten_million_takes_the_time_reckoned(slow: Callable[..., Slow]) -> None:
    requests, part_seconds = 12, scale.DEFAULTS["PartSeconds"] // 20
    import_ = slow(requests, **{PART: part_seconds})

    execution, report = report_of(import_, requests)

    assert report["chunks"] == requests
    assert_as_reckoned(import_, execution, report, part_seconds)


@second_tier("ten million records whole; a twentieth of them is the short form")
def test_ten_million_records_take_the_time_reckoned(slow: Callable[..., Slow]) -> None:
    requests = scale.stage_requests()
    import_ = slow(requests)

    execution, report = report_of(import_, requests)

    assert report["chunks"] == requests
    assert_as_reckoned(import_, execution, report, scale.DEFAULTS["PartSeconds"])


@second_tier("a night in which something breaks each hour")
def test_ten_million_records_survive_hourly_trouble(slow: Callable[..., Slow]) -> None:
    requests = scale.stage_requests()
    import_ = slow(requests)
    lost = {"route": "import.stage", "kind": "reset_after", "every": 31}
    import_.simulation.fault(lost)
    import_.simulation.death.plan(*[(130, "after"), (130, "before")] * 5)

    execution, _ = report_of(import_, requests)

    assert import_.simulation.death.struck >= 8
    assert scale.events_of(execution.visited) < scale.HISTORY / 2
