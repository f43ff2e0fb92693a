"""One import at a time, in the order of arrival, whoever dies while the turn is handed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prefdrop_local.stack import overlapping
from tests.faults.local_stack.breakable import Breakable, is_hand_over, is_write_of
from tests.tiers import second_tier, spread
from tests.workbench import FEED, people


@pytest.mark.parametrize("drops", spread([5, 50], 1, "fifty at once"))
def test_drops_at_once_are_imported_in_the_order_of_arrival(bench: Breakable, drops: int) -> None:
    first_stages = bench.stop_at_call("StageChunksFunction")

    versions = [bench.drop(people(2, first=10 * n), name=f"{n}.csv") for n in range(drops)]
    executions = [bench.execution_of(version) for version in versions]
    bench.wait_for(lambda: _ended(bench, "TakeTurnFunction") == drops)
    waiting = [run for run in executions if run != bench.holder()["execution"]]
    # A call has ended a moment before its execution's history says so.
    bench.poll(lambda: len({len(_history(bench, run)) for run in waiting}) == 1)
    first_stages.open()
    for execution in executions:
        assert bench.end_of(execution)["status"] == "SUCCEEDED"

    asked = {len(_until_turn(bench, run)) for run in waiting}
    assert len(asked) == 1
    for function in ("RegisterImportFunction", "TakeTurnFunction"):
        assert overlapping(bench.calls(function)) > 1
    books = bench.vendor("books")
    assert [one for one in books["requests"] if one["running"] or one["staging"]] == []
    assert [one["state"] for one in books["tokens"]] == ["Completed"] * drops
    served = [one["name"].removeprefix("people ") for one in books["tokens"]]
    of_first = served[0]
    in_order = [f"{n}.csv" for n in range(drops) if f"{n}.csv" != of_first]
    assert served[1:] == in_order
    assert len(bench.profiles()) == 2 * drops


def test_a_holder_that_was_not_told_is_told_by_the_sweeper(bench: Breakable) -> None:
    held, (first, second) = _first_stages_and_others_wait(bench, 1)
    bench.at_write(
        is_hand_over("PassTurnFunction", "after"),
        lambda: bench.stack.kill_worker("PassTurnFunction"),
    )
    held.open()
    bench.end_of(bench.execution_of(first))
    assert bench.holder()["execution"] == bench.execution_of(second)
    assert not bench.holder()["acknowledged"]
    # On a busy machine the first may have been initiated twice.
    assert set(_served(bench)) == {"first.csv"}

    bench.sweep()

    assert bench.report_of(second)["status"] == "Completed"
    assert bench.holder()["execution"] == ""


def test_a_retried_take_turn_keeps_its_place_and_is_told_by_its_new_token(
    bench: Breakable,
) -> None:
    first_stages = bench.stop_at_call("StageChunksFunction")
    first = bench.drop(people(2), name="first.csv")
    first_stages.wait()
    tokens: list[str] = []
    _kill_at_ticket(bench, tokens)

    second = bench.drop(people(2, first=10), name="second.csv")
    bench.wait_for(lambda: _ended(bench, "TakeTurnFunction") == 3)
    third = bench.drop(people(2, first=20), name="third.csv")
    bench.wait_for(lambda: _ended(bench, "TakeTurnFunction") == 4)
    (ticket,) = [t for t in bench.queue() if t["execution"] == bench.execution_of(second)]
    assert ticket["token"] == tokens[1] != tokens[0]
    first_stages.open()

    for version in (first, second, third):
        assert bench.report_of(version)["status"] == "Completed"
    assert _served(bench) == ["first.csv", "second.csv", "third.csv"]


def test_a_holder_whose_own_take_turn_died_is_told_when_it_asks_again(bench: Breakable) -> None:
    bench.at_write(
        is_hand_over("TakeTurnFunction", "after"),
        lambda: bench.stack.kill_worker("TakeTurnFunction"),
    )

    report = bench.run(people(2))

    assert report["status"] == "Completed"
    assert [call.outcome for call in bench.calls("TakeTurnFunction")] == ["exited", "returned"]


def test_the_sweeper_makes_good_a_lost_event_of_an_abort(bench: Breakable) -> None:
    _, (first, second, third) = _first_stages_and_others_wait(bench, 2)
    _lose_status_events(bench)
    bench.end_of(bench.abort(first))
    bench.end_of(bench.abort(second))
    assert bench.holder()["execution"] == bench.execution_of(first)

    bench.sweep()

    assert bench.report_of(third)["status"] == "Completed"
    assert bench.import_of(first)["status"] == "Aborted"
    assert bench.queue() == []


@second_tier("another moment of a lost hand-over; the untold holder is the short form")
def test_an_import_aborted_while_it_takes_its_ticket_is_skipped(bench: Breakable) -> None:
    first_stages, _ = _first_stages_and_others_wait(bench, 0)
    taking = bench.stop_at_call("TakeTurnFunction")
    second = bench.drop(people(2, first=10), name="second.csv")
    taking.wait()
    bench.end_of(bench.abort(second))
    bench.wait_for_step("PassTurnFunction")
    taking.open()
    bench.wait_for(lambda: _ended(bench, "TakeTurnFunction") == 2)
    third = bench.drop(people(2, first=20), name="third.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(third))
    first_stages.open()

    assert bench.report_of(third)["status"] == "Completed"
    assert bench.import_of(second)["status"] == "Aborted"


@second_tier("another moment of a lost hand-over; the untold holder is the short form")
def test_a_held_import_that_is_aborted_passes_its_turn_and_is_held_again_by_a_retry(
    bench: Breakable,
) -> None:
    bench.push_feed(FEED.replace("= 100", "= 10") + 'over_gate = "hold"\n', "held")
    held = bench.drop(people(2) + "C-3,Ida,no-address,Y\n", feed="held")
    bench.wait_for_step("AwaitApprovalFunction")
    second = bench.drop(people(2, first=10), name="second.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(second))

    bench.abort(held)

    assert bench.report_of(second)["status"] == "Completed"
    import_id = bench.import_of(held)["import_id"]
    assert bench.prefdrop("imports", "approve", import_id).returncode == 2
    bench.prefdrop("imports", "retry", import_id)
    bench.wait_for(lambda: _ended(bench, "AwaitApprovalFunction") == 2)
    assert bench.prefdrop("imports", "approve", import_id).returncode == 0
    bench.end_of(bench.import_of(held)["execution_arn"])
    assert bench.import_of(held)["status"] == "CompletedWithRejects"
    assert set(bench.executed_ids().values()) == {1}


def test_an_import_that_the_vendor_still_executes_keeps_the_turn_after_its_abort(
    bench: Breakable,
) -> None:
    bench.set_vendor(queued_seconds=3600)
    first = bench.drop(people(2), name="first.csv")
    bench.wait_for_step("CheckStatusFunction")
    second = bench.drop(people(2, first=10), name="second.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(second))

    aborted = bench.abort(first)
    bench.wait_for_step("PassTurnFunction")
    bench.sweep()

    assert bench.import_of(first)["status"] == "Aborted"
    assert bench.holder()["execution"] == aborted
    assert set(_served(bench)) == {"first.csv"}

    bench.set_vendor(queued_seconds=0)
    bench.advance_vendor(3600)
    bench.sweep()

    assert bench.report_of(second)["status"] == "Completed"
    assert bench.retry(first, "--force")["status"] == "Completed"
    assert set(bench.executed_ids().values()) == {1}
    assert len(bench.executed_ids()) == 4


def _first_stages_and_others_wait(bench: Breakable, others: int) -> tuple[Any, list[str]]:
    """A drop whose StageChunks is stopped before it begins, and drops that wait for the turn."""
    first_stages = bench.stop_at_call("StageChunksFunction")
    versions = [bench.drop(people(2), name="first.csv")]
    first_stages.wait()
    for n in range(1, others + 1):
        versions.append(bench.drop(people(2, first=10 * n), name=f"{n}.csv"))
        bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(versions[-1]))
    return first_stages, versions


def _kill_at_ticket(bench: Breakable, tokens: list[str]) -> None:
    """Let the next TakeTurn die right after it took its ticket; collect the tokens it stores."""

    def look(request: Any) -> None:
        if is_write_of("TakeTurnFunction", "UpdateItem", "after", "TICKET#")(request):
            if not tokens:
                bench.stack.kill_worker("TakeTurnFunction")
            values = request.body["ExpressionAttributeValues"]
            tokens.append(values[":u0"]["S"])

    bench.on_table_request(look)


def _lose_status_events(bench: Breakable) -> None:
    bench.spoilt = True
    events = bench.stack.client("events")
    for rule in events.list_rules()["Rules"]:
        if "Status Change" in rule.get("EventPattern", ""):
            events.disable_rule(Name=rule["Name"])


def _ended(bench: Breakable, function: str) -> int:
    return sum(call.ended is not None for call in bench.calls(function))


def _history(bench: Breakable, execution: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(bench.history(execution))
    return events


def _until_turn(bench: Breakable, execution: str) -> list[dict[str, Any]]:
    """The history up to the step that follows TakeTurn."""
    events = _history(bench, execution)
    names = [e.get("stateEnteredEventDetails", {}).get("name") for e in events]
    return events[: names.index("InitiatePart")]


def _served(bench: Breakable) -> list[str]:
    tokens = bench.vendor("books")["tokens"]
    return [one["name"].removeprefix("people ") for one in tokens]
