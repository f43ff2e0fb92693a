"""A person is found by the id that an operator has, however the vendor wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from prefdrop.auditing.history import of_person
from prefdrop.ledger.clock import iso_of
from prefdrop.ledger.persons import Person
from tests.unit.auditing.receiver import NOW, Receiver, event, scan

NUMBER = 9100001


def found(receiver: Receiver, person: str, *, is_alternate_id: bool = False) -> list[str]:
    services = receiver.services
    events = of_person(services.audit, services.mentions, Person(person, is_alternate_id))
    return [one.event_id for one in events]


@pytest.mark.parametrize(
    "written",
    ["9100001", '"9100001"', "9100001.0", '" 9100001 "', '"009100001"', '"+9100001"', "9.100001e6"],
)
def test_profile_is_found_in_every_writing_of_its_id(receiver: Receiver, written: str) -> None:
    receiver.send(f'{{"EventId": "e-1", "ProfileId": {written}}}')

    for asked in ("9100001", " 9100001", "09100001"):
        assert found(receiver, asked) == ["e-1"]
    assert found(receiver, "9100002") == []


@pytest.mark.parametrize(
    ("written", "asked", "others"),
    [
        ('"C-000981"', "C-000981", ["C-00981", "c-000981", "981"]),
        ('"C-000981 "', "C-000981", ["C-00981"]),
        ('"000981"', "000981", ["981", "0981"]),
        ('"981"', "981", ["000981"]),
        ("981", "981", ["000981"]),
        ('"1.0"', "1.0", ["1"]),
        ('"ä b/ç#"', "ä b/ç#", ["ä"]),
        ('"' + "x" * 300 + '"', "x" * 300, ["x"]),
    ],
)
def test_alternate_id_is_found_letter_by_letter(
    receiver: Receiver, written: str, asked: str, others: list[str]
) -> None:
    receiver.send(f'{{"EventId": "e-1", "ProfileId": {written}}}')

    assert found(receiver, asked, is_alternate_id=True) == ["e-1"]
    assert [one for one in others if found(receiver, one, is_alternate_id=True)] == []


def test_event_says_whether_its_id_came_as_text(receiver: Receiver) -> None:
    """One person's number may be another's alternate id: both are listed, and told apart."""
    receiver.send([event("number", ProfileId=NUMBER), event("text", ProfileId=str(NUMBER))])
    services = receiver.services

    for person in (Person(str(NUMBER)), Person(str(NUMBER), is_alternate_id=True)):
        listed = of_person(services.audit, services.mentions, person)
        forms = {one.event_id: one.names_alternate_id for one in listed}
        assert forms == {"number": False, "text": True}


def test_events_of_both_writings_are_listed_in_order(receiver: Receiver) -> None:
    for n in range(6):
        at = iso_of(NOW - timedelta(hours=n))
        receiver.send(event(f"e-{n}", ProfileId=NUMBER if n % 2 else str(NUMBER), EventDate=at))

    assert found(receiver, str(NUMBER)) == [f"e-{n}" for n in range(6)]


@pytest.mark.parametrize("written", ["9100001", " 9100001", "0009100001", "C-000981"])
def test_item_of_the_version_before_is_found(receiver: Receiver, written: str) -> None:
    """It lies under the text as it came."""
    receiver.send(event("e-1", ProfileId=written))
    boto3.client("dynamodb").update_item(
        TableName="audit",
        Key={"pk": {"S": "e-1"}},
        UpdateExpression="SET gsi1pk = :old",
        ExpressionAttributeValues={":old": {"S": f"ALTERNATE#{written}"}},
    )

    assert found(receiver, written, is_alternate_id=True) == ["e-1"]
    assert found(receiver, written) == ["e-1"]


@pytest.mark.parametrize("way_round", [1, -1])
def test_person_named_in_both_forms_is_found_by_both(receiver: Receiver, way_round: int) -> None:
    for identity in (NUMBER, "C-000981")[::way_round]:
        receiver.send(event("e-1", ProfileId=identity))

    assert found(receiver, str(NUMBER)) == ["e-1"]
    assert found(receiver, "C-000981", is_alternate_id=True) == ["e-1"]
    assert receiver.exceptions() == []


def test_person_of_a_conflict_is_found_and_the_list_says_so(receiver: Receiver) -> None:
    receiver.send(event("e-1"))
    for _ in range(2):
        receiver.send(event("e-1", ProfileId=NUMBER, EventType="consent.removed"))
    services = receiver.services

    [one] = of_person(services.audit, services.mentions, Person(str(NUMBER)))

    assert (one.event_id, one.event_type, one.named_in) == ("e-1", "consent.removed", "conflict")


def test_mentions_are_bounded_in_time_and_sorted_in(receiver: Receiver) -> None:
    for n in range(4):
        at = iso_of(NOW - timedelta(hours=n))
        if n % 2:
            receiver.send(event(f"e-{n}", EventDate=at))
        receiver.send(event(f"e-{n}", ProfileId=NUMBER, EventDate=at))
    services, person = receiver.services, Person(str(NUMBER))
    since, until = (iso_of(NOW - timedelta(hours=n)) for n in (2, 0))

    listed = of_person(services.audit, services.mentions, person, since=since, until=until)

    assert found(receiver, str(NUMBER)) == ["e-0", "e-1", "e-2", "e-3"]
    assert [one.event_id for one in listed] == ["e-1", "e-2"]


def test_mention_holds_labels_alone_and_expires_with_the_event(receiver: Receiver) -> None:
    for identity in (NUMBER, "C-000981"):
        receiver.send(event("e-1", ProfileId=identity))

    [mention] = [item for item in scan("exceptions") if item["pk"].startswith("PERSON#")]
    assert "example.test" not in json.dumps(mention, default=str)
    [kept] = scan("audit")
    assert abs(mention["expires_at"] - kept["expires_at"]) < 60


def test_person_is_findable_though_the_mention_was_all_that_failed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender repeats what was answered 503; the repetition must not find all done."""
    receiver.send(event("e-1"))
    with monkeypatch.context() as broken:
        broken.setattr(receiver.services.mentions, "put", lambda *_: 1 / 0)
        receiver.send(event("e-1", ProfileId="C-000981"))
    receiver.send(event("e-1", ProfileId="C-000981"))

    assert found(receiver, "C-000981", is_alternate_id=True) == ["e-1"]


