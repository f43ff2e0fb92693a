"""One import at a time, in the order in which the files were dropped."""

from __future__ import annotations

import msgspec
import pytest

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
    turns.take_ticket(ticket("second", sequencer="00A1"))
    turns.take_ticket(ticket("first", sequencer="9F"))

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


def test_a_ticket_never_shows_its_token() -> None:
    assert "token-a" not in repr(ticket("a"))
