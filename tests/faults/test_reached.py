"""Rare branches that random schedules hardly ever take: each test takes one, on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from prefdrop import reached
from prefdrop.importing import check_status, initiate_part, operate, vendor, waiting
from prefdrop.importing.pass_turn import pass_turn
from prefdrop.ledger.imports import AttemptOver
from prefdrop.ledger.turns import Turns
from tests import call_watch
from tests.faults.interpreter import Execution
from tests.faults.oracle import assert_exactly_once, books
from tests.faults.simulation import Simulation
from tests.faults.weather import Spell
from tests.tiers import second_tier
from tests.workbench import FEED, people

pytestmark = second_tier("branches that hardly any schedule takes")

FILE = people(5).encode()
HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
WRONG = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
MIXED = (people(6) + WRONG).encode()


@pytest.fixture
def marks() -> Any:
    """The marks that a test has reached so far."""
    found: set[str] = set()
    with reached.listening(found.add):
        yield found


def run_past(execution: Execution, state: str) -> Execution:
    """Go on until the execution has taken a state for the first time."""
    while execution.visited[-1:] != [state]:
        assert execution.step()
    return execution


def held(simulation: Simulation) -> tuple[Execution, str]:
    """Return an execution that a gate holds, and the id of its import."""
    simulation.push_feed(HOLDING)
    execution = simulation.drop(MIXED).run()
    return execution, simulation.import_id(execution)


def no_answer_for_days(simulation: Simulation, paths: str) -> None:
    """Let calls of some paths fail until every token is dead."""
    until = simulation.clock.moment(3 * 24 * 3600)
    simulation.weather.spells.append(Spell(until, 503, paths))


def test_gate_applied_again_finds_its_hold(simulation: Simulation, marks: set[str]) -> None:
    _, import_id = held(simulation)
    before = simulation.ledger().imports.get(import_id).hold
    payload = next(payload for name, payload in simulation.calls if name == "ApplyGates")

    assert simulation.call("ApplyGates", payload)["next"] == "hold"

    assert simulation.ledger().imports.get(import_id).hold == before
    assert "a part held before" in marks


def test_status_unknown_until_token_ends_fails(simulation: Simulation, marks: set[str]) -> None:
    execution = run_past(simulation.drop(FILE), "WaitForStatus")
    no_answer_for_days(simulation, "/Status")

    execution.run()

    assert simulation.report(execution)["error"]["code"] == "TokenDied"
    assert "a token that ended unseen while executing" in marks


def test_exceptions_unread_until_token_ends_fail(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, marks: set[str]
) -> None:
    counted = check_status.counted
    refused = {"rejected_execution": 1, "processed": 4}
    monkeypatch.setattr(check_status, "counted", lambda status: counted(status) | refused)
    execution = run_past(simulation.drop(FILE), "StatusChecked")
    no_answer_for_days(simulation, "/Exceptions")

    execution.run()

    assert simulation.report(execution)["error"]["code"] == "TokenDied"
    assert {"a token that ended unseen while reading", "exceptions lost with the token"} <= marks


def test_turn_moved_while_handed_on_is_tried_again(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch, marks: set[str]
) -> None:
    simulation, file = simulate(PREFDROP_PART_RECORDS=5), people(10).encode()
    for module in (initiate_part, waiting):
        monkeypatch.setattr(module, "MOST_ROUNDS", 5)
    give_to = Turns.give_to

    def once_stale(self: Turns, turn: Any, execution: str) -> Any:
        monkeypatch.setattr(Turns, "give_to", give_to)
        return give_to(self, msgspec.structs.replace(turn, epoch=99), execution)

    monkeypatch.setattr(Turns, "give_to", once_stale)
    execution = simulation.drop(file)
    for one in simulation.executions:  # grows while it is handed on
        one.run()

    assert "the turn moved while it was handed on" in marks
    assert_exactly_once(simulation, simulation.executions[-1], file, FEED)
    assert execution.visited[-1] == "ContinuedElsewhere"


def test_next_import_waits_for_the_lease_before_it(simulation: Simulation, marks: set[str]) -> None:
    first = run_past(simulation.drop(FILE), "PartInitiated")
    simulation.death.plan((2, "after"))
    first.step()
    second = simulation.drop(FILE, name="second.csv").run()
    first.status = "ABORTED"
    detail = {"executionArn": first.arn, "status": "ABORTED", "input": json.dumps(first.start)}
    simulation.call("PassTurn", {"detail": detail})

    second.run()

    assert "a turn that begins later" in marks
    assert_exactly_once(simulation, second, FILE, FEED)


def test_limit_that_never_suffices_ends_the_import(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, marks: set[str]
) -> None:
    monkeypatch.setattr(initiate_part, "MOST_EXHAUSTED", 1)
    limit = {"kind": "status", "status": 429, "retry_after": 8 * 3600}
    simulation.fault({"route": "import.stage", **limit})

    execution = simulation.drop(FILE).run()

    assert simulation.report(execution)["error"]["code"] == "QuotaTooSmall"
    assert "too little of the limit" in marks


def test_approval_changed_while_it_is_taken_holds(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, marks: set[str]
) -> None:
    execution, import_id = held(simulation)
    operate.approve(simulation.services(), import_id)
    take = initiate_part._take_decision

    def approved_again(services: Any, record: Any) -> Any:
        monkeypatch.setattr(initiate_part, "_take_decision", take)
        with call_watch.by_hand():
            operate.approve(simulation.services(), import_id)
        return take(services, record)

    monkeypatch.setattr(initiate_part, "_take_decision", approved_again)
    execution.run()

    assert execution.status == "SUCCEEDED", execution.error
    assert "a decision changed while it was taken" in marks
    assert len(simulation.report(execution)["decisions"]) == 2


@pytest.mark.parametrize(
    ("decide", "mark"),
    [
        (operate.approve, "an approval lost to another decision"),
        (operate.cancel, "a cancel lost to another decision"),
    ],
)
def test_decision_lost_to_another_says_so(
    simulation: Simulation,
    monkeypatch: pytest.MonkeyPatch,
    marks: set[str],
    decide: Callable[..., Any],
    mark: str,
) -> None:
    execution, import_id = held(simulation)
    decision = operate._decision

    def other_first(*arguments: Any) -> Any:
        monkeypatch.setattr(operate, "_decision", decision)
        operate.approve(simulation.services(), import_id)
        return decision(*arguments)

    monkeypatch.setattr(operate, "_decision", other_first)
    with pytest.raises(operate.NotHeld):
        decide(simulation.services(), import_id)

    assert mark in marks
    assert execution.run().status == "SUCCEEDED"
    assert len(books(simulation).executed) == 10


def test_approval_while_a_hold_ends_is_carried_out(simulation: Simulation, marks: set[str]) -> None:
    execution, import_id = held(simulation)
    assert execution.waiting
    execution.waiting.timed_out = True
    execution.step()
    approve = operate.approve
    simulation.trouble.meanwhile(2, lambda: approve(simulation.services(), import_id))

    execution.run()

    assert "a hold decided on in its last moment" in marks
    assert execution.status == "SUCCEEDED", execution.error


def test_approval_before_held_report_counts(simulation: Simulation, marks: set[str]) -> None:
    simulation.push_feed(HOLDING)
    execution = run_past(simulation.drop(MIXED), "GatesApplied")
    operate.approve(simulation.services(), simulation.import_id(execution))

    execution.run()

    assert "a report of a hold decided on" in marks
    assert execution.status == "SUCCEEDED", execution.error


def test_worker_taken_over_gives_no_lease_back(simulation: Simulation, marks: set[str]) -> None:
    execution = run_past(simulation.drop(FILE), "PartInitiated")
    ledger, import_id = simulation.ledger(), simulation.import_id(execution)

    def take_over() -> None:
        (part,) = ledger.parts.all(import_id)
        ledger.table.transact(ledger.parts.fence(import_id, part))

    simulation.trouble.meanwhile(12, take_over)

    execution.run()

    assert "a lease taken over" in marks
    assert_exactly_once(simulation, execution, FILE, FEED)


def test_sweeper_drops_the_ticket_of_the_dead(simulation: Simulation, marks: set[str]) -> None:
    first = run_past(simulation.drop(FILE), "PartInitiated")
    second = simulation.drop(FILE, name="second.csv").run()
    first_in_queue = simulation.ledger().turns.queue()[0].execution
    dead = first if first_in_queue == first.arn else second
    second.status = "ABORTED"
    simulation.services().turns.drop_ticket(first.arn)

    simulation.call("SweepTurns", {})

    assert dead in (first, second)
    assert "the ticket of an ended execution" in marks
    assert simulation.ledger().turns.queue() == []
    assert first.run().status == "SUCCEEDED"


def test_sweeper_gives_a_free_turn_to_the_queue(simulation: Simulation, marks: set[str]) -> None:
    execution = run_past(simulation.drop(FILE), "BeginSteps")
    simulation.death.plan((2, "before"))
    execution.step()

    simulation.call("SweepTurns", {})

    assert "a free turn with a queue" in marks
    assert execution.run().status == "SUCCEEDED"


def test_ticket_taken_while_the_turn_is_freed_gets_it(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, marks: set[str]
) -> None:
    first = run_past(simulation.drop(FILE), "ExceptionsCollected")
    second = run_past(simulation.drop(FILE, name="second.csv"), "BeginSteps")
    hand_over = Turns.hand_over

    def then_a_ticket(self: Turns, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(Turns, "hand_over", hand_over)
        turn = hand_over(self, *arguments, **options)
        simulation.death.plan((2, "before"))
        second.step()  # it takes its ticket, and dies before it looks at the holder
        return turn

    monkeypatch.setattr(Turns, "hand_over", then_a_ticket)
    pass_turn(simulation.services(), first.arn)

    assert "a ticket taken while the turn was freed" in marks
    assert simulation.ledger().turns.holder().execution == second.arn
    assert second.run().status == "SUCCEEDED"


def test_write_of_an_attempt_that_is_over_is_refused(
    simulation: Simulation, marks: set[str]
) -> None:
    simulation.vendor("settings", "PATCH", fail_execution=True)
    execution = simulation.drop(FILE).run()
    record = simulation.ledger().imports.get(simulation.import_id(execution))
    simulation.retry(execution)

    with pytest.raises(AttemptOver):
        simulation.services().imports.update(record, status="Completed")

    assert "a write of an attempt that is over" in marks


def test_part_that_failed_partly_is_imported_by_force(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, marks: set[str]
) -> None:
    real = vendor.Vendor.status

    def failed(self: vendor.Vendor, token: str) -> Any:
        said = real(self, token)
        return (
            msgspec.structs.replace(said, status="Failed") if said.status == "Completed" else said
        )

    with monkeypatch.context() as patched:
        patched.setattr(vendor.Vendor, "status", failed)
        execution = simulation.drop(FILE).run()
        import_id = simulation.import_id(execution)
        assert simulation.report(execution)["status"] == "Unreconciled"
        operate.retry(simulation.services(), import_id, "arn:execution", force=True)
        run_past(simulation.executions[-1], "CheckStatus")

    simulation.executions[-1].run()

    assert {"a part that failed partly", "a failed part forced"} <= marks
    assert simulation.report(simulation.executions[-1])["status"] == "Completed"
