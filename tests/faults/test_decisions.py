"""Decisions of operators: each is one write in the ledger, and is carried out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prefdrop.importing import operate
from prefdrop.ledger.imports import Import
from tests.faults.interpreter import Execution
from tests.faults.oracle import assert_nothing_executed, books
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, people

HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
GOOD = 10
WRONG = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
FILE = (people(GOOD) + WRONG).encode()
ALL = GOOD + 4
MACHINE = "arn:execution"


@pytest.fixture
def held(simulation: Simulation) -> Execution:
    """An import that a gate holds."""
    simulation.push_feed(HOLDING)
    return simulation.drop(FILE).run()


def record_of(simulation: Simulation, execution: Execution) -> Import:
    return simulation.services().imports.get(simulation.import_id(execution))


def corrected(simulation: Simulation, execution: Execution) -> bytes:
    rejects = simulation.read(record_of(simulation, execution).rejects_key)
    return rejects.replace(b"@localhost.test", b"@example.test")


def approve(simulation: Simulation, execution: Execution, body: bytes | None = None) -> Import:
    import_id = simulation.import_id(execution)
    return operate.approve(simulation.services(), import_id, body, "corrected.csv", by="ann")


def cancel(simulation: Simulation, execution: Execution) -> Import:
    return operate.cancel(simulation.services(), simulation.import_id(execution), by="bo")


def sweep(simulation: Simulation) -> None:
    simulation.call("SweepTurns", {})


def processed(simulation: Simulation) -> int:
    return books(simulation).totals["processed"]


@contextmanager
def refusing(
    simulation: Simulation, call: str, code: str, *, after: bool = False
) -> Iterator[None]:
    """Let AWS refuse a call of Step Functions, or answer so `after` it has done it."""
    client: Any = simulation.step_functions
    real = getattr(client, call)

    def refused(**request: Any) -> Any:
        if after:
            real(**request)
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, call)

    setattr(client, call, refused)
    try:
        yield
    finally:
        setattr(client, call, real)


# --- approve ---------------------------------------------------------------------------------


def test_corrections_given_twice_are_executed_once(simulation: Simulation, held: Execution) -> None:
    body = corrected(simulation, held)
    with refusing(simulation, "send_task_success", "ThrottlingException"):
        approve(simulation, held, body)
    approve(simulation, held, body)

    assert held.run().status == "SUCCEEDED", held.error

    assert processed(simulation) == ALL
    report = simulation.report(held)
    assert (report["status"], report["restaged"]) == ("Completed", 4)


def test_second_corrections_replace_the_first(simulation: Simulation, held: Execution) -> None:
    body = corrected(simulation, held)
    with refusing(simulation, "send_task_success", "AccessDeniedException"):
        approve(simulation, held, body.replace(b",Bo,", b",Old,"))
        approve(simulation, held, body.replace(b",Bo,", b",New,"))
    sweep(simulation)
    held.run()

    names = "".join(books(simulation).executed)
    assert (names.count("New"), names.count("Old")) == (4, 0)


def test_approval_without_rows_keeps_the_corrections(
    simulation: Simulation, held: Execution
) -> None:
    with refusing(simulation, "send_task_success", "ThrottlingException"):
        approve(simulation, held, corrected(simulation, held))
    approve(simulation, held)
    held.run()

    assert processed(simulation) == ALL


def test_approval_that_aws_refuses_is_sent_by_the_sweeper(
    simulation: Simulation, held: Execution
) -> None:
    with refusing(simulation, "send_task_success", "ThrottlingException"):
        approve(simulation, held)
    assert not held.step()

    sweep(simulation)

    assert held.run().status == "SUCCEEDED", held.error
    assert processed(simulation) == GOOD


def test_approval_repeated_by_the_aws_client_is_no_failure(
    simulation: Simulation, held: Execution
) -> None:
    with refusing(simulation, "send_task_success", "InvalidToken", after=True):
        approve(simulation, held)
    held.run()

    assert simulation.report(held)["status"] == "CompletedWithRejects"
    assert processed(simulation) == GOOD


def test_two_operators_approve_and_it_is_executed_once(
    simulation: Simulation, held: Execution
) -> None:
    body = corrected(simulation, held)
    approve(simulation, held, body)
    approve(simulation, held, body)
    held.run()
    with pytest.raises(operate.NotHeld):
        approve(simulation, held, body)

    assert processed(simulation) == ALL
    assert [d.what for d in record_of(simulation, held).decisions] == ["approve", "approve"]


def test_approval_before_the_token_is_kept_is_sent_then(simulation: Simulation) -> None:
    simulation.push_feed(HOLDING)
    execution = simulation.drop(FILE)
    while execution.visited[-1:] != ["ReportHeld"]:
        execution.step()
    approve(simulation, execution)

    assert execution.run().status == "SUCCEEDED", execution.error


# --- cancel ----------------------------------------------------------------------------------


def test_cancel_after_an_unsent_approval_executes_nothing(
    simulation: Simulation, held: Execution
) -> None:
    with refusing(simulation, "send_task_success", "ThrottlingException"):
        approve(simulation, held)
        cancel(simulation, held)
    sweep(simulation)
    held.run()

    assert simulation.report(held)["status"] == "Aborted"
    assert_nothing_executed(simulation)
    again = simulation.retry(held).run()
    assert record_of(simulation, again).status == "Held"
    assert_nothing_executed(simulation)


def test_retry_after_a_hold_ran_out_holds_again(simulation: Simulation, held: Execution) -> None:
    assert held.waiting is not None
    held.waiting.timed_out = True
    held.run()

    again = simulation.retry(held).run()

    assert record_of(simulation, again).status == "Held"
    assert_nothing_executed(simulation)


def test_cancel_of_a_queued_import_ends_it(simulation: Simulation, held: Execution) -> None:
    waiting = simulation.drop(FILE, name="second.csv").run()
    assert waiting.visited[-1] == "TakeTurn"

    cancel(simulation, waiting)

    assert waiting.run().status == "FAILED"
    assert simulation.report(waiting)["status"] == "Aborted"
    assert simulation.services().turns.holder().execution == held.arn


BEFORE_EXECUTE = ["InitiatePart", "StageChunks", "CollectRefused", "ApplyGates"]


@pytest.mark.parametrize("state", spread(BEFORE_EXECUTE, 2, "each state"))
def test_cancel_before_execute_ends_the_import(
    simulate: Callable[..., Simulation], state: str
) -> None:
    simulation = simulate(PREFDROP_CHUNK_BYTES=1_000)
    execution = simulation.drop(FILE)
    while state not in execution.visited:
        execution.step()
    cancel(simulation, execution)
    cancel(simulation, execution)

    assert execution.run().status == "FAILED"

    assert simulation.report(execution)["status"] == "Aborted"
    assert "cancelled" in simulation.report(execution)["cause"]
    assert_nothing_executed(simulation)
    assert simulation.services().turns.holder().execution == ""


def test_cancel_while_the_vendor_executes_is_refused(simulation: Simulation) -> None:
    execution = simulation.drop(FILE)
    while "WaitForStatus" not in execution.visited:
        execution.step()

    with pytest.raises(operate.TooLate):
        cancel(simulation, execution)

    assert execution.run().status == "SUCCEEDED"


def test_cancel_between_the_checks_and_execute_wins(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = simulation.drop(FILE)
    while "ApplyGates" not in execution.visited:
        execution.step()
    record = record_of(simulation, execution)
    cancel(simulation, execution)
    monkeypatch.setattr("prefdrop.importing.execute_part.import_of", lambda *_: record)

    assert execution.run().status == "FAILED"

    assert simulation.report(execution)["status"] == "Aborted"
    assert_nothing_executed(simulation)


# --- retry -----------------------------------------------------------------------------------


def test_retry_that_aws_refuses_is_started_by_the_sweeper(
    simulation: Simulation, held: Execution
) -> None:
    cancel(simulation, held)
    held.run()
    import_id = simulation.import_id(held)
    with refusing(simulation, "start_execution", "ThrottlingException"):
        operate.retry(simulation.services(), import_id, MACHINE)
    assert simulation.executions[-1] is held

    simulation.clock.advance(60)
    sweep(simulation)
    sweep(simulation)

    assert len(simulation.executions) == 2
    assert record_of(simulation, simulation.executions[-1].run()).status == "Held"


def test_retries_of_two_operators_are_one(simulation: Simulation, held: Execution) -> None:
    cancel(simulation, held)
    held.run()
    services, import_id = simulation.services(), simulation.import_id(held)
    before = services.imports.get(import_id)
    operate.retry(services, import_id, MACHINE)
    services.imports.get = lambda _: before  # type: ignore[method-assign]

    with pytest.raises((operate.NothingToRetry, ClientError)):
        operate.retry(services, import_id, MACHINE)

    assert len(simulation.executions) == 2


# --- the turn ----------------------------------------------------------------------------------


def test_turn_given_twice_by_the_aws_client_counts_as_given(simulation: Simulation) -> None:
    execution = simulation.drop(FILE)
    with refusing(simulation, "send_task_success", "InvalidToken", after=True):
        while "TakeTurn" not in execution.visited:
            execution.step()
    assert not simulation.services().turns.holder().acknowledged

    while "PartInitiated" not in execution.visited:
        execution.step()

    assert simulation.services().turns.holder().acknowledged
    assert execution.run().status == "SUCCEEDED", execution.error


# --- a hold does not block the other feeds ----------------------------------------------------


def test_hold_passes_the_turn_after_half_an_hour(simulation: Simulation, held: Execution) -> None:
    simulation.push_feed(FEED, "others")
    second = simulation.drop(people(3).encode(), feed="others").run()
    sweep(simulation)
    assert not second.step()

    simulation.clock.advance(31 * 60)
    sweep(simulation)

    assert second.run().status == "SUCCEEDED", second.error
    approve(simulation, held, corrected(simulation, held))
    assert held.run().status == "SUCCEEDED", held.error
    report = simulation.report(held)
    assert [part["state"] for part in report["parts"]] == ["dead", "finished"]
    assert processed(simulation) == ALL + 3


def test_hold_keeps_the_turn_while_no_one_waits(simulation: Simulation, held: Execution) -> None:
    simulation.clock.advance(45 * 60)
    sweep(simulation)

    assert simulation.services().turns.holder().execution == held.arn


def test_import_held_by_an_earlier_release_is_approved(
    simulation: Simulation, held: Execution
) -> None:
    services = simulation.services()
    record = record_of(simulation, held)
    assert record.hold is not None
    services.imports.update(record, hold=None, held_start=record.hold.start)

    approve(simulation, held)

    assert held.run().status == "SUCCEEDED", held.error
    assert processed(simulation) == GOOD


def test_part_set_aside_during_a_hold_is_not_lost(simulate: Callable[..., Simulation]) -> None:
    simulation = simulate(PREFDROP_MAX_TORN_PARTS=0)
    simulation.push_feed(HOLDING)
    held = simulation.drop(FILE).run()
    other = simulation.drop(people(3).encode(), name="other.csv").run()
    simulation.clock.advance(31 * 60)
    sweep(simulation)
    assert other.run().status == "SUCCEEDED", other.error

    approve(simulation, held)

    report = simulation.report(held.run())
    assert report["error"]["code"] == "Superseded"  # the other file is newer: that is all
