"""Events that no webhook brought are read back from the vendor, and counted once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from prefdrop.auditing import backfill_events, slices
from prefdrop.auditing.backfill_events import BackfillRefused, EventsNotKept
from prefdrop.auditing.slices import SHORTEST, Slices, TooManyEvents
from prefdrop.importing.services import Deadline
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences.events import parse_events
from prefdrop.mypreferences.events_retrieval import EventList
from tests.unit.auditing.receiver import Context, Receiver, event, metric_values, scan

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
SCHEDULED = {"detail-type": "Scheduled Event", "source": "aws.events"}


class Account:
    """The vendor's side: an account that holds events and answers at most `page` of them."""

    def __init__(self, page: int = 10_000) -> None:
        self.held: list[tuple[datetime, dict[str, Any]]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.page = page
        self.says_more = True
        self.events = self

    def happen(self, event_id: str, before: timedelta, **members: Any) -> dict[str, Any]:
        moment = NOW - before
        made = event(event_id, EventDate=iso_of(moment), **members)
        self.held.append((moment, made))
        return made

    def call(self, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def of_account(self, **which: Any) -> EventList:
        self.asked.append(("account", which))
        found = [e for moment, e in self.held if which["start_at"] <= moment <= which["end_at"]]
        parsed = parse_events(json.dumps(found[: self.page]).encode())
        more = self.says_more and len(found) > self.page
        return EventList(parsed.events, not_understood=parsed.not_understood, has_more=more)

    def of_profile(self, profile_id: int | str, **which: Any) -> EventList:
        found = self.of_account(**which)
        self.asked[-1] = (f"profile {profile_id}", which)
        return EventList(one for one in found if one.profile_id == profile_id)

    def of_subscription(self, subscription_id: int | str, **which: Any) -> EventList:
        found = self.of_account(**which)
        self.asked[-1] = (f"subscription {subscription_id}", which)
        return EventList(one for one in found if one.subscription_id == subscription_id)

    def get(self, event_id: str) -> Any:
        self.asked.append((f"event {event_id}", {}))
        one = next(one for _, one in self.held if one["EventId"] == event_id)
        return parse_events(json.dumps(one).encode()).events[0]


@pytest.fixture
def account(receiver: Receiver) -> Account:
    account = Account()
    receiver.services.vendor = account  # type: ignore[assignment]
    return account


def read_back(receiver: Receiver, seconds: float = 900, **request: Any) -> dict[str, Any]:
    return backfill_events.run(receiver.services, request, Deadline(Context(seconds)))


def test_what_no_webhook_brought_is_kept_and_counted(
    receiver: Receiver, account: Account, told: Callable[[], str]
) -> None:
    delivered = account.happen("delivered", 3 * HOUR)
    account.happen("missed", 2 * HOUR)
    receiver.send(delivered)

    answer = read_back(receiver, **SCHEDULED)

    assert (answer["next"], answer["found"], answer["stored"]) == ("done", 2, 1)
    assert answer["missed"] == 1
    assert sum(metric_values(told(), "EventsMissed")) == 1
    kept = receiver.events()
    assert (kept["missed"].source, kept["missed"].missed) == ("backfill", True)
    assert (kept["delivered"].source, kept["delivered"].missed) == ("webhook", False)


def test_reading_again_changes_and_counts_nothing(receiver: Receiver, account: Account) -> None:
    account.happen("missed", 1.5 * HOUR)
    read_back(receiver)
    before = scan("audit")

    again = read_back(receiver)

    assert (again["duplicate"], again["stored"], again["missed"]) == (1, 0, 0)
    assert scan("audit") == before


def test_a_young_event_is_kept_at_once_and_counted_only_if_its_webhook_stays_away(
    receiver: Receiver, account: Account
) -> None:
    comes = account.happen("comes late", timedelta(minutes=10))
    account.happen("never comes", timedelta(minutes=10))
    first = read_back(receiver)
    receiver.send(comes)

    later = Receiver(PREFDROP_BACKFILL_GRACE_SECONDS="300")
    later.services.vendor = account  # type: ignore[assignment]
    second = read_back(later)

    assert (first["stored"], first["missed"]) == (2, 0)
    assert (second["stored"], second["missed"]) == (0, 1)
    assert receiver.events()["never comes"].missed


def test_the_schedule_goes_on_where_it_ended_with_an_overlap(
    receiver: Receiver, account: Account
) -> None:
    read_back(receiver, **SCHEDULED)
    account.asked.clear()

    read_back(receiver, **SCHEDULED)

    start = account.asked[0][1]["start_at"]
    assert NOW - 3 * HOUR < start < NOW - HOUR


def test_a_window_asked_for_does_not_move_where_the_schedule_goes_on(
    receiver: Receiver, account: Account
) -> None:
    read_back(receiver, since=iso_of(NOW - 2 * HOUR), until=iso_of(NOW - HOUR))
    read_back(receiver, event_type="consent.updated")
    read_back(receiver, subscribed_only=False)

    assert scan("imports") == []


def test_the_whole_window_is_read_in_slices_that_touch(
    receiver: Receiver, account: Account
) -> None:
    read_back(receiver)

    windows = [(which["start_at"], which["end_at"]) for _, which in account.asked]
    assert all(end - start <= 6 * HOUR for start, end in windows)
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
    assert windows[0][0] > NOW - timedelta(days=15)
    assert windows[-1][1] >= NOW


@pytest.mark.parametrize("says_more", [True, False], ids=["and says so", "in silence"])
def test_an_answer_that_is_cut_off_is_read_in_shorter_slices(
    receiver: Receiver, account: Account, says_more: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "LIKELY_PAGE", 20)
    monkeypatch.setattr(slices, "ROUND", 10)
    account.page, account.says_more = 20, says_more
    for n in range(48):
        account.happen(f"e-{n}", timedelta(hours=3, seconds=n))

    answer = read_back(receiver, since=iso_of(NOW - 4 * HOUR))

    assert answer["next"] == "done"
    assert len(scan("audit")) == answer["missed"] == 48


def test_more_events_of_a_second_than_the_vendor_answers_are_not_passed_over(
    receiver: Receiver, account: Account
) -> None:
    account.page = 1
    for n in range(3):
        account.happen(f"e-{n}", 3 * HOUR)

    with pytest.raises(TooManyEvents, match="by profile"):
        read_back(receiver)


def test_time_that_is_up_is_no_loss(receiver: Receiver, account: Account) -> None:
    account.happen("first", timedelta(days=14))
    account.happen("last", HOUR * 2)
    ticks = iter([900.0, 900.0, *[60.0] * 5])
    deadline = Deadline(Context())
    deadline.remaining = lambda: next(ticks)  # type: ignore[method-assign]

    stopped = backfill_events.run(receiver.services, {}, deadline)
    answer = read_back(receiver, cursor=stopped["cursor"])

    assert (stopped["next"], answer["next"]) == ("continue", "done")
    assert answer["cursor"] == {}
    assert set(receiver.events()) == {"first", "last"}


def test_events_are_asked_for_by_profile_subscription_and_id(
    receiver: Receiver, account: Account
) -> None:
    account.happen("profile's", 2 * HOUR, ProfileId=7, SubscriptionId=1)
    account.happen("subscription's", 2 * HOUR, SubscriptionId=9)
    account.happen("asked for", 2 * HOUR, SubscriptionId=1)

    since = iso_of(NOW - 3 * HOUR)
    answers = [
        read_back(receiver, profile_id=7, since=since),
        read_back(receiver, subscription_id=9, since=since),
        read_back(receiver, event_id="asked for"),
    ]

    assert [(a["found"], a["missed"]) for a in answers] == [(1, 1), (1, 1), (1, 0)]
    assert len(scan("audit")) == 3
    assert [way for way, _ in account.asked] == ["profile 7", "subscription 9", "event asked for"]


def test_events_that_no_subscription_delivers_are_missed_by_nobody(
    receiver: Receiver, account: Account
) -> None:
    account.happen("unsubscribed", 2 * HOUR)

    answer = read_back(receiver, subscribed_only=False)

    assert (answer["stored"], answer["missed"]) == (1, 0)
    assert account.asked[0][1]["subscribed_only"] is False


def test_a_retrieved_event_may_say_more_than_a_delivered_one(
    receiver: Receiver, account: Account
) -> None:
    made = account.happen("e-1", 2 * HOUR, Links=["self"])
    receiver.send({name: value for name, value in made.items() if name != "Links"})

    answer = read_back(receiver)

    assert (answer["duplicate"], answer["conflict"]) == (1, 0)


def test_a_retrieved_event_brings_the_data_that_its_webhook_left_out(
    receiver: Receiver, account: Account
) -> None:
    made = account.happen("e-1", 2 * HOUR)
    receiver.send({n: v for n, v in made.items() if n not in ("Data", "PreviousData")})

    read_back(receiver)

    assert json.loads(receiver.services.audit.get("e-1").raw) == made


def test_what_is_no_event_is_kept_too(receiver: Receiver, account: Account) -> None:
    account.held.append((NOW - 2 * HOUR, {"Hello": "there"}))

    answer = read_back(receiver)

    assert answer["not_understood"] == 1
    assert receiver.kept_whole() == [b'{"Hello": "there"}']


def test_a_slice_that_is_not_kept_is_not_passed_over(
    receiver: Receiver, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")

    account.happen("e-1", 2 * HOUR)
    with monkeypatch.context() as broken:
        broken.setattr(receiver.services.audit, "put_once", fail)
        with pytest.raises(EventsNotKept):
            read_back(receiver)

    assert read_back(receiver)["stored"] == 1


@pytest.mark.parametrize(
    "request_",
    [
        {"profile": 7},
        {"since": "yesterday"},
        {"since": "2026-01-15T10:30:00"},
        {"since": iso_of(NOW), "until": iso_of(NOW - HOUR)},
        {"until": iso_of(NOW - timedelta(days=20))},
    ],
    ids=["unknown member", "no time", "no zone", "turned round", "too long ago"],
)
def test_what_cannot_be_read_back_is_refused_before_anything_is_asked(
    receiver: Receiver, account: Account, request_: dict[str, Any]
) -> None:
    with pytest.raises(BackfillRefused):
        read_back(receiver, **request_)

    assert account.asked == []


@settings(deadline=None)
@given(
    st.integers(1, 2_000),
    st.integers(60, 600),
    st.lists(st.booleans(), max_size=40),
)
def test_slices_cover_the_window_without_a_gap_whatever_is_cut_off(
    seconds: int, longest: int, cuts: list[bool]
) -> None:
    until = NOW + timedelta(seconds=seconds)
    window, read, cut = Slices(NOW, until, timedelta(seconds=longest)), [], iter(cuts)

    while not window.finished:
        assert window.end - window.at <= timedelta(seconds=longest)
        if window.end - window.at > SHORTEST and window.shorten([], has_more=next(cut, False)):
            continue
        read.append((window.at, window.end))
        window.advance()

    assert (read[0][0], read[-1][1]) == (NOW, until)
    assert [end for _, end in read[:-1]] == [start for start, _ in read[1:]]
