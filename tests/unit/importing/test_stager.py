"""What staging writes into the ledger, request by request."""

from __future__ import annotations

import msgspec
import pytest

from prefdrop.importing import spool
from prefdrop.importing.staging_part import Interrupted
from prefdrop.ledger.clock import iso
from prefdrop.ledger.imports import Correction
from prefdrop.ledger.parts import Fenced
from prefdrop.mypreferences import (
    BadRequest,
    NotSent,
    ServerError,
    TokenRefused,
    TooLarge,
    TooManyRequests,
    Unclear,
)
from tests.unit.importing.one_import import HOUR, IMPORT, NOW, TOKEN, OneImport, landed
from tests.workbench import people

WRONG = "C-99,Ida,no-address,Y\n"


def staged(one: OneImport) -> tuple[int, int, int, int, int]:
    part = one.part
    return part.rows, part.rejected_local, part.staged, part.chunks, part.stage_requests


def interrupted(one: OneImport, **options: object) -> dict[str, object]:
    with pytest.raises(Interrupted) as stopped:
        one.stager(**options).run()
    assert str(stopped.value) == stopped.value.answer["next"]
    return stopped.value.answer


def test_stager_sends_each_record_once_in_order(one: OneImport):
    one.begin()

    answered = one.stager().run()

    ids = [r["AlternateIds"][0]["AlternateId"] for body in one.vendor.bodies for r in body]
    assert ids == [f"C-{n}" for n in range(1, 10)]
    assert answered == {"next": "gates", "resume_at": "", "seconds": 0, "cursor": {}}
    count = len(one.vendor.bodies)
    assert count > 1
    assert staged(one) == (9, 0, 9, count, count)
    assert (one.part.state, one.part.source_read, one.part.lease_until) == ("staged", True, 0)
    assert (one.part.validation_ok, one.part.pending, one.part.rejected_validation) == (9, 9, 0)


def test_chunks_in_the_ledger_say_what_was_sent(one: OneImport):
    one.sources = [(people(2) + WRONG + people(6).partition("\n")[2]).encode()]
    one.begin()

    one.stager().run()

    chunks = one.chunks
    assert [c.number for c in chunks] == list(range(1, len(chunks) + 1))
    assert {c.state for c in chunks} == {"settled"}
    assert [c.records for c in chunks] == [len(body) for body in one.vendor.bodies]
    before = [sum(c.records for c in chunks[:n]) for n in range(len(chunks))]
    assert [c.received_before for c in chunks] == before
    assert [c.first_sequence for c in chunks] == [count + 1 for count in before]
    assert [c.start for c in chunks] == [one.part.start, *(c.end for c in chunks[:-1])]
    assert one.part.end == chunks[-1].end
    assert [c.last for c in chunks] == [False] * (len(chunks) - 1) + [True]
    assert sum(c.rows for c in chunks) == 9
    assert [c.rejected_local for c in chunks if c.rejects] == [1]
    assert {(c.posted_at, c.attempts, c.source, c.probe) for c in chunks} == {(NOW, 1, 0, 0)}
    assert all(c.bytes > 100 and len(c.sha256) == 64 for c in chunks)
    (number,) = (c.number for c in chunks if c.rejects)
    (reject,) = spool.read_local(one.services.objects, IMPORT, 1, number)
    assert reject.row == 3


def test_stager_sends_with_the_parts_token_in_its_time(one: OneImport):
    one.begin()

    one.stager().run()

    assert set(one.vendor.sent) == {("stage", TOKEN, 20.0)}


def test_chunk_without_records_needs_no_request(one: OneImport):
    one.sources = [("id,first,email,news\n" + WRONG).encode()]
    one.begin(token="")

    assert one.stager().run()["next"] == "gates"

    assert one.vendor.sent == []
    assert staged(one) == (1, 1, 0, 1, 0)
    assert one.part.state == "local"


def test_part_without_a_token_is_initiated_before_sending(one: OneImport):
    one.begin(token="")

    assert interrupted(one)["next"] == "initiate"
    assert one.vendor.sent == []


def test_rejects_of_validation_are_collected_next(one: OneImport):
    one.begin()
    one.vendor.failed = 2

    assert one.stager().run()["next"] == "collect"
    assert (one.part.validation_ok, one.part.rejected_validation) == (7, 2)


def test_full_part_takes_no_more_records(make_import):
    one = make_import(part_records=4)
    one.begin()

    one.stager().run()

    assert sum(len(body) for body in one.vendor.bodies) == 4
    assert (one.part.state, one.part.source_read, one.part.staged) == ("staged", False, 4)


