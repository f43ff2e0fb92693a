"""The turn passes once the vendor is done, and an execution that ended says why."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prefdrop.importing import pass_turn
from prefdrop.ledger.clock import iso
from prefdrop.ledger.imports import Failure
from prefdrop.ledger.table import LedgerBusy
from prefdrop.mypreferences import NoAnswer, TokenRefused
from tests.unit.importing.one_import import EXECUTION, HOUR, IMPORT, NOW, OneImport

NEXT = "arn:execution:next"


@pytest.fixture
def notified(one: OneImport) -> list[tuple[str, str]]:
    """The task tokens that were answered, with what."""
    tokens: list[tuple[str, str]] = []
    one.services.__dict__["step_functions"] = SimpleNamespace(
        send_task_success=lambda **sent: tokens.append((sent["taskToken"], sent["output"]))
    )
    return tokens


def queue(one: OneImport) -> None:
    """Have another execution wait for the turn."""
    waiting = one.services.turns.queue()[0]
    waiting.execution, waiting.import_id, waiting.token = NEXT, "imp-2", "task-of-next"
    one.services.turns.take_ticket(waiting)


def passed(one: OneImport, **changes: Any) -> str:
    answered: Any = pass_turn.run(one.services, one.event() | changes, None)  # type: ignore[arg-type]
    if answered["next"] == "wait":
        assert answered["seconds"] == 90
    return str(answered["next"])


def test_turn_goes_to_the_next_in_the_queue(one: OneImport, notified):
    queue(one)

    assert passed(one) == "report"

    holder = one.services.turns.holder()
    assert (holder.execution, holder.import_id, holder.acknowledged) == (NEXT, "imp-2", True)
    assert (holder.epoch, holder.not_before) == (2, 0)
    assert notified == [("task-of-next", '{"import_id":"imp-2"}')]
    assert [t.execution for t in one.services.turns.queue()] == [NEXT]


def test_turn_of_nobody_else_is_free(one: OneImport, notified):
    one.begin(state="finished", lease_until=NOW + 5)

    assert passed(one) == "report"

    holder = one.services.turns.holder()
    assert (holder.execution, holder.not_before) == ("", NOW + 5)
    assert (one.part.epoch, one.services.turns.queue(), notified) == (1, [], [])


def test_execution_without_the_turn_only_leaves_the_queue(one: OneImport, notified):
    queue(one)
    held = one.services.turns.holder()
    one.begin(state="executing")

    assert passed(one, execution=NEXT) == "report"

    assert one.services.turns.holder() == held
    assert [t.execution for t in one.services.turns.queue()] == [EXECUTION]
    assert (one.vendor.sent, one.part.epoch, notified) == ([], 0, [])


def test_turn_is_not_passed_while_a_worker_acts_on(one: OneImport, notified):
    queue(one)
    one.begin(state="staged", lease_until=NOW + 5)
    fence = one.services.parts.fence

    def overtaken(*arguments: Any) -> Any:
        made = fence(*arguments)
        one.services.parts.change(IMPORT, one.part, lease_until=NOW + 60_000)
        return made

    one.services.parts.fence = overtaken  # type: ignore[method-assign]

    with pytest.raises(LedgerBusy):
        passed(one)
    assert (one.services.turns.holder().execution, notified) == (EXECUTION, [])


@pytest.mark.parametrize(
    ("part", "vendor", "follows"),
    [
        ({"state": "executing"}, "Queued", "wait"),
        ({"state": "executing"}, "Processing", "wait"),
        ({"state": "executing"}, "Staging", "wait"),
        ({"state": "executing"}, "Completed", "report"),
        ({"state": "executing"}, "Failed", "report"),
        ({"state": "executing", "expires": NOW}, "Processing", "report"),
        ({"state": "executing", "expires": NOW + 1}, "Processing", "wait"),
        ({"state": "staged", "execute_until": 1}, "Processing", "wait"),
        ({"state": "staged", "execute_until": 1}, "Completed", "report"),
        ({"state": "staged", "execute_until": NOW}, "Staging", "report"),
        ({"state": "staged", "execute_until": NOW}, "Initiated", "report"),
        ({"state": "staged", "execute_until": NOW + 1}, "Staging", "wait"),
        ({"state": "staged", "execute_until": NOW + 1}, "Initiated", "wait"),
    ],
)
def test_turn_stays_while_the_vendor_may_execute(one: OneImport, notified, part, vendor, follows):
    queue(one)
    one.begin(**part)
    one.vendor.state = vendor

    assert passed(one) == follows

    asked = [] if part.get("expires") == NOW else [("status", "token-1", None)]
    assert one.vendor.sent == asked
    holder = one.services.turns.holder().execution
    assert holder == (EXECUTION if follows == "wait" else NEXT)
    assert len(one.services.turns.queue()) == (2 if follows == "wait" else 1)


@pytest.mark.parametrize("state", ["local", "staging", "staged", "finished", "torn", "dead"])
def test_part_that_was_never_executed_asks_nobody(one: OneImport, notified, state: str):
    one.begin(state=state)

    assert passed(one) == "report"
    assert one.vendor.sent == []


@pytest.mark.parametrize(
    ("error", "follows"), [(TokenRefused("no"), "report"), (NoAnswer("?"), "wait")]
)
def test_unknown_status_keeps_the_turn_and_a_dead_token_does_not(
    one: OneImport, notified, error: Exception, follows: str
):
    one.begin(state="executing")
    one.vendor.next["status"] = [error]

    assert passed(one) == follows


def test_executing_part_before_the_last_keeps_the_turn(one: OneImport, notified):
    one.begin(state="executing")
    one.begin(state="staging")

    assert passed(one) == "wait"


def test_dead_task_token_leaves_the_turn_unacknowledged(one: OneImport):
    queue(one)

    def dead(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "InvalidToken"}}, "SendTaskSuccess")

    one.services.__dict__["step_functions"] = SimpleNamespace(send_task_success=dead)

    assert passed(one) == "report"
    assert not one.services.turns.holder().acknowledged


# --- executions that ended by themselves -----------------------------------------------------

DROP = '{"retry": {"import_id": "imp-1"}}'


def ended(one: OneImport, status: str, *, execution: str = EXECUTION, start: str = DROP) -> str:
    detail = {"executionArn": execution, "status": status, "input": start}
    return passed(one, detail=detail)


@pytest.mark.parametrize(
    ("status", "code", "becomes"),
    [
        ("ABORTED", "ExecutionAborted", "Aborted"),
        ("FAILED", "ExecutionFailed", "Failed"),
        ("TIMED_OUT", "ExecutionTimedOut", "Failed"),
    ],
)
def test_execution_that_ended_is_written_down(one: OneImport, notified, status, code, becomes):
    queue(one)

    assert ended(one, status) == "passed"

    record = one.record
    assert (record.status, record.finished_at) == (becomes, iso(NOW))
    assert record.error is not None
    assert record.error.code == code
    assert status in record.error.message
    assert "retry" in record.error.hint
    assert one.services.turns.holder().execution == NEXT


def test_failure_that_is_known_is_kept(one: OneImport, notified):
    known = Failure("TornStage", "It tore.", "Look.")
    one.services.imports.update(one.record, error=known)

    ended(one, "FAILED")

    assert one.record.error == known


def test_execution_that_succeeded_changes_no_import(one: OneImport, notified):
    ended(one, "SUCCEEDED")

    assert (one.record.status, one.record.error) == ("Queued", None)


def test_finished_import_keeps_its_end(one: OneImport, notified):
    one.services.imports.update(one.record, status="Completed")

    ended(one, "FAILED")

    assert (one.record.status, one.record.error) == ("Completed", None)


def test_import_of_another_execution_is_left_alone(one: OneImport, notified):
    ended(one, "FAILED", execution="arn:execution:before")

    assert (one.record.status, one.record.error) == ("Queued", None)
    assert one.services.turns.holder().execution == EXECUTION


def test_end_of_an_unknown_import_passes_the_turn(one: OneImport, notified):
    assert ended(one, "FAILED", start='{"retry": {"import_id": "imp-9"}}') == "passed"

    assert one.services.imports.find("imp-9") is None
    assert one.services.turns.holder().execution == ""


def test_content_of_an_ended_import_is_free_again(one: OneImport, notified):
    record = one.services.imports.update(one.record, content_sha256="abc")
    drops = one.services.drops
    drops.repeats(record, "abc")
    one.services.table.transact(*drops.executed(record))

    ended(one, "FAILED")

    other = one.record
    other.import_id = "imp-2"
    assert not drops.repeats(other, "abc")


@pytest.mark.parametrize(
    ("state", "execute_until", "marked"),
    [("Completed", NOW - 1, True), ("Staging", NOW - 1, False), ("Completed", 0, False)],
)
def test_execution_nobody_wrote_down_is_marked_with_the_turn(
    one: OneImport, notified, state: str, execute_until: int, marked: bool
):
    one.begin(state="staged", expires=NOW + HOUR, execute_until=execute_until)
    one.vendor.state = state

    assert ended(one, "ABORTED") == "passed"

    older = one.record
    older.sequencer = "A1"
    assert one.services.turns.holder().execution == ""
    assert one.services.drops.newer_was_executed(older) is marked


def test_vendor_that_executes_keeps_the_turn_of_an_ended_import(one: OneImport, notified):
    one.begin(state="executing", expires=NOW + HOUR)

    assert ended(one, "ABORTED") == "passed"
    assert (one.record.status, one.services.turns.holder().execution) == ("Aborted", EXECUTION)
