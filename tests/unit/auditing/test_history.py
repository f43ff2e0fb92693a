"""What is kept is found again: by person, by time, by id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from prefdrop.auditing.history import conflicts_of, of_person, of_types, tell
from prefdrop.ledger.audit import UnknownEvent
from prefdrop.ledger.audited import AuditedEvent
from prefdrop.ledger.clock import iso_of
from prefdrop.ledger.persons import Person
from tests.unit.auditing.receiver import NOW, Receiver, event


def ago(**time: float) -> str:
    return iso_of(NOW - timedelta(**time))


def of(
    receiver: Receiver, id_: str, *, is_alternate_id: bool = False, **options: Any
) -> Iterator[AuditedEvent]:
    services, person = receiver.services, Person(id_, is_alternate_id)
    return of_person(services.audit, services.mentions, person, **options)


def ids(events: Iterable[AuditedEvent]) -> list[str]:
    return [one.event_id for one in events]


def test_a_persons_events_are_found_in_order_newest_first(receiver: Receiver) -> None:
    receiver.send(
        [
            event("older", EventDate=ago(hours=2)),
            event("newer", EventDate=ago(hours=1)),
            event("another's", ProfileId=1, EventDate=ago(hours=1)),
        ]
    )

    assert ids(of(receiver, "9100231")) == ["newer", "older"]
    assert ids(of(receiver, "9100231", newest_first=False)) == [
        "older",
        "newer",
    ]


def test_a_person_is_found_by_the_alternate_id_that_an_event_names(receiver: Receiver) -> None:
    receiver.send(event("e-1", ProfileId="C-000981"))

    found = of(receiver, "C-000981", is_alternate_id=True)
    assert ids(found) == ["e-1"]


def test_a_time_is_bounded_by_its_first_moment_and_before_its_last(receiver: Receiver) -> None:
    receiver.send([event(f"e-{n}", EventDate=ago(hours=n)) for n in (1, 2, 3)])
    audit = receiver.services.audit

    assert ids(of(receiver, "9100231", since=ago(hours=3), until=ago(hours=1))) == [
        "e-2",
        "e-3",
    ]
    assert ids(audit.between(ago(hours=2), ago(hours=0))) == ["e-1", "e-2"]


def test_reversed_bounds_ask_nothing_of_dynamodb(receiver: Receiver) -> None:
    receiver.send(event("e-1"))
    sent: list[object] = []
    client = receiver.services.audit._client
    name = "provide-client-params.dynamodb.Query"

    def note(params: object, **_: object) -> None:
        sent.append(params)

    client.meta.events.register(name, note)
    try:
        assert ids(of(receiver, "9100231", since=ago(hours=1), until=ago(hours=2))) == []
        assert ids(receiver.services.audit.between(ago(seconds=1), ago(seconds=2))) == []
    finally:
        client.meta.events.unregister(name, note)
    bounds = [one for one in sent if "BETWEEN" in str(one)]
    assert bounds == []  # AWS answers ValidationException


def test_all_events_since_are_read_in_order_over_days_and_partitions(receiver: Receiver) -> None:
    receiver.send([event(f"e-{n:02}", EventDate=ago(hours=n)) for n in range(60)])

    found = ids(receiver.services.audit.between(ago(days=3), ago(seconds=-1)))

    assert found == [f"e-{n:02}" for n in range(60)]
    forwards = receiver.services.audit.between(ago(days=3), ago(seconds=-1), newest_first=False)
    assert ids(forwards) == found[::-1]


@pytest.mark.parametrize("date", [None, "soon", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_an_event_with_no_likely_time_is_found_where_it_came(
    receiver: Receiver, date: str | None
) -> None:
    receiver.send(event("e-1", EventDate=date))

    found = receiver.services.audit.between(ago(minutes=5), iso_of(NOW + timedelta(1)))

    assert ids(found) == ["e-1"]


def test_types_are_asked_for_one_by_one_or_by_family(receiver: Receiver) -> None:
    kinds = ["consent.added", "consent.filterassociation.created", "preference.added", ""]
    receiver.send([event(f"e-{n}", EventType=kind) for n, kind in enumerate(kinds)])
    found = list(of(receiver, "9100231", newest_first=False))

    assert {one.event_type for one in of_types(found, ["consent"])} == set(kinds[:2])
    assert {one.event_type for one in of_types(found, ["Consent.Added", "preference.*"])} == {
        "consent.added",
        "preference.added",
    }
    assert len(list(of_types(found, []))) == 4


def test_a_list_says_what_and_when_and_the_event_itself_is_read_with_it(
    receiver: Receiver,
) -> None:
    bodies = [json.dumps(event(f"e-{n}")) for n in range(3)]
    for body in bodies:
        receiver.send(body)
    listed = list(of(receiver, "9100231", newest_first=False))

    raws = [receiver.services.audit.json_of(one).decode() for one in listed]

    assert [one.raw for one in listed] == ["", "", ""]
    assert {one.event_type for one in listed} == {"contacts.email.updated"}
    assert sorted(raws) == sorted(bodies)


def test_an_event_that_is_not_there_is_said_to_be_unknown(receiver: Receiver) -> None:
    with pytest.raises(UnknownEvent, match="backfill"):
        receiver.services.audit.get("e-1")


def test_neither_event_nor_exception_shows_its_content_by_itself(receiver: Receiver) -> None:
    receiver.send([event("e-1"), {"Data": "new@example.test"}])

    shown = repr([receiver.services.audit.get("e-1"), *receiver.exceptions()])

    assert "e-1" in shown
    assert "example.test" not in shown


def test_an_update_is_told_with_what_it_changed(receiver: Receiver) -> None:
    receiver.send(event("e-1"))

    told = tell(receiver.services.audit, receiver.services.audit.get("e-1"))

    assert told.event == event("e-1")
    assert [str(change) for change in told.changes] == [
        'EmailAddress: "old@example.test" → "new@example.test"'
    ]


def test_what_else_came_under_an_id_is_found_from_the_event(receiver: Receiver) -> None:
    receiver.send(event("e-1"))
    others = [json.dumps(event("e-1", Data={"version": n})) for n in (1, 2)]
    for other in [*others, json.dumps(event("e-2")), "no event"]:
        receiver.send(other)

    kept = receiver.services.audit.get("e-1")

    found = conflicts_of(receiver.services.event_exceptions, kept)
    assert [body and body.decode() for _, body in found] == others


def test_a_conflict_whose_object_is_gone_does_not_hide_the_others(receiver: Receiver) -> None:
    receiver.send(event("e-1"))
    for data in ({"Note": "x" * 300_000}, {"Note": "y"}):
        receiver.send(event("e-1", Data=data))
    [large] = [one for one in receiver.exceptions() if one.object_key]
    boto3.client("s3").delete_object(Bucket="bucket", Key=large.object_key)

    found = conflicts_of(receiver.services.event_exceptions, receiver.services.audit.get("e-1"))

    assert [body is None for _, body in found] == [True, False]
