"""What no webhook brought is counted once, whatever fails or is repeated meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from prefdrop.auditing.backfill_events import EventsNotKept
from prefdrop.errors import Transient
from prefdrop.ledger.audited import AuditedEvent
from prefdrop.ledger.clock import iso_of
from prefdrop.mypreferences.subscriptions_models import Subscription
from tests.unit.auditing.account import HOUR, NOW, SCHEDULED, Account, read_back
from tests.unit.auditing.receiver import Receiver, event, metric_values, scan

HERE = "https://api.example.test/webhooks/mypreferences/"
BROKEN = ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")


def failing_for(receiver: Receiver, event_id: str, patch: pytest.MonkeyPatch) -> None:
    put = receiver.services.audit.put_once

    def put_once(one: AuditedEvent) -> AuditedEvent | None:
        if one.event_id == event_id:
            raise BROKEN
        return put(one)

    patch.setattr(receiver.services.audit, "put_once", put_once)


def answers_lost(monkeypatch: pytest.MonkeyPatch, operation: str, table: str) -> None:
    """Let each call reach the table twice, as the AWS client does when the answer gets lost."""
    client = boto3.client("dynamodb")
    call = getattr(client, operation)

    def twice(**request: Any) -> Any:
        if request["TableName"] == table:
            call(**request)
        return call(**request)

    monkeypatch.setattr(client, operation, twice)


def test_a_slice_that_is_not_kept_is_not_passed_over_and_its_counts_are_not_lost(
    receiver: Receiver, account: Account, monkeypatch: pytest.MonkeyPatch, told: Callable[[], str]
) -> None:
    receiver.send(event("changed", EventDate=iso_of(NOW - 3 * HOUR)))
    account.happen("changed", 3 * HOUR, Data={"other": 1})
    account.held.append((NOW - 3 * HOUR, {"No": "event"}))
    for n in range(3):
        account.happen(f"missed-{n}", 3 * HOUR)
    with monkeypatch.context() as broken:
        failing_for(receiver, "missed-1", broken)
        with pytest.raises(EventsNotKept):
            read_back(receiver, **SCHEDULED)

    again = read_back(receiver, **SCHEDULED)

    assert (again["stored"], again["missed"], again["conflict"]) == (1, 1, 0)
    log = told()
    for name, counted in (("EventsMissed", 3), ("EventConflicts", 1), ("EventsNotUnderstood", 1)):
        assert sum(metric_values(log, name)) == counted


def test_an_event_whose_own_writing_was_repeated_is_counted(
    receiver: Receiver, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.happen("small", 3 * HOUR)
    account.happen("large", 3 * HOUR, Data={"Note": "x" * 300_000})
    with monkeypatch.context() as lossy:
        answers_lost(lossy, "put_item", "audit")
        answer = read_back(receiver, **SCHEDULED)

    assert (answer["stored"], answer["missed"]) == (2, 2)
    assert read_back(receiver, since=iso_of(NOW - 4 * HOUR))["missed"] == 0


def test_an_event_that_is_marked_as_missed_twice_over_is_counted_once(
    receiver: Receiver, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.happen("young at first", HOUR / 2)
    read_back(receiver, **SCHEDULED)
    later = Receiver(PREFDROP_BACKFILL_GRACE_SECONDS="60")
    later.services.vendor = account  # type: ignore[assignment]
    with monkeypatch.context() as lossy:
        answers_lost(lossy, "update_item", "audit")
        first = read_back(later)

    assert (first["missed"], read_back(later)["missed"]) == (1, 0)


def test_something_else_whose_own_writing_was_repeated_is_counted(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, told: Callable[[], str]
) -> None:
    receiver.send(event("e-1"))
    answers_lost(monkeypatch, "put_item", "exceptions")

    receiver.send([7, event("e-1", Data={"other": 1})])

    log = told()
    assert metric_values(log, "EventsNotUnderstood") == [1]
    assert metric_values(log, "EventConflicts") == [1]


def test_a_mistake_of_ours_that_cannot_even_be_set_aside_hides_nothing_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, told: Callable[[], str]
) -> None:
    receiver.send(event("e-1"))
    put = receiver.services.event_exceptions.put_once

    def put_once(one: Any) -> bool:
        if one.code == "EventNotStorable":
            raise BROKEN
        return put(one)

    monkeypatch.setattr(receiver.services.event_exceptions, "put_once", put_once)
    audit_put = receiver.services.audit.put_once
    monkeypatch.setattr(
        receiver.services.audit,
        "put_once",
        lambda one: 1 / 0 if one.event_id == "boom" else audit_put(one),
    )

    answer = receiver.send([event("e-1", Data={"other": 1}), event("boom")])

    assert answer["statusCode"] == 503
    assert metric_values(told(), "EventConflicts") == [1]


def test_keeping_leaves_time_for_the_counts(receiver: Receiver, account: Account) -> None:
    account.happen("e-1", 3 * HOUR)
    seen: list[float] = []
    keep = receiver.services.keeper.keep

    def watched(items: Any, origin: Any, remaining: Callable[[], float]) -> Any:
        seen.append(remaining())
        return keep(items, origin, remaining)

    receiver.services.keeper.keep = watched  # type: ignore[method-assign]
    read_back(receiver, seconds=900)

    assert max(seen) <= 880


@pytest.mark.parametrize("date", [None, "soon", "0001-01-01T00:00:00Z"])
def test_an_event_that_does_not_say_when_it_occurred_is_missed_like_any_other(
    receiver: Receiver, account: Account, date: str | None
) -> None:
    account.held.append((NOW - 5 * HOUR, event("old", EventDate=date)))
    account.held.append((NOW - HOUR / 2, event("young", EventDate=date)))

    first, again = read_back(receiver, **SCHEDULED), read_back(receiver, **SCHEDULED)

    assert (first["missed"], again["missed"]) == (1, 0)
    assert receiver.events()["old"].missed


def test_an_event_of_unknown_time_is_counted_when_its_webhook_stayed_away(
    receiver: Receiver, account: Account
) -> None:
    account.held.append((NOW - HOUR / 2, event("young", EventDate=None)))
    read_back(receiver, **SCHEDULED)

    later = Receiver(PREFDROP_BACKFILL_GRACE_SECONDS="60")
    later.services.vendor = account  # type: ignore[assignment]

    assert (read_back(later)["missed"], read_back(later)["missed"]) == (1, 0)


def test_events_without_a_time_are_counted_as_its_assumed_name_may_be_wrong(
    receiver: Receiver, account: Account, told: Callable[[], str]
) -> None:
    account.held.append((NOW - 5 * HOUR, event("e-1")))
    account.happen("e-2", 5 * HOUR)
    read = read_back(receiver)
    receiver.send([event("e-3"), event("e-4", EventDate=iso_of(NOW))])

    assert read["without_time"] == 1
    assert metric_values(told(), "EventsWithoutTime") == [1, 1]


def subscription(number: int, url: str) -> Subscription:
    return Subscription(id=number, url=url)


def test_events_that_are_delivered_elsewhere_are_not_missed_here(
    receiver: Receiver, account: Account
) -> None:
    receiver = Receiver(PREFDROP_WEBHOOK_URL=HERE)
    receiver.services.vendor = account  # type: ignore[assignment]
    account.subscribed = [
        subscription(1, HERE + "key"),
        subscription(2, "https://b.example.test/x"),
    ]
    account.happen("ours", 3 * HOUR, SubscriptionId=1)
    account.happen("elsewhere", 3 * HOUR, SubscriptionId=2)
    account.happen("of one that was deleted", 3 * HOUR, SubscriptionId=3)
    account.happen("of none", 3 * HOUR, SubscriptionId=None)

    first, again = read_back(receiver, **SCHEDULED), read_back(receiver, **SCHEDULED)

    assert (first["stored"], first["missed"], again["missed"]) == (4, 3, 0)
    assert not receiver.events()["elsewhere"].missed


def test_all_events_count_where_subscriptions_cannot_be_read(
    receiver: Receiver,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    told: Callable[[], str],
) -> None:
    def fail() -> Any:
        raise Transient("503")

    receiver = Receiver(PREFDROP_WEBHOOK_URL=HERE)
    receiver.services.vendor = account  # type: ignore[assignment]
    monkeypatch.setattr(account, "list", fail)
    account.happen("e-1", 3 * HOUR, SubscriptionId=2)

    assert read_back(receiver)["missed"] == 1
    assert "events of every subscription count" in told()


def test_subscriptions_are_asked_for_once_in_a_run(receiver: Receiver, account: Account) -> None:
    receiver = Receiver(PREFDROP_WEBHOOK_URL=HERE)
    receiver.services.vendor = account  # type: ignore[assignment]
    asked: list[int] = []
    account.list = lambda: asked.append(1) or ()  # type: ignore[method-assign,assignment,func-returns-value]

    read_back(receiver)

    assert len(asked) == 1
    assert scan("audit") == []
