"""Whatever an answer is too much for, the vendor, its page or our memory, reading back goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from prefdrop.auditing import backfill_events
from prefdrop.auditing.backfill_windows import PROOFS, SHORTEST, Slices
from prefdrop.errors import PrefdropError
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences import NoAnswer, NotSent, ServerError, TooManyRequests
from prefdrop.mypreferences.errors import AnswerTooLarge
from prefdrop.mypreferences.events_retrieval import EventList
from prefdrop.services import Deadline
from tests.unit.auditing.account import HOUR, NOW, SCHEDULED, Account, read_back
from tests.unit.auditing.receiver import Context, Receiver, event, metric_values, scan


def busy(account: Account, around: datetime, *, bearable: timedelta, error: PrefdropError) -> None:
    """Let the account fail for what is asked around a moment, unless it is a shorter time."""
    ask = account.of_account

    def of_account(**which: Any) -> EventList:
        is_long = which["end_at"] - which["start_at"] > bearable
        if is_long and which["start_at"] <= around <= which["end_at"]:
            account.asked.append(("failed", which))
            raise error
        return ask(**which)

    account.of_account = of_account  # type: ignore[method-assign]


TOO_MUCH = [NoAnswer("timed out"), ServerError("503"), AnswerTooLarge("over 32 MB")]


@pytest.mark.parametrize("error", TOO_MUCH, ids=lambda error: error.code)
def test_a_time_that_the_vendor_cannot_answer_at_once_is_asked_for_in_shorter_ones(
    receiver: Receiver, account: Account, error: PrefdropError
) -> None:
    for hours in (9, 5, 2):
        account.happen(f"{hours} h ago", hours * HOUR)
    busy(account, NOW - 5 * HOUR, bearable=timedelta(minutes=20), error=error)

    answer = read_back(receiver, **SCHEDULED)

    assert (answer["next"], answer["missed"]) == ("done", 3)


def test_how_much_the_vendor_answers_is_remembered_by_the_readings_after(
    receiver: Receiver, account: Account
) -> None:
    """Each try costs minutes: a reading that had to find it out anew would never get through."""
    account.happen("busy", 5 * HOUR)
    busy(account, NOW - 5 * HOUR, bearable=timedelta(minutes=20), error=NoAnswer("timed out"))
    receiver.services.backfills.cover(iso_of(NOW - 6 * HOUR))

    errors = 0
    for _ in range(10):
        ticks = iter([900.0, 900.0, 60.0])  # each reading has time for two requests
        deadline = Deadline(Context())
        deadline.remaining = lambda ticks=ticks: next(ticks, 60.0)  # type: ignore[method-assign]
        try:
            backfill_events.run(receiver.services, SCHEDULED, deadline)
        except NoAnswer:
            errors += 1

    assert 0 < errors < 4
    assert read_back(receiver, **SCHEDULED)["next"] == "done"
    assert "busy" in receiver.events()


def test_by_hand_it_is_remembered_in_the_cursor(receiver: Receiver, account: Account) -> None:
    account.happen("busy", 5 * HOUR)
    busy(account, NOW - 5 * HOUR, bearable=HOUR, error=NoAnswer("timed out"))
    request: dict[str, Any] = {"since": iso_of(NOW - 6 * HOUR)}

    ticks = iter([900.0, 60.0])
    deadline = Deadline(Context())
    deadline.remaining = lambda: next(ticks)  # type: ignore[method-assign]
    stopped = backfill_events.run(receiver.services, request, deadline)
    account.asked.clear()
    answer = read_back(receiver, **request, cursor=stopped["cursor"])

    windows = [which["end_at"] - which["start_at"] for _, which in account.asked]
    assert (stopped["next"], answer["next"], answer["stored"]) == ("continue", "done", 1)
    assert max(windows) <= 3 * HOUR


@pytest.mark.parametrize("error", [TooManyRequests("429"), NotSent("no route")], ids=str)
def test_a_failure_that_has_another_cause_is_raised_at_once(
    receiver: Receiver, account: Account, error: PrefdropError
) -> None:
    busy(account, NOW - 5 * HOUR, bearable=SHORTEST, error=error)

    with pytest.raises(type(error)):
        read_back(receiver, **SCHEDULED)

    assert len([way for way, _ in account.asked if way == "failed"]) == 1


def test_a_second_that_cannot_be_answered_is_no_success(
    receiver: Receiver, account: Account
) -> None:
    busy(account, NOW - 5 * HOUR, bearable=timedelta(0), error=NoAnswer("timed out"))

    with pytest.raises(NoAnswer):
        read_back(receiver)


def test_slices_grow_again_when_the_vendor_has_recovered() -> None:
    window = Slices(NOW, NOW + 400 * HOUR, 6 * HOUR)
    window.fail()
    window.fail()
    lengths = []
    while not window.finished:
        lengths.append((window.end - window.at) / HOUR)
        window.advance()

    assert lengths[: PROOFS * 2 + 1] == [1.5] * PROOFS + [3.0] * PROOFS + [6.0]
    assert window.working is None


@pytest.mark.parametrize("page", [100, 250])
@pytest.mark.parametrize("says_more", [True, False], ids=["and says so", "in silence"])
def test_an_answer_that_is_cut_off_is_read_in_shorter_slices(
    receiver: Receiver, account: Account, page: int, says_more: bool
) -> None:
    account.page, account.says_more = page, says_more
    count = page + page // 10
    for n in range(count):
        account.happen(f"e-{n}", timedelta(hours=2, seconds=n))

    answer = read_back(receiver, since=iso_of(NOW - 4 * HOUR))

    assert (answer["next"], answer["cut_off"]) == ("done", 0)
    assert len(scan("audit")) == answer["missed"] == count


def test_what_is_no_event_counts_for_a_page_as_well(receiver: Receiver, account: Account) -> None:
    account.page, account.says_more = 100, False
    del account.happen("no id", 2 * HOUR + timedelta(minutes=1))["EventId"]
    for n in range(150):
        account.happen(f"e-{n}", 2 * HOUR - timedelta(seconds=n))

    read_back(receiver, since=iso_of(NOW - 4 * HOUR))

    assert len(scan("audit")) == 150


@pytest.mark.parametrize("says_more", [True, False], ids=["and says so", "in silence"])
def test_a_second_with_more_events_than_are_answered_is_told_and_does_not_stop_the_reading(
    receiver: Receiver, account: Account, says_more: bool, told: Callable[[], str]
) -> None:
    account.page, account.says_more = 100, says_more
    at = NOW - 3 * HOUR
    for n in range(130):
        account.held.append((at, event(f"e-{n}", EventDate=iso_of(at))))
    account.happen("afterwards", 2 * HOUR)

    answer = read_back(receiver)

    assert answer["next"] == "done"
    assert answer["cut_off"] >= 1
    assert len(scan("audit")) == 101
    log = told()
    assert sum(metric_values(log, "EventsCutOff")) == answer["cut_off"]
    assert '"message":"an answer looks cut off"' in log


@pytest.mark.parametrize("before", ["the schedule", "a cursor", "by hand"])
def test_a_gap_behind_what_the_vendor_keeps_is_told(
    receiver: Receiver, account: Account, before: str, told: Callable[[], str]
) -> None:
    long_ago = iso_of(NOW - timedelta(days=20))
    request: dict[str, Any] = SCHEDULED
    if before == "the schedule":
        receiver.services.backfills.cover(long_ago)
    elif before == "a cursor":
        request = {"cursor": {"at": long_ago, "until": iso_of(NOW)}}
    else:
        request = {"since": long_ago}

    answer = read_back(receiver, **request)

    assert (answer["next"], answer["cut_from"]) == ("done", long_ago)
    log = told()
    assert metric_values(log, "EventsOutOfReach") == [1]
    assert '"level":"ERROR"' in log


def test_no_gap_is_told_where_none_is(
    receiver: Receiver, account: Account, told: Callable[[], str]
) -> None:
    first, second = read_back(receiver, **SCHEDULED), read_back(receiver, **SCHEDULED)

    assert first["cut_from"] == second["cut_from"] == ""
    assert metric_values(told(), "EventsOutOfReach") == []


@settings(deadline=None)
@given(
    st.integers(1, 2_000),
    st.integers(60, 600),
    st.lists(st.sampled_from(["cut", "fail", ""]), max_size=40),
    st.integers(0, 2_000),
)
def test_slices_cover_the_window_without_a_gap_whatever_is_cut_off(
    seconds: int, longest: int, ways: list[str], seam: int
) -> None:
    until = NOW + timedelta(seconds=seconds)
    at_seam = NOW + timedelta(seconds=seam)
    window = Slices(NOW, until, timedelta(seconds=longest), seam=at_seam)
    read, way = [], iter(ways)

    while not window.finished:
        assert window.end - window.at <= timedelta(seconds=longest)
        what = next(way, "")
        if (what == "fail" and window.fail()) or window.shorten(0, has_more=what == "cut"):
            continue
        read.append((window.at, window.end))
        window.advance()

    assert (read[0][0], read[-1][1]) == (NOW, until)
    assert [end for _, end in read[:-1]] == [start for start, _ in read[1:]]
    assert seam >= seconds or at_seam in [NOW, *(end for _, end in read)]
