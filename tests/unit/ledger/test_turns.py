"""One import at a time, in the order in which the files were dropped."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from boto3.dynamodb.conditions import Attr

from prefdrop.ledger import keys
from prefdrop.ledger.table import ConditionFailed, LedgerBusy, Table
from prefdrop.ledger.turns import Ticket, Turn, TurnLost, Turns


def ticket(name: str, *, dropped_at: str = "2026-01-15T10:30:00Z", **changes: object) -> Ticket:
    base = Ticket(
        execution=name,
        import_id=f"imp-{name}",
        token=f"token-{name}",
        dropped_at=dropped_at,
        sequencer="0001",
        taken_at=1,
    )
    return msgspec.structs.replace(base, **changes)


def test_nobody_holds_a_turn_that_was_never_given(turns: Turns) -> None:
    assert turns.holder() == Turn()


def test_the_turn_goes_to_the_file_that_was_dropped_first(turns: Turns) -> None:
    turns.take_ticket(ticket("late", dropped_at="2026-01-15T10:30:02Z"))
    turns.take_ticket(ticket("early", dropped_at="2026-01-15T10:30:01Z"))

    given = turns.hand_over(turns.holder())

    assert given is not None
    assert given.execution == "early"
    assert turns.holder() == given


def test_versions_of_one_key_go_in_the_order_of_their_sequencer(turns: Turns) -> None:
    turns.take_ticket(ticket("second", sequencer="009F"))
    turns.take_ticket(ticket("first", sequencer="009E12"))

    assert [t.execution for t in turns.queue()] == ["first", "second"]


def test_a_retried_ticket_keeps_its_place_and_gets_the_new_token(turns: Turns) -> None:
    turns.take_ticket(ticket("a", taken_at=1))
    turns.take_ticket(ticket("b", taken_at=2))

    turns.take_ticket(ticket("a", taken_at=3, token="new"))

    assert [(t.execution, t.token) for t in turns.queue()] == [("a", "new"), ("b", "token-b")]


def test_of_two_that_hand_the_same_turn_over_only_one_succeeds(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    seen = turns.holder()

    first, second = turns.hand_over(seen), turns.hand_over(seen)

    assert first is not None
    assert second is None


def test_a_turn_passed_on_is_not_given_back_to_its_holder(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    held = turns.hand_over(turns.holder())
    assert held is not None

    free = turns.hand_over(held)

    assert free is not None
    assert free.execution == ""


def test_each_hand_over_raises_the_epoch(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    first = turns.hand_over(turns.holder())
    assert first is not None
    second = turns.hand_over(first)
    assert second is not None

    assert (first.epoch, second.epoch) == (1, 2)


def test_the_next_holder_may_not_begin_while_a_worker_of_the_last_may_still_send(
    turns: Turns,
) -> None:
    turns.take_ticket(ticket("a"))
    held = turns.hand_over(turns.holder())
    assert held is not None
    turns.take_ticket(ticket("b", taken_at=2))

    after = turns.hand_over(held, not_before=5_000)

    assert after is not None
    assert (after.execution, after.not_before) == ("b", 5_000)


def test_an_execution_without_the_turn_is_told_so(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    turns.hand_over(turns.holder())

    with pytest.raises(TurnLost, match="does not hold the turn"):
        turns.require("b")


def test_telling_is_acknowledged_only_for_the_turn_that_was_told(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    told = turns.hand_over(turns.holder())
    assert told is not None
    turns.hand_over(told)

    turns.acknowledge(told)

    assert not turns.holder().acknowledged


def test_acknowledged_turn_is_otherwise_unchanged(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    given = turns.hand_over(turns.holder(), not_before=7)
    assert given is not None

    turns.acknowledge(given)

    assert turns.holder() == msgspec.structs.replace(given, acknowledged=True)


def test_holder_in_the_ledger_has_every_member(
    turns: Turns, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefdrop.ledger.turns.now_ms", lambda: 1_000)
    turns.take_ticket(ticket("a"))

    turns.hand_over(turns.holder(), not_before=7)

    item = table.get(keys.turn_holder("DEMO_CLIENT"))
    assert item is not None
    assert {name: item[name] for name in Turn.__struct_fields__} == {
        "execution": "a",
        "import_id": "imp-a",
        "epoch": 1,
        "since": 1_000,
        "not_before": 7,
        "acknowledged": False,
    }


def test_ticket_in_the_ledger_reads_back_the_same(turns: Turns) -> None:
    taken = ticket("a")

    turns.take_ticket(taken)

    assert turns.queue() == [taken]


def test_tickets_of_one_time_and_sequencer_go_by_their_taking(turns: Turns) -> None:
    for name, taken_at in (("b", 2), ("a", 1), ("c", 10)):
        turns.take_ticket(ticket(name, taken_at=taken_at))

    assert [t.execution for t in turns.queue()] == ["a", "b", "c"]


def test_dropped_ticket_leaves_the_queue(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    turns.take_ticket(ticket("b"))

    turns.drop_ticket("a")
    turns.drop_ticket("unknown")

    assert [t.execution for t in turns.queue()] == ["b"]


def test_later_of_two_times_to_begin_counts(turns: Turns) -> None:
    held = turns.hand_over(turns.holder(), not_before=9)
    assert held is not None

    after = turns.hand_over(held, not_before=5)

    assert after is not None
    assert after.not_before == 9


def test_fence_that_does_not_hold_passes_no_turn(turns: Turns, table: Table) -> None:
    turns.take_ticket(ticket("a"))
    held = turns.hand_over(turns.holder())
    assert held is not None
    broken = table.check_write(keys.meta("imp-a"), Attr("import_id").exists())

    with pytest.raises(LedgerBusy):
        turns.hand_over(held, broken)
    assert turns.holder() == held


def test_fence_is_written_with_the_turn(turns: Turns, table: Table) -> None:
    fence = table.put_write(keys.meta("imp-a"), {"import_id": "imp-a"})

    turns.hand_over(turns.holder(), fence)

    assert table.get(keys.meta("imp-a")) is not None


def test_token_of_a_holder_that_left_is_empty(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    held = turns.hand_over(turns.holder())
    assert held is not None
    assert turns.tokens_of(held.execution) == ["token-a"]

    turns.drop_ticket("a")

    assert turns.tokens_of(held.execution) == []


def test_ticket_without_a_token_has_an_empty_one(turns: Turns) -> None:
    turns.take_ticket(ticket("a", token=""))
    held = turns.hand_over(turns.holder())
    assert held is not None

    assert turns.tokens_of(held.execution) == []


def test_turn_that_is_required_is_the_holders(turns: Turns) -> None:
    turns.take_ticket(ticket("a"))
    held = turns.hand_over(turns.holder())

    assert turns.require("a") == held


@pytest.mark.parametrize("change", [{"execution": "b"}, {"epoch": 2}])
def test_turn_that_changed_fails_its_check(
    turns: Turns, table: Table, change: dict[str, Any]
) -> None:
    turns.take_ticket(ticket("a"))
    held = turns.hand_over(turns.holder())
    assert held is not None
    table.transact(turns.check(held))

    with pytest.raises(ConditionFailed):
        table.transact(turns.check(msgspec.structs.replace(held, **change)))


def test_a_ticket_never_shows_its_token() -> None:
    assert "token-a" not in repr(ticket("a"))
