"""Execute is sent once, and only on counts that agree."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest

from prefdrop.errors import PrefdropError
from prefdrop.importing import execute_part
from prefdrop.ledger.clock import iso
from prefdrop.ledger.drops import Superseded
from prefdrop.ledger.imports import AttemptOver
from prefdrop.ledger.parts import Fenced, StagedChunk
from prefdrop.ledger.turns import TurnLost
from prefdrop.mypreferences import (
    BadRequest,
    NotSent,
    ServerError,
    TokenRefused,
    TooManyRequests,
    Unclear,
)
from tests.unit.importing.one_import import HOUR, IMPORT, NOW, START, TOKEN, OneImport, landed

POLL = {"next": "poll", "resume_at": "", "seconds": 5, "cursor": {"polls": 0}}


def staged(one: OneImport, **members: Any) -> None:
    """A part of nine records that the vendor has received."""
    usual = {"state": "staged", "staged": 9, "validation_ok": 9, "chunks": 2, "stage_requests": 2}
    one.begin(**(usual | members))
    one.vendor.received = 9


def execute(one: OneImport) -> dict[str, Any]:
    return execute_part.run(one.services, one.event(), None)  # type: ignore[arg-type]


def sent(one: OneImport) -> list[str]:
    return [name for name, *_ in one.vendor.sent]


def test_part_is_executed_once_on_agreeing_counts(one: OneImport):
    staged(one)

    assert execute(one) == POLL

    assert one.vendor.sent == [("status", TOKEN, None), ("execute", TOKEN, 20.0)]
    part = one.part
    assert (part.state, part.executed_at, part.suspect_chunk) == ("executing", iso(NOW), 0)
    assert (part.epoch, part.lease_until, part.execute_until) == (1, NOW, NOW + 60_000)
    assert (one.record.status, one.record.staged, one.record.vendor_requests) == ("Executing", 9, 2)


def test_executing_part_is_only_polled(one: OneImport):
    staged(one, state="executing")

    assert execute(one) == POLL
    assert sent(one) == []


@pytest.mark.parametrize("state", ["local", "staging", "torn", "dead", "finished"])
def test_part_that_is_not_staged_is_begun_again(one: OneImport, state: str):
    staged(one, state=state)

    assert execute(one)["next"] == "initiate"
    assert (sent(one), one.part.state) == ([], state)


def test_execution_without_the_turn_executes_nothing(one: OneImport):
    staged(one)

    with pytest.raises(AttemptOver):
        execute_part.run(one.services, one.event() | {"execution": "other"}, None)  # type: ignore[arg-type]
    one.give_turn("other")
    with pytest.raises(TurnLost):
        execute(one)
    assert sent(one) == []


@pytest.mark.parametrize("member", ["ghost_until", "lease_until"])
def test_request_that_may_still_land_is_waited_out(one: OneImport, member: str):
    staged(one, **{"ghost_until": NOW - 1, "lease_until": NOW - 1, member: NOW + 1})

    answered = execute(one)

    assert (answered["next"], answered["resume_at"]) == ("wait", iso(NOW + 1))
    assert (sent(one), one.part.epoch) == ([], 0)
    one.now += 1
    assert execute(one) == POLL


def test_other_count_at_the_vendor_tears_the_part(one: OneImport):
    staged(one)
    one.vendor.received = 10

    assert execute(one)["next"] == "initiate"

    assert (sent(one), one.part.state) == (["status"], "torn")
    assert "was not the ledger's" in one.part.given_up
    assert one.record.vendor_requests == 1


def test_part_that_executes_already_is_not_executed_again(one: OneImport):
    staged(one)
    one.vendor.state = "Processing"

    assert execute(one) == POLL
    assert (sent(one), one.part.state) == (["status"], "executing")


def test_records_too_many_at_execution_name_the_chunk(one: OneImport):
    staged(one)
    one.vendor.state, one.vendor.received = "Processing", 12

    execute(one)

    assert one.part.suspect_chunk == 2


def test_older_version_of_a_file_executes_nothing(one: OneImport):
    staged(one)
    newer = one.services.imports.get(IMPORT)
    newer.import_id, newer.sequencer = "imp-2", "A21"
    one.services.table.transact(*one.services.drops.executed(newer))

    with pytest.raises(Superseded):
        execute(one)
    assert (sent(one), one.part.state) == (["status"], "staged")


def test_refused_execute_leaves_no_mark_and_a_landed_one_does(one: OneImport):
    staged(one)
    older = one.services.imports.get(IMPORT)
    older.import_id, older.sequencer = "imp-2", "A1"
    one.vendor.next["execute"] = [NotSent("no")]
    assert execute(one)["next"] == "wait"
    one.services.drops.check(older)

    assert execute(one) == POLL

    with pytest.raises(Superseded):
        one.services.drops.check(older)


def test_worker_that_died_after_execute_leaves_the_mark_to_the_next(one: OneImport):
    staged(one, execute_until=NOW + 60_000)
    one.vendor.state = "Processing"
    one.services.drops.check = None  # type: ignore[method-assign,assignment]

    assert execute(one) == POLL

    assert one.services.drops.newer_was_executed(msgspec.structs.replace(one.record, sequencer="A"))


def test_requests_are_marked_where_the_vendor_counts_them(make_import):
    one = make_import(quota_unit="request", quota_limit=100)
    staged(one)

    execute(one)

    assert one.services.quota.use().used == 1


def test_imports_take_no_mark_for_execute(one: OneImport):
    staged(one)

    execute(one)

    assert one.services.quota.use().used == 0


# --- an Execute without a clear answer -------------------------------------------------------


@pytest.mark.parametrize("error", [landed(Unclear("?")), landed(BadRequest("no", status=400))])
def test_execute_that_landed_all_the_same_is_polled(one: OneImport, error: Exception):
    staged(one)
    one.vendor.next["execute"] = [error]

    assert execute(one) == POLL
    looked = ("status", TOKEN, None)
    assert one.vendor.sent == [looked, ("execute", TOKEN, 20.0), looked]
    assert one.part.state == "executing"


def test_execute_without_an_answer_stays_written_down(one: OneImport):
    staged(one)
    one.vendor.next["execute"] = [ServerError("?")]

    assert execute(one)["next"] == "wait"

    assert one.record.executing == one.part.number
    assert (one.part.state, one.part.execute_until) == ("staged", NOW + 60_000)
    assert one.record.vendor_requests == 3


@pytest.mark.parametrize("error", [NotSent("no"), BadRequest("no", status=400)])
def test_execute_surely_refused_leaves_no_mark(one: OneImport, error: PrefdropError):
    staged(one, execute_until=NOW - 5)
    one.vendor.next["execute"] = [error]

    with suppress(BadRequest):
        execute(one)

    assert (one.part.state, one.part.execute_until) == ("staged", NOW - 5)


@pytest.mark.parametrize(("stood_still", "requests"), [(40_000, 2), (40_001, 1)])
def test_execute_is_sent_only_if_it_ends_within_the_lease(
    one: OneImport, stood_still: int, requests: int
):
    staged(one)
    change = one.services.parts.change

    def slow(*arguments: Any, **changes: Any) -> Any:
        changed = change(*arguments, **changes)
        one.now += stood_still if "execute_until" in changes else 0
        return changed

    one.services.parts.change = slow  # type: ignore[method-assign]

    if requests == 2:
        assert execute(one) == POLL
    else:
        with pytest.raises(Fenced):
            execute(one)
    assert sent(one) == ["status", "execute"][:requests]


def test_execute_has_half_a_minute_at_most(make_import):
    one = make_import(request_seconds=100, ghost_seconds=100, lease_seconds=200)
    staged(one)

    execute(one)

    assert one.vendor.sent[-1] == ("execute", TOKEN, 30)


# --- a token or a limit that ended -----------------------------------------------------------


def test_unknown_token_before_execute_gives_the_part_up(one: OneImport):
    staged(one)
    one.vendor.next["status"] = [TokenRefused("no")]

    assert execute(one)["next"] == "initiate"
    assert one.part.state == "dead"
    assert "no longer knows" in one.part.given_up


def test_unknown_token_after_an_execute_ends_the_import(one: OneImport):
    staged(one)
    one.vendor.next["execute"] = [Unclear("?")]
    one.vendor.next["status"] = [None, TokenRefused("no")]

    with pytest.raises(PrefdropError) as ended:
        execute(one)
    assert not isinstance(ended.value, TokenRefused)
    assert (one.part.state, one.part.execute_until) == ("staged", NOW + 60_000)


def test_limit_is_waited_for_within_the_tokens_life(one: OneImport):
    staged(one)
    one.vendor.next["execute"] = [TooManyRequests("no", retry_after=600)]

    answered = execute(one)

    assert (answered["next"], answered["resume_at"]) == ("wait", iso(NOW + 600_000))
    assert (one.part.state, one.part.execute_until) == ("staged", 0)


@pytest.mark.parametrize("early", [0, 1])
def test_limit_beyond_the_tokens_life_gives_the_part_up(one: OneImport, early: int):
    staged(one, expires=NOW + HOUR + early)
    one.vendor.next["status"] = [TooManyRequests("no", retry_after=3600)]

    assert execute(one)["next"] == ("wait" if early else "initiate")
    assert one.part.state == ("staged" if early else "dead")
    assert bool(one.part.given_up) is not bool(early)


def test_chunk_sent_twice_is_the_suspect(one: OneImport):
    staged(one)
    worker = one.part
    for number, attempts in ((1, 2), (2, 1)):
        chunk = StagedChunk(
            number=number,
            state="posting",
            start=START,
            end=START,
            first_sequence=1,
            records=4,
            rows=4,
            rejected_local=0,
            bytes=1,
            sha256="a",
            received_before=0,
            posted_at=NOW,
            attempts=attempts,
        )
        one.services.parts.settle(IMPORT, worker, chunk, worker)
    one.vendor.state, one.vendor.received = "Queued", 13

    execute(one)

    assert one.part.suspect_chunk == 1
