"""A worker that was thought dead and wakes up: it sends nothing and writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from prefdrop_local.stack import Invocation
from tests.faults.local_stack.breakable import Breakable, SharedPlace, is_hand_over, is_write_of
from tests.tiers import second_tier
from tests.workbench import people

LARGE = 20_000
"""People whose records do not fit into the buffers of a connection, which take 4 MB."""

PATIENT = {"RequestSeconds": "3", "GhostSeconds": "3", "LeaseSeconds": "4"}
"""Times in which a request of that size surely ends."""


def _abort_and_let_the_next_one_through(bench: Breakable, version: str) -> None:
    """Abort an import and run another to its end; assert that it waited for the lease."""
    next_one = bench.drop(people(3, first=90_000), name="next.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(next_one))
    lease = bench.part_of(version)["lease_until"]
    bench.abort(version)
    bench.wait_for_step("PassTurnFunction")

    holder = bench.holder()
    assert holder["execution"] == bench.execution_of(next_one)
    assert holder["not_before"] == lease > 0
    assert bench.report_of(next_one)["status"] == "Completed"
    assert bench.import_of(version)["status"] == "Aborted"


def _wake_up(bench: Breakable, function: str, zombie: Invocation) -> None:
    bench.stack.resume_workers(function)
    bench.wait_for(lambda: zombie.ended is not None)


def _written(bench: Breakable, version: str) -> list[dict[str, Any]]:
    """The ledger of an import, but for its count of requests, which may be added to afterwards."""
    return [
        {name: value for name, value in item.items() if name != "vendor_requests"}
        for item in bench.ledger(version)
    ]


def _assert_exactly_once(bench: Breakable, rows: int) -> None:
    """Every person of a drop, and those of the import between, was executed once."""
    between = len([one for one in bench.imports() if one["key"].endswith("next.csv")])
    executed = bench.executed_ids()
    assert set(executed.values()) == {1}
    assert len(executed) == rows + 3 * between


def test_a_worker_frozen_before_its_request_stages_and_writes_nothing_after_a_takeover(
    bench: Breakable,
) -> None:
    written_ahead = bench.freeze_at_write(
        "StageChunksFunction",
        is_write_of("StageChunksFunction", "TransactWriteItems", "after", "CHUNK#"),
    )
    version = bench.drop(people(5))
    written_ahead.wait()
    (zombie,) = bench.calls("StageChunksFunction")
    _abort_and_let_the_next_one_through(bench, version)
    written, accepted = _written(bench, version), bench.accepted("import.stage")

    _wake_up(bench, "StageChunksFunction", zombie)

    assert zombie.error == "Fenced"
    assert bench.accepted("import.stage") == accepted
    assert _written(bench, version) == written
    assert bench.retry(version, "--force")["status"] == "Completed"
    _assert_exactly_once(bench, 5)


@second_tier("each moment to freeze at; a worker frozen before its request is the short form")
def test_a_worker_frozen_in_mid_request_does_not_finish_it_after_a_takeover(
    place: SharedPlace,
) -> None:
    with place.taken(ChunkBytes="25000000", **PATIENT) as bench:
        begun = bench.wire.stop_at("Stage", "begun")
        version = bench.drop(people(LARGE))
        begun.wait()
        bench.stack.suspend_worker("StageChunksFunction")
        (zombie,) = bench.calls("StageChunksFunction")
        _abort_and_let_the_next_one_through(bench, version)
        written, accepted = _written(bench, version), bench.accepted("import.stage")

        begun.open()
        _wake_up(bench, "StageChunksFunction", zombie)

        assert bench.accepted("import.stage") == accepted
        assert _written(bench, version) == written
        assert bench.retry(version, "--force")["status"] == "Completed"
        _assert_exactly_once(bench, LARGE)


@second_tier("each moment to freeze at; a worker frozen before its request is the short form")
def test_a_worker_frozen_while_it_is_answered_writes_nothing_after_a_takeover(
    bench: Breakable,
) -> None:
    answered = bench.wire.stop_at("Stage", "answered")
    version = bench.drop(people(5))
    answered.wait()
    bench.stack.suspend_worker("StageChunksFunction")
    answered.open()
    (zombie,) = bench.calls("StageChunksFunction")
    _abort_and_let_the_next_one_through(bench, version)
    written, accepted = _written(bench, version), bench.accepted("import.stage")

    _wake_up(bench, "StageChunksFunction", zombie)

    assert bench.accepted("import.stage") == accepted
    assert _written(bench, version) == written
    assert bench.retry(version, "--force")["status"] == "Completed"
    _assert_exactly_once(bench, 5)


@second_tier("each moment to freeze at; a worker frozen before its request is the short form")
def test_a_worker_frozen_before_execute_executes_nothing_after_a_takeover(
    bench: Breakable,
) -> None:
    status = bench.wire.stop_at("Status", "answered")
    version = bench.drop(people(5))
    status.wait()
    bench.stack.suspend_worker("ExecutePartFunction")
    status.open()
    (zombie,) = bench.calls("ExecutePartFunction")
    _abort_and_let_the_next_one_through(bench, version)
    written, accepted = _written(bench, version), bench.accepted("import.execute")

    _wake_up(bench, "ExecutePartFunction", zombie)

    assert bench.accepted("import.execute") == accepted
    assert _written(bench, version) == written
    assert bench.retry(version, "--force")["status"] == "Completed"
    _assert_exactly_once(bench, 5)


@second_tier("each moment to freeze at; a worker frozen before its request is the short form")
@pytest.mark.parametrize(
    ("moment", "write"),
    [("after", '"posting"'), ("before", '"settled"')],
    ids=["frozen before its request", "frozen before it settles"],
)
def test_a_retry_takes_its_own_zombie_over_and_the_zombie_does_no_harm(
    bench: Breakable, moment: str, write: str
) -> None:
    frozen = bench.freeze_at_write(
        "StageChunksFunction",
        is_write_of("StageChunksFunction", "TransactWriteItems", moment, write),
    )
    version = bench.drop(people(40))
    frozen.wait()
    (zombie,) = bench.calls("StageChunksFunction")
    bench.end_of(bench.abort(version))
    bench.wait_for_step("PassTurnFunction")

    report = bench.retry(version, "--force")
    written, accepted = _written(bench, version), bench.accepted("import.stage")
    _wake_up(bench, "StageChunksFunction", zombie)

    assert report["status"] == "Completed"
    assert bench.accepted("import.stage") == accepted
    assert _written(bench, version) == written
    _assert_exactly_once(bench, 40)


def test_an_import_that_may_have_been_executed_is_not_begun_again_once_its_token_is_dead(
    bench: Breakable,
) -> None:
    executed = bench.wire.stop_at("Execute", "answered")
    version = bench.drop(people(5))
    executed.wait()
    bench.abort(version)
    bench.stack.kill_worker("ExecutePartFunction")
    executed.open()
    bench.wait_for(lambda: not bench.holder()["execution"])
    bench.advance_vendor(13 * 3600)

    report = bench.retry(version, "--force")

    assert (report["status"], report["error"]["code"]) == ("Failed", "TokenDied")
    assert len(bench.requests_to("import.initiate")) == 1
    _assert_exactly_once(bench, 5)


def test_an_import_that_was_executed_unknown_to_the_ledger_keeps_the_turn_after_its_abort(
    bench: Breakable,
) -> None:
    bench.set_vendor(queued_seconds=3600)
    executed = bench.wire.stop_at("Execute", "answered")
    version = bench.drop(people(5))
    executed.wait()
    next_one = bench.drop(people(3, first=90_000), name="next.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(next_one))

    bench.abort(version)
    bench.stack.kill_worker("ExecutePartFunction")
    executed.open()
    bench.wait_for_step("PassTurnFunction")
    assert bench.holder()["execution"] == bench.execution_of(version)

    bench.set_vendor(queued_seconds=0)
    bench.advance_vendor(3600)
    bench.sweep()

    assert bench.report_of(next_one)["status"] == "Completed"
    assert bench.retry(version, "--force")["status"] == "Completed"
    _assert_exactly_once(bench, 5)


@second_tier("each moment to freeze at; a worker frozen before its request is the short form")
def test_a_lease_that_is_renewed_while_the_turn_is_passed_on_is_waited_for_too(
    bench: Breakable,
) -> None:
    # A write waits as long as it takes; a request would be given up after `RequestSeconds`.
    first_settles = bench.stop_at_write(
        is_write_of("StageChunksFunction", "TransactWriteItems", "before", '"settled"')
    )
    version = bench.drop(people(40))
    first_settles.wait()
    next_one = bench.drop(people(3, first=90_000), name="next.csv")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(next_one))
    passing = bench.stop_at_write(is_hand_over("PassTurnFunction", "before"))
    second_request = bench.wire.stop_at("Stage", "arrived")

    bench.abort(version)
    passing.wait()
    first_settles.open()
    second_request.wait()
    lease = bench.part_of(version)["lease_until"]
    passing.open()
    bench.wait_for(lambda: bench.holder()["execution"] == bench.execution_of(next_one))

    assert bench.holder()["not_before"] >= lease
    second_request.open()
    assert bench.report_of(next_one)["status"] == "Completed"
    assert bench.retry(version, "--force")["status"] == "Completed"
    _assert_exactly_once(bench, 40)


def test_an_aborted_import_stays_aborted_while_its_worker_runs_on(bench: Breakable) -> None:
    progress = bench.stop_at_write(
        is_write_of("StageChunksFunction", "UpdateItem", "before", "read_bytes")
    )
    version = bench.drop(people(5))
    progress.wait()

    bench.end_of(bench.abort(version))
    bench.wait_for_step("PassTurnFunction")
    progress.open()
    (worker,) = bench.calls("StageChunksFunction")
    bench.wait_for(lambda: worker.ended is not None)

    assert bench.import_of(version)["status"] == "Aborted"
    assert bench.retry(version, "--force")["status"] == "Completed"
