"""Events that no webhook brought are read back from the vendor, and counted once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from prefdrop.auditing import backfill_events
from prefdrop.auditing.backfill_windows import BackfillRefused
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences.events import NotUnderstood
from prefdrop.mypreferences.events_retrieval import EventList
from prefdrop.services import Deadline
from tests.unit.auditing.account import HOUR, NOW, SCHEDULED, Account, read_back
from tests.unit.auditing.receiver import Context, Receiver, metric_values, scan


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
    ways = [way for way, _ in account.asked]
    assert list(dict.fromkeys(ways)) == ["profile 7", "subscription 9", "event asked for"]


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

    audit = receiver.services.audit
    assert json.loads(audit.json_of(audit.get("e-1"))) == made


def test_what_an_answer_holds_beside_its_events_is_kept(
    receiver: Receiver, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = NotUnderstood(position=None, reason="More.", raw=b'{"Deleted": [1]}')
    monkeypatch.setattr(account, "of_account", lambda **_: EventList(around=beside))

    read_back(receiver)

    assert receiver.kept_whole() == [beside.raw]


def test_what_is_no_event_is_kept_too(receiver: Receiver, account: Account) -> None:
    account.held.append((NOW - 2 * HOUR, {"Hello": "there"}))

    answer = read_back(receiver)

    assert answer["not_understood"] == 1
    assert receiver.kept_whole() == [b'{"Hello": "there"}']


def test_what_is_no_event_and_too_large_for_an_item_lies_in_the_bucket(
    receiver: Receiver, account: Account
) -> None:
    large = {"Hello": "there" * 60_000}
    account.held.append((NOW - 2 * HOUR, large))

    read_back(receiver)

    [one] = receiver.exceptions()
    assert one.object_key.startswith("exceptions/")
    assert [json.loads(body) for body in receiver.kept_whole()] == [large]


def test_backfill_that_makes_no_sense_is_refused_unasked(
    subtests: pytest.Subtests, receiver: Receiver, account: Account
) -> None:
    for case, request_ in [
        ("unknown member", {"profile": 7}),
        ("no time", {"since": "yesterday"}),
        ("no zone", {"since": "2026-01-15T10:30:00"}),
        ("turned round", {"since": iso_of(NOW), "until": iso_of(NOW - HOUR)}),
        ("too long ago", {"until": iso_of(NOW - timedelta(days=20))}),
    ]:
        with subtests.test(case=case):
            with pytest.raises(BackfillRefused):
                read_back(receiver, **request_)

            assert account.asked == []