SHAPES: list[Any] = [
    NUMBER,
    str(NUMBER),
    f" {NUMBER}",
    float(NUMBER),
    "C-1",
    "",
    None,
    True,
    [1],
    {},
]


AROUND: list[Callable[[list[Any]], list[Any]]] = [
    lambda events: [events],
    lambda events: [{"Events": events}],
    lambda events: [[{"data": one} for one in events]],
    lambda events: events,
]
"""Ways to deliver events: an array, an object around it, envelopes, one by one."""


@pytest.mark.parametrize("around", AROUND, ids=["array", "object", "envelopes", "one by one"])
def test_every_shape_of_event_and_id_is_found_by_a_question(
    receiver: Receiver, around: Callable[[list[Any]], list[Any]]
) -> None:
    """By its person where it names one; by time and by its id in any case."""
    events = [
        event("x", ProfileId=identity) | {"EventId": event_id(n)}
        for event_id in (
            lambda n: f"e-{n}",
            lambda n: 17 + n,
            lambda n: f" {n} ",
            lambda n: "é" * n,
        )
        for n, identity in enumerate(SHAPES, start=490)
    ]

    for body in around(events):
        receiver.send(body)

    audit, ids = receiver.services.audit, {str(one["EventId"]) for one in events}
    listed = audit.between(iso_of(NOW), iso_of(NOW + timedelta(hours=1)))
    assert {one.event_id for one in listed} == ids
    assert {audit.get(one).event_id for one in ids} == ids
    for asked, shapes in (("9100001", SHAPES[:4]), ("C-1", SHAPES[4:5])):
        of_asked = {str(one["EventId"]) for one in events if one.get("ProfileId") in shapes}
        for is_alternate_id in (False, True):
            assert {*found(receiver, asked, is_alternate_id=is_alternate_id)} == of_asked
