"""The webhook keeps each event once, and says what it has kept only when it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from prefdrop.auditing.keeping import by
from prefdrop.ledger import audit
from prefdrop.ledger.audited import AuditedEvent
from prefdrop.mypreferences.events import parse_events
from tests.unit.auditing.receiver import (
    NOW,
    Receiver,
    answer_of,
    create_audit_table,
    event,
    forget,
    metric_values,
    scan,
)


def test_an_event_is_kept_with_everything_it_said(receiver: Receiver) -> None:
    body = json.dumps(event("e-1", EventDate="2026-01-15T10:29:58.120Z", Unknown=[1, {"a": None}]))

    answer = receiver.send(body)

    kept = receiver.services.audit.get("e-1")
    assert answer["statusCode"] == 200
    assert receiver.services.audit.json_of(kept).decode() == body
    assert (kept.event_type, kept.entity) == ("contacts.email.updated", "Contacts")
    assert (kept.profile_id, kept.subscription_id) == ("9100231", "42")
    assert (kept.source, kept.occurred_at) == ("webhook", "2026-01-15T10:29:58.120Z")
    assert kept.delivered_at == kept.received_at


def test_an_array_is_kept_event_by_event(receiver: Receiver) -> None:
    answer = receiver.send([event(f"e-{n}") for n in range(40)])

    assert answer_of(answer) == {"received": 40, "stored": 40}
    assert len(receiver.events()) == 40


def test_an_event_that_comes_again_is_answered_alike_and_kept_once(receiver: Receiver) -> None:
    receiver.send(event("e-1"))

    again = receiver.send(event("e-1"))

    assert again["statusCode"] == 200
    assert answer_of(again) == {"received": 1, "duplicate": 1}
    assert len(scan("audit")) == 1
    assert receiver.exceptions() == []


def test_one_array_may_hold_an_event_twice(receiver: Receiver) -> None:
    answer = receiver.send([event("e-1"), event("e-2"), event("e-1")])

    assert answer_of(answer) == {"received": 3, "stored": 2, "duplicate": 1}


def test_event_delivered_again_with_other_notes_is_no_conflict(
    subtests: pytest.Subtests, receiver: Receiver
) -> None:
    for case, other in [
        ("subscription", {"SubscriptionId": 43}),
        ("language", {"Name": "E-Mail geändert", "Description": "Eine Adresse wurde geändert"}),
        ("queued later", {"CreateDate": "2026-01-15T10:31:00Z"}),
        ("alternate id", {"ProfileId": "C-000981"}),
        ("minimised", {"Data": None, "PreviousData": None}),
        ("without data", {"Data": None}),
        ("with empty data", {"Data": {}}),
        ("without what was before", {"PreviousData": None}),
        (
            "a whole number as a float",
            {"Data": {"EmailAddress": "new@example.test", "Version": 1.0}},
        ),
    ]:
        with subtests.test(case=case):
            forget()
            receiver.send(event("e-1", Data={"EmailAddress": "new@example.test", "Version": 1}))
            if "Data" not in other:
                other = {**other, "Data": {"EmailAddress": "new@example.test", "Version": 1}}

            answer = receiver.send(event("e-1", **other))

            assert answer_of(answer) == {"received": 1, "duplicate": 1}


def test_neither_order_nor_white_space_makes_another_event(receiver: Receiver) -> None:
    members = event("e-1", Data={"a": 1, "b": [{"c": 2, "d": 3}]})
    receiver.send(json.dumps(members))

    turned = dict(reversed(members.items())) | {"Data": {"b": [{"d": 3, "c": 2}], "a": 1}}
    answer = receiver.send(json.dumps(turned, indent=3))

    assert answer_of(answer) == {"received": 1, "duplicate": 1}


def test_other_event_under_the_same_id_is_kept_and_counted(
    subtests: pytest.Subtests, receiver: Receiver, told: Callable[[], str]
) -> None:
    for other in [
        {"Data": {"EmailAddress": "other@example.test"}},
        {"PreviousData": {"EmailAddress": "other@example.test"}},
        {"EventType": "contacts.email.deleted"},
        {"Entity": "Consents"},
        {"ProfileId": 9100232},
        {"EventDate": "2026-01-15T10:29:59Z"},
        {"Unknown": "new"},
    ]:
        with subtests.test(other=other):
            forget()
            told()
            receiver.send(event("e-1"))
            body = json.dumps(event("e-1", **other))

            first, again = receiver.send(body), receiver.send(body)

            assert answer_of(first) == {"received": 1, "conflict": 1}
            assert answer_of(again) == {"received": 1, "duplicate": 1}
            [conflict] = receiver.exceptions()
            assert (conflict.code, conflict.event_id) == ("EventConflict", "e-1")
            assert receiver.kept_whole() == [body.encode()]
            assert metric_values(told(), "EventConflicts") == [1]


def test_of_two_deliveries_that_lack_different_parts_both_are_kept(receiver: Receiver) -> None:
    receiver.send(event("e-1", Data=None))
    other = json.dumps(event("e-1", PreviousData=None))

    assert answer_of(receiver.send(other)) == {"received": 1, "conflict": 1}
    assert receiver.kept_whole() == [other.encode()]


def test_an_event_too_large_for_an_item_lies_in_the_bucket(receiver: Receiver) -> None:
    body = json.dumps(event("e-1", Data={"Note": "x" * 400_000}))

    answers = [receiver.send(body), receiver.send(body)]

    kept = receiver.services.audit.get("e-1")
    day = kept.received_at[:10].replace("-", "/")
    assert [answer_of(answer) for answer in answers] == [
        {"received": 1, "stored": 1},
        {"received": 1, "duplicate": 1},
    ]
    assert kept.object_key.startswith(f"audit/{day}/")
    assert kept.raw == ""
    assert receiver.services.audit.json_of(kept).decode() == body


def test_a_large_body_that_is_no_event_lies_in_the_bucket_to_the_byte(receiver: Receiver) -> None:
    body = b"\xff" * 900_000

    receiver.send(body)

    [one] = receiver.exceptions()
    assert one.object_key.startswith("exceptions/")  # events live longer than what is none
    assert (one.size, receiver.kept_whole()) == (900_000, [body])


def test_what_is_no_event_is_counted_and_kept_once_a_day(
    receiver: Receiver, told: Callable[[], str]
) -> None:
    for _ in range(3):
        assert receiver.send("no event")["statusCode"] == 200

    [one] = receiver.exceptions()
    assert (one.code, one.reason) == ("EventNotUnderstood", "It is not JSON.")
    assert metric_values(told(), "EventsNotUnderstood") == [1]


def test_events_expire_as_the_setting_says(aws: None) -> None:
    Receiver(PREFDROP_AUDIT_DAYS="30").send(event("e-1"))
    Receiver(PREFDROP_AUDIT_DAYS="0").send(event("e-2"))

    kept = {item["pk"]: item for item in scan("audit")}
    assert days_left(kept["e-1"]) == 30
    assert "expires_at" not in kept["e-2"]


@pytest.mark.parametrize(("audit_days", "lives"), [("400", 400), ("0", None)])
def test_a_conflict_is_kept_as_long_as_the_event_that_it_contradicts(
    aws: None, audit_days: str, lives: int | None
) -> None:
    receiver = Receiver(PREFDROP_AUDIT_DAYS=audit_days, PREFDROP_RETENTION_DAYS="31")
    receiver.send([event("e-1"), "no event"])
    receiver.send([event("e-1", Data={"Note": "x" * 300_000}), "x" * 300_000])

    aside = [item for item in scan("exceptions") if "code" in item]
    kept = {(item["code"], "object_key" in item): item for item in aside}
    conflict = kept["EventConflict", True]
    assert conflict["object_key"].startswith("audit/")
    assert days_left(conflict) == lives
    for large in (True, False):
        assert days_left(kept["EventNotUnderstood", large]) == 31


def days_left(item: dict[str, Any]) -> int | None:
    expires = item.get("expires_at")
    return expires and round((expires - NOW.timestamp()) / 86_400)


def test_nothing_is_acknowledged_that_the_store_did_not_take(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = receiver.services.audit.put_once, count()

    def every_third_fails(one: AuditedEvent) -> Any:
        if next(calls) % 3 == 0:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")
        return put(one)

    monkeypatch.setattr(receiver.services.audit, "put_once", every_third_fails)
    body = [event(f"e-{n}") for n in range(30)]
    answers = []
    while not answers or answers[-1] != 200:
        answers.append(receiver.send(body)["statusCode"])

    assert set(answers) == {503, 200}
    assert len(scan("audit")) == 30


def test_a_store_that_is_gone_is_answered_with_a_request_to_come_again(
    receiver: Receiver,
) -> None:
    boto3.client("dynamodb").delete_table(TableName="audit")
    try:
        answer = receiver.send(event("e-1"))
    finally:
        create_audit_table()

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"] == "10"


def test_what_is_not_written_in_time_is_asked_for_again(receiver: Receiver) -> None:
    answer = receiver.send([event(f"e-{n}") for n in range(5)], seconds=2)

    assert answer["statusCode"] == 503
    assert scan("audit") == []


def test_an_event_that_dynamodb_refuses_is_kept_aside_and_not_sent_for_ever(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "ValidationException"}}, "PutItem")

    monkeypatch.setattr(receiver.services.audit, "put_once", refuse)
    answer = receiver.send(event("e-1"))

    assert answer["statusCode"] == 200
    assert [one.code for one in receiver.exceptions()] == ["EventNotStorable"]


def test_a_mistake_of_ours_neither_loses_an_event_nor_has_it_sent_for_ever(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, told: Callable[[], str]
) -> None:
    monkeypatch.setattr(audit.AuditStore, "put_once", lambda *_: 1 / 0)
    body = json.dumps(event("e-1"))

    answer = receiver.send(body)

    assert answer["statusCode"] == 200
    assert receiver.kept_whole() == [body.encode()]
    log = told()
    assert "ZeroDivisionError" in log
    assert "new@example.test" not in log


def test_an_event_read_back_first_is_marked_when_its_webhook_comes(receiver: Receiver) -> None:
    items = parse_events(json.dumps(event("e-1")).encode()).items
    receiver.services.keeper.keep(items, by("backfill"), lambda: 60)
    assert receiver.services.audit.get("e-1").delivered_at == ""

    receiver.send(event("e-1", Unknown="only in webhooks"))

    kept = receiver.services.audit.get("e-1")
    assert (kept.source, kept.delivered_at != "") == ("backfill", True)
    assert receiver.exceptions() == []


def test_what_is_no_event_and_stands_in_an_array_twice_is_kept_once(receiver: Receiver) -> None:
    answer = receiver.send([[], event("e-1"), [], []])

    assert answer_of(answer) == {"received": 4, "stored": 1, "not_understood": 1, "duplicate": 2}
    assert receiver.kept_whole() == [b"[]"]


def test_many_things_that_are_no_events_are_kept_together_and_not_sent_for_ever(
    receiver: Receiver,
) -> None:
    junk = [f"no event {n}" for n in range(3_000)]
    body = [*junk[:10], event("e-1"), *junk[10:]]

    first, again = receiver.send(body), receiver.send(body)

    assert answer_of(first) == {"received": 3_001, "stored": 1, "not_understood": 1}
    assert answer_of(again) == {"received": 3_001, "duplicate": 2}
    [whole] = receiver.kept_whole()
    assert json.loads(whole) == junk
