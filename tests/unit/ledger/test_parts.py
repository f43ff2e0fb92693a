"""What surely has been staged, and who may still stage."""

from __future__ import annotations

import msgspec
import pytest

from prefdrop.ledger import keys
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.parts import Fenced, LeaseHeld, Part, PartStore, StagedChunk
from prefdrop.ledger.table import ConditionFailed, Table
from prefdrop.ledger.turns import Ticket, Turn, Turns

IMPORT = "imp-1"
LEASE_MS = 60_000


@pytest.fixture
def turn(turns: Turns) -> Turn:
    turns.take_ticket(
        Ticket(
            execution="e1",
            import_id=IMPORT,
            dropped_at="2026-01-15T10:30:00Z",
            sequencer="1",
            taken_at=1,
        )
    )
    given = turns.hand_over(turns.holder())
    assert given is not None
    return given


@pytest.fixture
def part(parts: PartStore, turn: Turn) -> Part:
    start = {"offset": 0, "row": 0}
    begun = Part(number=1, state="staging", token="secret-token", start=start, end=start)
    parts.begin(IMPORT, begun, turn)
    return begun


def chunk(number: int = 1, **changes: object) -> StagedChunk:
    base = StagedChunk(
        number=number,
        state="posting",
        start={"offset": 0, "row": 0},
        end={"offset": 900, "row": 10},
        first_sequence=1,
        records=10,
        rows=10,
        rejected_local=0,
        bytes=800,
        sha256="aa",
        received_before=0,
        posted_at=1,
    )
    return msgspec.structs.replace(base, **changes)


def test_a_part_is_begun_once(parts: PartStore, part: Part, turn: Turn) -> None:
    with pytest.raises(Fenced):
        parts.begin(IMPORT, part, turn)


def test_a_worker_cannot_take_over_while_another_holds_the_lease(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    held = parts.take_over(IMPORT, part, turn, LEASE_MS)

    with pytest.raises(LeaseHeld) as refused:
        parts.take_over(IMPORT, held, turn, LEASE_MS)

    assert refused.value.until == held.lease_until


def test_of_two_that_take_a_part_over_only_one_succeeds(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    parts.take_over(IMPORT, part, turn, LEASE_MS)

    with pytest.raises(Fenced):
        parts.take_over(IMPORT, part, turn, LEASE_MS)


def test_a_worker_that_was_taken_over_can_write_nothing(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    zombie = parts.take_over(IMPORT, part, turn, 0)
    parts.take_over(IMPORT, zombie, turn, LEASE_MS)

    with pytest.raises(Fenced):
        parts.write_ahead(IMPORT, zombie, chunk(), turn, LEASE_MS)
    with pytest.raises(Fenced):
        parts.settle(IMPORT, zombie, chunk(), zombie)
    with pytest.raises(Fenced):
        parts.change(IMPORT, zombie, state="staged")

    assert list(parts.chunks(IMPORT, 1)) == []


def test_a_worker_whose_import_lost_the_turn_can_announce_no_chunk(
    parts: PartStore, part: Part, turns: Turns, turn: Turn
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    turns.hand_over(turn)

    with pytest.raises(Fenced):
        parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)


def test_a_settled_chunk_is_counted_once(parts: PartStore, part: Part, turn: Turn) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    worker = parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)
    after = msgspec.structs.replace(worker, staged=10, chunks=1)

    parts.settle(IMPORT, worker, chunk(), after)
    with pytest.raises(Fenced):
        parts.settle(IMPORT, worker, chunk(), after)

    assert parts.all(IMPORT)[0].staged == 10
    assert [c.state for c in parts.chunks(IMPORT, 1)] == ["settled"]


def test_a_settled_chunk_is_never_announced_again(parts: PartStore, part: Part, turn: Turn) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    worker = parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)
    parts.settle(IMPORT, worker, chunk(), worker)

    with pytest.raises(Fenced):
        parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)


def test_the_number_of_a_chunk_that_was_refused_whole_is_free_again(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    worker = parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)
    parts.refuse(IMPORT, worker, chunk(), worker)

    parts.write_ahead(IMPORT, worker, chunk(records=5, sha256="bb"), turn, LEASE_MS)

    last = parts.last_chunk(IMPORT, 1)
    assert last is not None
    assert (last.records, last.sha256, last.state) == (5, "bb", "posting")