def test_import_shows_progress_while_it_is_staged(one: OneImport):
    one.begin()

    one.stager().run()

    record = one.record
    assert (record.status, record.rows_read, record.staged, record.parts) == ("Staging", 9, 9, 1)
    assert (record.read_bytes, record.chunks) == (len(one.sources[0]), one.part.chunks)
    assert record.vendor_requests == len(one.vendor.sent)


def test_progress_is_shown_with_each_chunk(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [None, Unclear("?")]

    interrupted(one)

    assert one.part.staged > 0
    record = one.record
    assert (record.status, record.staged, record.chunks) == ("Staging", one.part.staged, 1)


def test_corrections_follow_the_drop_in_the_same_part(one: OneImport):
    one.sources.append(people(3).encode())
    correction = Correction("corrections/one.csv", "v1", len(one.sources[1]))
    one.services.imports.update(one.record, corrections=[correction])
    one.begin(refused={"2": "400"}, probed_row=4)

    one.stager().run()

    assert (one.part.rows, one.part.restaged, one.part.source) == (8, 3, 1)
    assert (one.part.refused, one.part.probed_row, one.part.source_read) == ({}, 0, True)
    assert (one.part.rejected_local, one.part.staged) == (1, 10)
    assert one.part.end["row"] == 3
    assert [c.source for c in one.chunks if c.last] == [0, 1]


# --- a request without a clear answer --------------------------------------------------------


@pytest.mark.parametrize("error", [Unclear("?"), landed(ServerError("?"))])
def test_unclear_answer_waits_until_it_can_land_no_more(one: OneImport, error: Exception):
    one.begin()
    one.vendor.next["stage"] = [error]

    answered = interrupted(one)

    assert (answered["next"], answered["resume_at"]) == ("wait", iso(NOW + 30_000))
    (chunk,) = one.chunks
    assert (chunk.state, chunk.posted_at, one.part.staged) == ("posting", NOW, 0)
    assert one.part.lease_until == NOW + 60_000


def test_doubtful_chunk_is_left_alone_while_it_may_land(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [landed(Unclear("?"))]
    interrupted(one)
    one.services.parts.change(IMPORT, one.part, lease_until=0)
    one.now += 29_999

    answered = interrupted(one)

    assert (answered["next"], answered["resume_at"]) == ("wait", iso(NOW + 30_000))
    assert [name for name, *_ in one.vendor.sent] == ["stage"]


def retried(one: OneImport, *, seconds: int = 60) -> dict[str, object]:
    """Stage again once the lease and the request are over."""
    one.now += seconds * 1000
    return one.stager().run()


def test_doubtful_chunk_that_landed_is_settled_and_not_resent(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [landed(Unclear("?"))]
    interrupted(one)

    assert retried(one)["next"] == "gates"

    assert (one.vendor.received, one.part.staged, one.part.validation_ok) == (9, 9, 9)
    assert (one.part.ghosts, {c.attempts for c in one.chunks}) == (0, {1})
    assert sum(len(body) for body in one.vendor.bodies) == 9


def test_last_chunk_that_landed_in_doubt_brings_its_figures(one: OneImport):
    one.sources = [people(2).encode()]
    one.begin()
    one.vendor.failed = 1
    one.vendor.next["stage"] = [landed(Unclear("?"))]
    interrupted(one)

    assert retried(one)["next"] == "collect"

    part = one.part
    assert (part.validation_ok, part.pending, part.rejected_validation) == (1, 1, 1)


def test_doubtful_chunk_that_did_not_land_is_sent_again(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [Unclear("?")]
    interrupted(one)

    assert retried(one)["next"] == "gates"

    assert (one.vendor.received, one.part.staged) == (9, 9)
    assert (one.part.ghosts, one.part.ghost_until) == (1, one.now + 30_000)
    assert [c.attempts for c in one.chunks][:2] == [2, 1]


def test_second_doubt_in_a_part_tears_it(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [Unclear("?"), None, Unclear("?")]
    interrupted(one)
    one.now += 60_000

    assert interrupted(one)["next"] == "initiate"

    assert (one.part.state, one.part.lease_until) == ("torn", 0)
    assert one.part.given_up


def test_doubt_left_by_a_dead_worker_tears_a_part_with_a_ghost(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [Unclear("?")]
    interrupted(one)
    one.now += 60_000
    one.services.parts.change(IMPORT, one.part, ghosts=1)

    assert interrupted(one)["next"] == "initiate"
    assert (one.part.state, len(one.vendor.sent)) == ("torn", 1)


def test_count_that_fits_neither_outcome_tears_the_part(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [landed(Unclear("?"))]
    interrupted(one)
    one.vendor.received += 1
    one.now += 60_000

    assert interrupted(one)["next"] == "initiate"
    assert one.part.state == "torn"


def test_answer_with_another_count_tears_the_part(one: OneImport):
    one.begin()
    one.vendor.received = 1

    assert interrupted(one)["next"] == "initiate"
    assert (one.part.state, one.part.staged, one.chunks[0].state) == ("torn", 0, "posting")


def test_chunk_built_differently_the_second_time_tears_the_part(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [Unclear("?")]
    interrupted(one)
    one.sources = [people(9).replace("C-1,", "D-1,").encode()]
    one.now += 60_000

    assert interrupted(one)["next"] == "initiate"
    assert (one.part.state, one.vendor.received) == ("torn", 0)


def test_doubt_of_a_settled_chunk_is_none(one: OneImport):
    one.begin()
    interrupted(one, seconds=0)
    one.now += 60_000

    one.stager().run()

    assert [name for name, *_ in one.vendor.sent] == ["stage"] * one.part.chunks


# --- a request that was surely refused -------------------------------------------------------


def test_unknown_token_ends_the_part_without_execution(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [TokenRefused("no")]

    assert interrupted(one)["next"] == "initiate"
    assert (one.part.state, one.part.lease_until, one.part.exhausted) == ("dead", 0, False)
    assert one.part.given_up


@pytest.mark.parametrize("error", [NotSent("no"), TooManyRequests("no", retry_after=90)])
def test_request_surely_not_applied_frees_its_number(one: OneImport, error: Exception):
    one.begin()
    one.vendor.next["stage"] = [error]

    with pytest.raises((NotSent, Interrupted)):
        one.stager().run()

    (chunk,) = one.chunks
    assert (chunk.state, one.part.chunks, one.part.staged) == ("refused", 0, 0)


def test_limit_of_the_vendor_is_waited_for(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [TooManyRequests("no", retry_after=90)]

    answered = interrupted(one)

    assert (answered["next"], answered["resume_at"]) == ("wait", iso(NOW + 90_000))
    assert [name for name, *_ in one.vendor.sent] == ["stage", "status"]


def test_limit_beyond_the_tokens_life_ends_the_part(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [TooManyRequests("no", retry_after=3600)]

    assert interrupted(one)["next"] == "initiate"
    assert (one.part.state, one.part.exhausted) == ("dead", True)
    assert one.record.initiate_after == NOW + HOUR


def test_body_that_is_too_large_halves_the_imports_limit(make_import):
    one = make_import(chunk_bytes=40_000)
    one.sources = [people(400).encode()]
    one.begin()
    one.vendor.next["stage"] = [TooLarge("no")]

    one.stager().run()

    assert 10_000 < one.record.chunk_bytes <= 20_000
    assert all(c.bytes <= one.record.chunk_bytes for c in one.chunks)
    assert (one.vendor.received, one.part.staged) == (400, 400)


def refuse(one: OneImport, person: str) -> None:
    """Have the vendor refuse every request that holds a person."""
    stage = one.vendor.stage

    def judge(token: str, body: bytes, *, timeout: float):
        if f'"{person}"'.encode() in body:
            one.vendor.next["stage"] = [BadRequest("no", status=422)]
        return stage(token, body, timeout=timeout)

    one.vendor.stage = judge  # type: ignore[method-assign]


@pytest.mark.parametrize("person", [1, 2, 9])
def test_record_that_no_request_may_hold_is_rejected_alone(one: OneImport, person: int):
    one.begin()
    refuse(one, f"C-{person}")

    one.stager().run()

    ids = sorted(r["AlternateIds"][0]["AlternateId"] for body in one.vendor.bodies for r in body)
    assert ids == [f"C-{n}" for n in range(1, 10) if n != person]
    assert staged(one)[:3] == (9, 1, 8)
    assert one.part.refused == {str(person): "422"}
    assert one.part.suspects == 0
    rejects = [
        reject
        for chunk in one.chunks
        if chunk.rejects
        for reject in spool.read_local(one.services.objects, IMPORT, 1, chunk.number)
        if reject.code != spool.ELSEWHERE
    ]
    assert [(r.row, r.code, "HTTP 422" in r.reason) for r in rejects] == [
        (person, "RefusedByVendor", True)
    ]


def test_probed_record_is_counted_where_its_turn_comes(one: OneImport):
    one.begin()
    refuse(one, "C-1")

    one.stager().run()

    (probe,) = (c for c in one.chunks if c.probe)
    assert (probe.records, probe.rows, probe.rejected_local, probe.last) == (1, 1, 0, False)
    assert one.part.probed_row == probe.probe
    assert sum(c.rows for c in one.chunks) == 9
    assert sum(c.records for c in one.chunks) == 8


def test_wrong_row_before_a_probed_record_counts_once(one: OneImport):
    one.sources = [(people(2) + WRONG + people(9).split("\n", 3)[3]).encode()]
    one.begin()
    refuse(one, "C-1")

    one.stager().run()

    (probe,) = (c for c in one.chunks if c.probe)
    assert (probe.probe, probe.rows, probe.rejected_local, probe.rejects) == (4, 1, 0, True)
    spooled = spool.read_local(one.services.objects, IMPORT, 1, probe.number)
    assert [(r.row, r.code) for r in spooled] == [(3, spool.ELSEWHERE)]
    assert staged(one)[:3] == (10, 2, 8)


def test_probe_without_an_answer_tears_the_part(one: OneImport):
    one.begin()
    refuse(one, "C-1")
    sending = one.vendor.stage

    def lose(token: str, body: bytes, *, timeout: float):
        if body.count(b'"CrmContactId"') == 1 and b'"C-1"' not in body:
            one.vendor.next["stage"] = [landed(Unclear("?"))]
        return sending(token, body, timeout=timeout)

    one.vendor.stage = lose  # type: ignore[method-assign]

    assert interrupted(one)["next"] == "initiate"
    assert (one.part.state, one.part.staged) == ("torn", 0)


def test_refusal_that_counted_records_tears_the_part(one: OneImport):
    one.begin()
    one.vendor.next["stage"] = [landed(BadRequest("no", status=400))]

    assert interrupted(one)["next"] == "initiate"
    assert one.part.state == "torn"


@pytest.mark.parametrize(
    ("error", "state"),
    [(None, "staged"), (TokenRefused("no"), "dead"), (landed(BadRequest("no")), "torn")],
)
def test_part_that_ended_is_fenced_as_its_reader_sees_it(
    one: OneImport, error: Exception | None, state: str
):
    one.begin()
    one.vendor.next["stage"] = [error]
    try:
        one.stager().run()
    except Interrupted:
        assert error is not None

    fence = one.services.parts.fence(IMPORT, one.part)

    one.services.turns.hand_over(one.turn, fence)
    assert (one.part.state, one.part.lease_until, one.part.epoch) == (state, 0, 2)


# --- time ------------------------------------------------------------------------------------


def test_request_that_could_outlive_staging_ends_the_part(one: OneImport):
    one.begin(stage_until=NOW + 20_000)
    one.stager().run()
    assert one.part.staged == 9

    one.begin(stage_until=NOW + 19_999)
    assert interrupted(one)["next"] == "initiate"
    assert (one.part.number, one.part.state, one.part.staged) == (2, "dead", 0)


def test_part_whose_time_is_up_keeps_what_was_staged(one: OneImport):
    part = one.begin(stage_until=NOW + 20_000)
    settle = one.services.parts.settle

    def late(*arguments):
        settle(*arguments)
        one.now += 1

    one.services.parts.settle = late  # type: ignore[method-assign]

    answered = interrupted(one)

    assert (answered["next"], one.part.state, one.part.number) == ("gates", "staged", part.number)
    assert 0 < one.part.staged < 9
    assert one.part.staged == one.vendor.received


@pytest.mark.parametrize(("left", "enough"), [(20_000, True), (19_999, False)])
def test_request_begins_only_if_it_ends_within_the_lease(one: OneImport, left: int, enough: bool):
    one.begin()
    staging = one.take()
    one.now += 60_000 - left

    if enough:
        assert staging.time_to_send() == 20.0
    else:
        with pytest.raises(Fenced):
            staging.time_to_send()


@pytest.mark.parametrize(("seconds", "sent"), [(29.9, 0), (30, 9)])
def test_invocation_keeps_time_for_its_last_writes(one: OneImport, seconds: float, sent: int):
    one.begin()
    stager = one.stager(seconds=seconds)

    if sent:
        stager.run()
    else:
        with pytest.raises(Interrupted) as stopped:
            stager.run()
        assert stopped.value.answer["next"] == "stage"
    assert (one.vendor.received, one.part.state) == (sent, "staged" if sent else "staging")


def test_requests_are_marked_where_the_vendor_counts_them(make_import):
    one = make_import(quota_unit="request", quota_limit=100)
    one.begin()

    one.stager().run()

    assert one.services.quota.use().used == one.part.stage_requests


def test_chunks_are_full_again_after_the_suspects(make_import):
    one = make_import(chunk_bytes=20_000)
    one.begin(suspects=4)

    one.stager().run()

    assert [c.records for c in one.chunks] == [2, 1, 1, 5]
    assert one.part.suspects == 0


def test_suspects_are_cut_in_half(one: OneImport):
    one.begin(suspects=5)

    assert msgspec.to_builtins(one.take().limits()) == {
        "bytes": 1000,
        "records": 3,
        "rejects": 10_000,
    }
