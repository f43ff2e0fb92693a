"""A worker that dies while it stages: each record lands exactly once."""

from __future__ import annotations

import json

import pytest

from prefdrop_local.stack import TableFaultError, TableRequest
from tests.faults.local_stack.breakable import Breakable, is_write_of
from tests.faults.local_stack.wire import Moment
from tests.tiers import second_tier, spread
from tests.workbench import people

ROWS = 60


def _assert_exactly_once(bench: Breakable) -> None:
    executed = bench.executed_ids()
    assert set(executed.values()) == {1}
    assert len(executed) == ROWS


@pytest.mark.parametrize("moment", spread(["answered", "arrived"], 1, "each moment"))
def test_a_request_that_lands_although_its_worker_was_killed_is_not_sent_again(
    bench: Breakable, moment: Moment
) -> None:
    second_request = bench.wire.stop_at("Stage", moment, nth=2)
    version = bench.drop(people(ROWS))
    second_request.wait()

    bench.stack.kill_worker("StageChunksFunction")
    second_request.open()
    report = bench.report_of(version)

    assert "exited" in [call.outcome for call in bench.calls("StageChunksFunction")]
    assert (report["status"], report["processed"]) == ("Completed", ROWS)
    assert len(bench.requests_to("import.stage")) == report["chunks"]
    _assert_exactly_once(bench)


@second_tier("another moment of the death or the refusal; the others are the short form")
def test_a_request_that_was_lost_with_its_worker_is_sent_again(bench: Breakable) -> None:
    bench.set_faults({"route": "import.stage", "nth": 2, "kind": "reset_before"})
    second_request = bench.wire.stop_at("Stage", "arrived", nth=2)
    version = bench.drop(people(ROWS))
    second_request.wait()

    bench.stack.kill_worker("StageChunksFunction")
    second_request.open()
    report = bench.report_of(version)

    assert "exited" in [call.outcome for call in bench.calls("StageChunksFunction")]
    assert (report["status"], report["processed"]) == ("Completed", ROWS)
    assert len(bench.requests_to("import.stage")) == report["chunks"] + 1
    _assert_exactly_once(bench)


def test_a_worker_killed_between_the_answer_and_settling_loses_and_doubles_nothing(
    bench: Breakable,
) -> None:
    killed: list[str] = []

    def kill(request: TableRequest) -> None:
        settling = is_write_of("StageChunksFunction", "TransactWriteItems", "before", '"settled"')
        if settling(request) and not killed:
            killed.append(request.action)
            bench.stack.kill_worker("StageChunksFunction")
            raise TableFaultError("InternalServerError")

    bench.on_table_request(kill)

    report = bench.run(people(ROWS))

    assert killed
    assert (report["status"], report["processed"]) == ("Completed", ROWS)
    _assert_exactly_once(bench)
    assert len(bench.accepted("import.stage")) == report["chunks"]


def test_a_worker_whose_settling_was_written_but_not_answered_loses_and_doubles_nothing(
    bench: Breakable,
) -> None:
    lost: list[str] = []

    def lose(request: TableRequest) -> None:
        settling = is_write_of("StageChunksFunction", "TransactWriteItems", "after", '"settled"')
        if settling(request) and not lost:
            lost.append(request.action)
            raise TableFaultError("InternalServerError")

    bench.on_table_request(lose)

    report = bench.run(people(ROWS))

    assert lost
    assert (report["status"], report["processed"]) == ("Completed", ROWS)
    _assert_exactly_once(bench)


@second_tier("another moment of the death or the refusal; the others are the short form")
def test_throttled_writes_delay_an_import_and_lose_nothing(bench: Breakable) -> None:
    throttled: dict[str, int] = {}

    def throttle(request: TableRequest) -> None:
        writes = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
        if request.function is None or request.action not in writes:
            return
        if request.moment == "before":
            call = f"{request.function} {request.action}"
            throttled[call] = throttled.get(call, 0) + 1
            if throttled[call] == 1:
                raise TableFaultError("ProvisionedThroughputExceededException")

    bench.on_table_request(throttle)

    report = bench.run(people(ROWS) + "C-61,Ida,no-address,Y\n")

    assert {action.partition(" ")[2] for action in throttled} >= {
        "PutItem",
        "UpdateItem",
        "TransactWriteItems",
        "BatchWriteItem",
    }
    assert (report["status"], report["processed"]) == ("CompletedWithRejects", ROWS)
    assert [row["id"] for row in bench.rejects(report)] == ["C-61"]
    _assert_exactly_once(bench)


@second_tier("a pause of the AWS client; another refused write is the short form")
def test_a_table_that_throttles_until_a_step_gives_up_does_not_end_the_import(
    bench: Breakable,
) -> None:
    refused: list[str] = []

    def refuse(request: TableRequest) -> None:
        ours = is_write_of("StageChunksFunction", "TransactWriteItems", "before", "CHUNK#")
        if ours(request) and not _failed(bench):
            refused.append(request.action)
            raise TableFaultError("ThrottlingException")

    bench.on_table_request(refuse)

    report = bench.run(people(ROWS))

    assert refused
    assert _failed(bench)
    assert report["status"] == "Completed"
    _assert_exactly_once(bench)


def _failed(bench: Breakable) -> bool:
    return any(call.outcome == "raised" for call in bench.calls("StageChunksFunction"))


@second_tier("another moment of the death or the refusal; the others are the short form")
def test_a_transaction_that_collides_with_another_is_tried_again(bench: Breakable) -> None:
    collided: list[str] = []

    def collide(request: TableRequest) -> None:
        if request.action != "TransactWriteItems" or request.moment != "before":
            return
        if request.function is not None and request.function not in collided:
            collided.append(request.function)
            raise TableFaultError("TransactionCanceledException")

    bench.on_table_request(collide)

    report = bench.run(people(ROWS))

    assert "StageChunksFunction" in collided
    assert "PassTurnFunction" in collided
    assert report["status"] == "Completed"
    _assert_exactly_once(bench)


def test_rejects_that_a_batch_left_unprocessed_are_written_again(bench: Breakable) -> None:
    held_back = 0

    def hold_back(request: TableRequest) -> None:
        nonlocal held_back
        if request.action == "BatchWriteItem" and request.moment == "before" and held_back < 50:
            request.hold_back = 10
            held_back += 10

    bench.on_table_request(hold_back)
    wrong = "".join(f"W-{n},Ida,no-address,Y\n" for n in range(30))

    report = bench.run(people(ROWS) + wrong)

    assert held_back == 50
    assert report["rejected_local"] == 30
    assert len(_exceptions(bench)) == 30
    assert len(bench.rejects(report)) == 30


def _exceptions(bench: Breakable) -> list[str]:
    pages = bench.dynamodb.get_paginator("scan").paginate(
        TableName=bench.stack.outputs["ExceptionsTableName"], ConsistentRead=True
    )
    return [json.dumps(item) for page in pages for item in page["Items"]]