def test_announcing_a_chunk_renews_the_lease(parts: PartStore, part: Part, turn: Turn) -> None:
    worker = parts.take_over(IMPORT, part, turn, 1)

    worker = parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)

    assert worker.lease_until > now_ms() + LEASE_MS // 2


def test_parts_that_were_given_up_do_not_count(parts: PartStore, part: Part) -> None:
    parts.change(IMPORT, part, state="torn")

    assert parts.live(IMPORT) == []
    assert [p.state for p in parts.all(IMPORT)] == ["torn"]


def test_the_chunk_that_was_sent_twice_is_the_one_in_doubt(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    for number in (1, 2, 3):
        one = chunk(number, attempts=2 if number == 2 else 1)
        worker = parts.write_ahead(IMPORT, worker, one, turn, LEASE_MS)
        parts.settle(IMPORT, worker, one, worker)
    worker = parts.change(IMPORT, worker, staged=30, chunks=3)

    assert parts.suspect(IMPORT, worker, 30) == 0
    assert parts.suspect(IMPORT, worker, 40) == 2


@pytest.mark.parametrize(("received", "in_doubt"), [(0, 0), (29, 3), (31, 3)])
def test_doubt_without_a_second_sending_is_the_last_chunks(
    parts: PartStore, part: Part, turn: Turn, received: int, in_doubt: int
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    for number in (1, 2, 3):
        parts.settle(IMPORT, worker, chunk(number), worker)
    worker = parts.change(IMPORT, worker, staged=30, chunks=3)

    assert parts.suspect(IMPORT, worker, received) == in_doubt


def test_part_in_the_ledger_has_every_member(parts: PartStore, part: Part, table: Table) -> None:
    item = table.get(keys.part(IMPORT, 1))

    assert item is not None
    assert set(Part.__struct_fields__) <= set(item)
    assert parts.all(IMPORT) == [part]
    empty = Part(number=1, state="local", start={}, end={})
    assert {value for value in msgspec.to_builtins(empty).values() if value} == {1, "local"}
    assert (empty.attempt, empty.token, empty.given_up) == (1, "", "")
    zero = {n: v for n, v in msgspec.structs.asdict(empty).items() if isinstance(v, int)}
    assert {name for name, value in zero.items() if value} == {"number", "attempt"}


def test_chunks_of_a_part_are_its_own_in_their_order(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    written = [chunk(number, rows=number) for number in (1, 2, 10)]
    for one in written:
        parts.settle(IMPORT, worker, one, worker)
    other = msgspec.structs.replace(part, number=2)
    parts.begin(IMPORT, other, turn)
    parts.settle(IMPORT, other, chunk(1, rows=99), other)

    found = list(parts.chunks(IMPORT, 1))

    settled = [msgspec.structs.replace(one, state="settled") for one in written]
    assert found == settled
    assert parts.last_chunk(IMPORT, 1) == settled[-1]
    assert parts.last_chunk(IMPORT, 3) is None


@pytest.mark.parametrize("state", ["local", "staging", "staged", "executing", "finished"])
def test_parts_in_these_states_count(parts: PartStore, part: Part, state: str) -> None:
    changed = parts.change(IMPORT, part, state=state)

    assert parts.live(IMPORT) == [changed]
    assert parts.current(IMPORT, "dead", state) == changed  # type: ignore[arg-type]
    assert parts.current(IMPORT, "dead") is None


def test_current_part_is_the_one_begun_last(parts: PartStore, part: Part, turn: Turn) -> None:
    assert parts.current("imp-2", "staging") is None
    second = msgspec.structs.replace(part, number=2, state="staged")
    parts.begin(IMPORT, second, turn)

    assert parts.current(IMPORT, "staging") is None
    assert parts.current(IMPORT, "staged") == second


def test_taking_over_writes_epoch_and_lease(
    parts: PartStore, part: Part, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefdrop.ledger.parts.now_ms", lambda: 1_000)

    worker = parts.take_over(IMPORT, part, turn, 500)

    assert (worker.epoch, worker.lease_until) == (1, 1_500)
    assert parts.all(IMPORT) == [worker]


def test_lease_that_ends_now_may_be_taken(
    parts: PartStore, part: Part, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefdrop.ledger.parts.now_ms", lambda: 1_000)
    worker = parts.take_over(IMPORT, part, turn, 0)

    assert parts.take_over(IMPORT, worker, turn, 0).epoch == 2


def test_part_is_not_taken_without_the_turn(
    parts: PartStore, part: Part, turns: Turns, turn: Turn
) -> None:
    turns.hand_over(turn)

    with pytest.raises(Fenced):
        parts.take_over(IMPORT, part, turn, LEASE_MS)
    with pytest.raises(Fenced):
        parts.begin(IMPORT, msgspec.structs.replace(part, number=2), turn)
    assert parts.all(IMPORT) == [part]


def test_announcing_a_chunk_writes_it_with_lease_and_ghosts(
    parts: PartStore, part: Part, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefdrop.ledger.parts.now_ms", lambda: 1_000)
    worker = parts.take_over(IMPORT, part, turn, 0)
    ghostly = msgspec.structs.replace(worker, ghosts=1, ghost_until=9_000)

    after = parts.write_ahead(IMPORT, ghostly, chunk(), turn, 500)

    assert (after.lease_until, after.ghosts, after.ghost_until) == (1_500, 1, 9_000)
    assert parts.all(IMPORT) == [after]
    assert list(parts.chunks(IMPORT, 1)) == [chunk()]


def test_refused_chunk_writes_the_part_as_it_is_after(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    worker = parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)
    after = msgspec.structs.replace(worker, suspects=10)

    parts.refuse(IMPORT, worker, chunk(), after)

    assert parts.all(IMPORT) == [after]
    assert list(parts.chunks(IMPORT, 1)) == [chunk(state="refused")]


@pytest.mark.parametrize("settled", [False, True])
def test_chunk_that_is_not_being_sent_cannot_be_refused(
    parts: PartStore, part: Part, turn: Turn, settled: bool
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    if settled:
        parts.settle(IMPORT, worker, chunk(), worker)

    with pytest.raises(Fenced):
        parts.refuse(IMPORT, worker, chunk(), worker)
    assert [c.state for c in parts.chunks(IMPORT, 1)] == ["settled"] * settled


def test_worker_that_was_taken_over_can_refuse_nothing(
    parts: PartStore, part: Part, turn: Turn
) -> None:
    zombie = parts.take_over(IMPORT, part, turn, 0)
    zombie = parts.write_ahead(IMPORT, zombie, chunk(), turn, 0)
    parts.take_over(IMPORT, zombie, turn, LEASE_MS)

    with pytest.raises(Fenced):
        parts.refuse(IMPORT, zombie, chunk(), zombie)
    assert [c.state for c in parts.chunks(IMPORT, 1)] == ["posting"]


@pytest.mark.parametrize("changed", [{"lease_until": 5}, {"execute_until": 5}, {"epoch": 1}])
def test_fence_fails_once_a_worker_acted(
    parts: PartStore, part: Part, table: Table, changed: dict[str, int]
) -> None:
    fence = parts.fence(IMPORT, part)
    parts.change(IMPORT, part, **changed)

    with pytest.raises(ConditionFailed):
        table.transact(fence)


def test_fence_ends_a_worker_as_it_is(parts: PartStore, part: Part, table: Table) -> None:
    table.transact(parts.fence(IMPORT, part))

    assert parts.all(IMPORT)[0].epoch == 1
    with pytest.raises(Fenced):
        parts.change(IMPORT, part, state="staged")


def test_change_of_nothing_still_checks_the_fence(parts: PartStore, part: Part, turn: Turn) -> None:
    assert parts.change(IMPORT, part) == part
    parts.take_over(IMPORT, part, turn, 0)

    with pytest.raises(Fenced):
        parts.change(IMPORT, part)


def test_parts_without_a_retention_never_expire(
    table: Table, turns: Turns, turn: Turn, part: Part
) -> None:
    PartStore(table, turns).begin(IMPORT, msgspec.structs.replace(part, number=2), turn)

    item = table.get(keys.part(IMPORT, 2))

    assert item is not None
    assert "expires_at" not in item


def test_a_part_never_shows_its_token(part: Part) -> None:
    assert "secret-token" not in repr(part)


def test_parts_and_chunks_expire_with_the_stacks_retention(
    parts: PartStore, part: Part, turn: Turn, table: Table
) -> None:
    worker = parts.take_over(IMPORT, part, turn, LEASE_MS)
    parts.write_ahead(IMPORT, worker, chunk(), turn, LEASE_MS)

    items = list(table.query(keys.meta(IMPORT).pk))

    soon, late = (now_ms() // 1000 + days * 86_400 for days in (149, 151))
    assert [item["sk"][:5] for item in items] == ["CHUNK", "PART#"]
    assert all(soon < item["expires_at"] < late for item in items)
