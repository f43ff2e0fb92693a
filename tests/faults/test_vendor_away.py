"""A vendor who is away is waited for; an import whose calls alone fail holds no other."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from msgspec.structs import replace

from prefdrop.importing import vendor
from prefdrop.ledger.imports import Import
from prefdrop.mypreferences.transport import Retries
from tests.faults.interpreter import Execution
from tests.faults.oracle import assert_exactly_once, books
from tests.faults.simulation import Simulation
from tests.tiers import diagonal, spread
from tests.workbench import FEED, people

HOUR = 3600
FILE = people(20).encode()
SMALL = {"PREFDROP_CHUNK_BYTES": 1_000}

Answer = tuple[int, dict[str, str]] | None
Rule = Callable[[str, float], Answer]
"""Says how to answer a request by its URL and the seconds since the rule began; None: truly."""


@pytest.fixture
def misbehave(monkeypatch: pytest.MonkeyPatch) -> Callable[[Simulation, Rule], list[float]]:
    """Lets a rule answer the vendor's requests; returns when it answered, in seconds."""
    real = vendor._Counting.send

    def begin(simulation: Simulation, rule: Rule) -> list[float]:
        began, struck = simulation.clock.time_ns(), list[float]()

        def send(session: Any, request: Any, **options: Any) -> requests.Response:
            seconds = (simulation.clock.time_ns() - began) / 1e9
            said = rule(request.url, seconds)
            if said is None:
                return real(session, request, **options)
            struck.append(seconds)
            response = requests.Response()
            response.status_code, response.headers = said[0], said[1]  # type: ignore[assignment]
            response._content = json.dumps({"Message": "not now"}).encode()
            response._content_consumed, response.raw = True, io.BytesIO()
            response.request, response.url = request, request.url
            return response

        monkeypatch.setattr(vendor._Counting, "send", send)
        return struck

    return begin


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads are not tried again within a call: those pauses would be real seconds."""
    monkeypatch.setattr("prefdrop.mypreferences.client.Retries", lambda: Retries(tries=1))


def record_of(simulation: Simulation, execution: Execution) -> Import:
    return simulation.services().imports.get(simulation.import_id(execution))


def run_all(simulation: Simulation) -> None:
    """Let the executions go on in turns until none can, sweeping in between."""
    while sum(execution.step() for execution in simulation.executions):
        pass
    simulation.call("SweepTurns", {})


# --- away ------------------------------------------------------------------------------------


def test_hour_of_maintenance_ends_in_order_by_itself(
    simulate: Callable[..., Simulation], misbehave: Callable[..., list[float]]
) -> None:
    simulation = simulate(**SMALL)
    files = [simulation.drop(people(8).encode(), name=f"{n}.csv") for n in range(5)]
    for _ in range(14):
        files[0].step()
    struck = misbehave(simulation, lambda _, seconds: (503, {}) if seconds < HOUR else None)

    run_all(simulation)

    assert len(struck) > 5
    assert [simulation.report(one)["status"] for one in files] == ["Completed"] * 5
    ended = [record_of(simulation, one).finished_at for one in files]
    assert ended == sorted(ended)


@pytest.mark.parametrize(
    ("state", "status"),
    diagonal(
        {name: name for name in ("InitiatePart", "StageChunks", "ExecutePart", "CheckStatus")},
        {"503": 503, "429": 429},
        "each step with each answer",
    ),
)
def test_trouble_at_a_step_is_waited_out(
    simulate: Callable[..., Simulation],
    misbehave: Callable[..., list[float]],
    state: str,
    status: int,
) -> None:
    simulation = simulate(**SMALL)
    execution = simulation.drop(FILE)
    definition = execution._definition["States"]
    while not _comes_next(execution, definition, state):
        execution.step()
    misbehave(simulation, lambda _, seconds: (status, {}) if seconds < 2 * HOUR else None)

    assert execution.run().status == "SUCCEEDED", execution.error

    assert_exactly_once(simulation, execution, FILE, FEED)
    assert record_of(simulation, execution).waiting is None


def _comes_next(execution: Execution, definition: Any, state: str) -> bool:
    """Whether the walk has just left the state before `state`."""
    last = execution.visited[-1] if execution.visited else ""
    before = {"InitiatePart": "TakeTurn", "StageChunks": "PartInitiated"}
    before |= {"ExecutePart": "GatesApplied", "CheckStatus": "WaitForStatus"}
    return last == before[state]


def test_wait_is_written_down_with_its_reason(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    execution = simulation.drop(FILE)
    misbehave(simulation, lambda _, seconds: (503, {}))
    while "WaitForQuota" not in execution.visited:
        execution.step()

    waiting = record_of(simulation, execution).waiting

    assert waiting is not None
    assert (waiting.kind, waiting.looks) == ("away", 0)
    assert waiting.text


def test_day_of_waits_spends_no_quota_and_little_history(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    execution = simulation.drop(FILE)
    misbehave(simulation, lambda _, seconds: (503, {}) if seconds < 24 * HOUR else None)

    assert execution.run().status == "SUCCEEDED", execution.error

    assert len(execution.visited) * 5 < 25_000
    assert simulation.services().quota.use().used <= 3


# --- one import's calls ------------------------------------------------------------------------


def test_import_whose_calls_alone_fail_lets_the_others_go(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    bad, good = (simulation.drop(people(8).encode(), name=f"{n}.csv") for n in range(2))

    def rule(url: str, _: float) -> Answer:
        return (500, {}) if url.endswith("/Import") and bad.status == "RUNNING" else None

    misbehave(simulation, rule)
    run_all(simulation)

    report = simulation.report(bad)
    assert (report["status"], report["error"]["code"]) == ("Failed", "CallFails")
    assert simulation.report(good)["status"] == "Completed"
    assert simulation.clock.skipped_ns / 1e9 < 20 * 60


def test_throttle_without_retry_after_is_asked_again_soon(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    execution = simulation.drop(FILE)
    stage = "/Stage"
    misbehave(simulation, lambda url, s: (429, {}) if url.endswith(stage) and s < 600 else None)

    assert execution.run().status == "SUCCEEDED", execution.error

    assert simulation.clock.skipped_ns / 1e9 < HOUR
    assert_exactly_once(simulation, execution, FILE, FEED)


def test_run_of_throttles_is_taken_for_the_limit(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    execution = simulation.drop(FILE)
    day = 25 * HOUR
    misbehave(simulation, lambda url, s: (429, {}) if url.endswith("/Import") and s < day else None)

    assert execution.run().status == "SUCCEEDED", execution.error

    assert simulation.services().quota.use().used < 12


# --- 401, 403, 404 ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", spread([401, 403, 404], 1, "each refusal"))
def test_refusal_of_every_call_while_executing_is_waited_out(
    simulation: Simulation, misbehave: Callable[..., list[float]], status: int
) -> None:
    execution = simulation.drop(FILE)
    while "ExecutePart" not in execution.visited:
        execution.step()
    execution.step()
    misbehave(simulation, lambda _, seconds: (status, {}) if seconds < HOUR else None)

    assert execution.run().status == "SUCCEEDED", execution.error

    assert_exactly_once(simulation, execution, FILE, FEED)


def test_refused_credentials_hold_the_queue_and_fail_nothing(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    files = [simulation.drop(people(4).encode(), name=f"{n}.csv") for n in range(3)]
    misbehave(simulation, lambda _, seconds: (401, {}) if seconds < 3 * HOUR else None)
    while "WaitForQuota" not in files[0].visited:
        files[0].step()
    waiting = record_of(simulation, files[0]).waiting
    assert waiting is not None
    assert waiting.kind == "credentials"

    run_all(simulation)

    assert [simulation.report(one)["status"] for one in files] == ["Completed"] * 3


def test_dead_token_of_a_staged_part_begins_it_again(
    simulation: Simulation, misbehave: Callable[..., list[float]]
) -> None:
    execution = simulation.drop(FILE)
    first: list[str] = []

    def rule(url: str, _: float) -> Answer:
        if url.endswith("/Stage"):
            first.append(url)
            return (401, {}) if url == first[0] else None
        return None

    misbehave(simulation, rule)

    assert execution.run().status == "SUCCEEDED", execution.error

    states = [part["state"] for part in simulation.report(execution)["parts"]]
    assert states == ["dead", "finished"]


# --- the vendor's word against its numbers ------------------------------------------------------


def _saying(simulation: Simulation, monkeypatch: pytest.MonkeyPatch, **members: Any) -> None:
    """Let the status of an executed import say these things."""
    real = vendor.Vendor.status

    def status(self: Any, token: str) -> Any:
        said = real(self, token)
        return replace(said, **members) if said.status == "Completed" else said

    monkeypatch.setattr(vendor.Vendor, "status", status)


def test_failed_with_records_processed_is_unreconciled(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _saying(simulation, monkeypatch, status="Failed")

    execution = simulation.drop(FILE).run()
    again = simulation.retry(execution).run()

    assert simulation.report(again)["status"] == "Unreconciled"
    assert len(books(simulation).executed) == 20
    states = [p.state for p in simulation.services().parts.all(simulation.import_id(again))]
    assert states == ["executing"]


def test_failed_with_nothing_counted_is_begun_again(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = {"processed": 0, "exceptions": 0, "not_honored": 0}
    with monkeypatch.context() as patched:
        _saying(simulation, patched, status="Failed", **nothing)
        execution = simulation.drop(FILE).run()
    assert simulation.report(execution)["error"]["code"] == "VendorFailed"

    assert simulation.retry(execution).run().status == "SUCCEEDED"


def test_completed_with_all_pending_is_unreconciled(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _saying(simulation, monkeypatch, processed=0, pending=20)

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert (report["status"], report["pending"]) == ("Unreconciled", 20)
    assert "pending" in report["cause"]


@pytest.mark.parametrize("ignores_offset", [True, False], ids=["same page", "pages in a circle"])
def test_exceptions_that_never_end_are_stopped(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, ignores_offset: bool
) -> None:
    simulation.vendor("settings", "PATCH", exceptions_limit_max=2)
    real, asked = vendor.Vendor.exceptions, list[int]()

    def exceptions(self: Any, token: str, *, offset: int) -> Any:
        asked.append(offset)
        page = real(self, token, offset=1 if ignores_offset else 1 + (offset - 1) % 4)
        return replace(page, has_more=True)

    monkeypatch.setattr(vendor.Vendor, "exceptions", exceptions)
    monkeypatch.setattr("prefdrop.importing.collect_exceptions.STRETCH", 10)
    wrong = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))

    execution = simulation.drop((people(20) + wrong).encode()).run()

    assert execution.status in ("SUCCEEDED", "FAILED")
    assert len(asked) < 60
    wanted = "Unreconciled" if ignores_offset else "CompletedWithRejects"
    assert simulation.report(execution)["status"] == wanted


# --- histories --------------------------------------------------------------------------------


def test_long_import_goes_on_in_another_execution(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefdrop.importing.waiting.MOST_ROUNDS", 6)
    monkeypatch.setattr("prefdrop.importing.initiate_part.MOST_ROUNDS", 6)
    simulation = simulate(**SMALL)
    simulation.vendor("settings", "PATCH", queued_seconds=300)
    try:
        simulation.drop(FILE).run()
        for execution in simulation.executions:
            execution.run()
    finally:
        simulation.vendor("settings", "PATCH", queued_seconds=0)

    *earlier, last = simulation.executions
    assert earlier
    assert {one.visited[-1] for one in earlier} == {"ContinuedElsewhere"}
    assert last.status == "SUCCEEDED", last.error
    assert_exactly_once(simulation, last, FILE, FEED)
    assert simulation.services().turns.holder().execution == ""


def test_execution_that_was_not_started_is_started_by_the_sweeper(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("prefdrop.importing.initiate_part.MOST_ROUNDS", 0)
        patched.setattr("prefdrop.importing.handing_on.start_attempt", lambda *_: False)
        first = simulation.drop(FILE).run()
    assert first.visited[-1] == "ContinuedElsewhere"

    simulation.call("SweepTurns", {})

    assert simulation.executions[-1].run().status == "SUCCEEDED"
