"""A delivery that was answered 2xx stays as it came, whatever comes under its id afterwards."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from prefdrop.auditing.history import tell
from prefdrop.auditing.keeping import by
from prefdrop.ledger.audited import Delivery, Source
from prefdrop.mypreferences.events import parse_events
from tests.unit.auditing.receiver import Receiver, answer_of, event, forget
from tests.unit.auditing.test_missed import answers_lost

BARE = {"Data": None, "PreviousData": None}


def deliver(receiver: Receiver, source: Source, body: str) -> None:
    if source == "webhook":
        assert receiver.send(body)["statusCode"] == 200
    else:
        items = parse_events(body.encode()).items
        receiver.services.keeper.keep(items, by("backfill"), lambda: 60)


def kept_bodies(receiver: Receiver) -> list[str]:
    """Every body that is kept under the id e-1, however it is kept."""
    audit = receiver.services.audit
    deliveries = [body for _, body in tell(audit, audit.get("e-1")).deliveries]
    return [body.decode() for body in (*deliveries, *receiver.kept_whole()) if body is not None]


@pytest.mark.parametrize("bare", [BARE, {"Data": None}, {"Data": {}}, {"PreviousData": None}])
def test_fuller_delivery_is_kept_beside_the_first(receiver: Receiver, bare: dict[str, Any]) -> None:
    first, fuller = json.dumps(event("e-1", **bare)), json.dumps(event("e-1"))
    receiver.send(first)

    answers = [answer_of(receiver.send(body)) for body in (fuller, first, fuller)]

    assert answers == [{"received": 1, "duplicate": 1}] * 3
    kept = receiver.services.audit.get("e-1")
    assert kept.raw == first
    assert [one.raw for one in kept.beside] == [fuller]
    assert tell(receiver.services.audit, kept).event == event("e-1")


def test_forged_data_replaces_nothing_and_true_data_is_kept(receiver: Receiver) -> None:
    first = json.dumps(event("e-1", **BARE))
    forged = json.dumps(event("e-1", Data={"EmailAddress": "forged@example.test"}))
    true = json.dumps(event("e-1"))

    answers = [answer_of(receiver.send(body)) for body in (first, forged, true)]

    assert answers[2] == {"received": 1, "conflict": 1}
    assert receiver.services.audit.get("e-1").raw == first
    assert kept_bodies(receiver) == [first, forged, true]


def test_read_back_erases_no_member_of_a_delivery(receiver: Receiver) -> None:
    delivered = json.dumps(event("e-1", **BARE, DecidedBy="web form"))
    whole = json.dumps(event("e-1", RecordedBy="somebody"))
    receiver.send(delivered)
    deliver(receiver, "backfill", whole)

    assert answer_of(receiver.send(delivered)) == {"received": 1, "duplicate": 1}
    assert kept_bodies(receiver) == [delivered, whole]


def test_delivery_after_a_read_back_is_kept_as_it_came(receiver: Receiver) -> None:
    read, delivered = json.dumps(event("e-1")), json.dumps(event("e-1", DecidedBy="web form"))
    deliver(receiver, "backfill", read)
    receiver.send(delivered)
    other = json.dumps(event("e-1", DecidedBy="forged"))

    assert answer_of(receiver.send(delivered)) == {"received": 1, "duplicate": 1}
    assert answer_of(receiver.send(other)) == {"received": 1, "conflict": 1}
    assert kept_bodies(receiver) == [read, delivered, other]


def test_delivery_like_its_read_back_is_what_later_ones_must_be(receiver: Receiver) -> None:
    deliver(receiver, "backfill", json.dumps(event("e-1")))
    receiver.send(event("e-1"))

    assert answer_of(receiver.send(event("e-1", DecidedBy="forged")))["conflict"] == 1


def test_data_that_come_in_two_steps_are_both_kept(receiver: Receiver) -> None:
    bodies = [
        json.dumps(event("e-1", **BARE)),
        json.dumps(event("e-1", PreviousData=None)),
        json.dumps(event("e-1")),
    ]
    for body in bodies:
        receiver.send(body)

    assert kept_bodies(receiver) == bodies
    assert receiver.services.audit.json_of(receiver.services.audit.get("e-1")).decode() == bodies[2]


@pytest.mark.parametrize("size", [9_000, 11_000, 300_000])
def test_fuller_delivery_of_any_size_is_read_again(receiver: Receiver, size: int) -> None:
    first = json.dumps(event("e-1", Data=None, Note="y" * 240_000))
    fuller = json.dumps(event("e-1", Data={"Note": "x" * size}, Note="y" * 240_000))
    receiver.send(first)

    deliver(receiver, "backfill", fuller)

    assert kept_bodies(receiver) == [first, fuller]


def test_fuller_delivery_written_twice_is_kept_once(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The AWS client repeats a request whose answer got lost."""
    first, fuller = json.dumps(event("e-1", **BARE)), json.dumps(event("e-1"))
    receiver.send(first)
    with monkeypatch.context() as lossy:
        answers_lost(lossy, "update_item", "audit")
        answer = receiver.send(fuller)

    assert answer_of(answer) == {"received": 1, "duplicate": 1}
    assert kept_bodies(receiver) == [first, fuller]


@pytest.mark.parametrize(
    "person", [{"ProfileId": 7}, {"ProfileId": "C-1"}, {"ProfileId": None}], ids=str
)
def test_another_identity_under_one_id_is_a_conflict(
    receiver: Receiver, person: dict[str, Any]
) -> None:
    bodies = [json.dumps(event("e-1", ProfileId=n)) for n in (9100231, "C-000981")]
    bodies.append(json.dumps(event("e-1", **person)))
    answers = [answer_of(receiver.send(body)) for body in bodies]

    assert [answer.get("conflict", 0) for answer in answers] == [0, 0, 1]
    assert kept_bodies(receiver) == bodies


def test_someone_named_after_no_one_is_a_conflict(receiver: Receiver) -> None:
    for identity in (7, "C-1"):
        forget()
        receiver.send(event("e-1", ProfileId=None))

        assert answer_of(receiver.send(event("e-1", ProfileId=identity)))["conflict"] == 1


def test_long_ids_that_differ_behind_are_a_conflict(receiver: Receiver) -> None:
    receiver.send(event("e-1", ProfileId="C" * 300 + "1"))

    assert answer_of(receiver.send(event("e-1", ProfileId="C" * 300 + "2")))["conflict"] == 1


VARIANTS: list[dict[str, Any]] = [
    {},
    BARE,
    {"Data": None},
    {"PreviousData": None},
    {"Data": {"EmailAddress": "other@example.test"}},
    {"ProfileId": "C-000981"},
    {"ProfileId": 7},
    {"ProfileId": None},
    {"EventType": "contacts.email.deleted"},
    {"DecidedBy": "web form"},
]
"""What may come under one id; each says something that one of the others does not."""


@pytest.mark.parametrize("source", ["webhook", "backfill"])
def test_every_pair_of_deliveries_is_kept_as_it_came(
    subtests: pytest.Subtests, receiver: Receiver, source: Source
) -> None:
    pairs = {
        f"e-{n}-{m}": (first, then)
        for (n, first), (m, then) in product(enumerate(VARIANTS), repeat=2)
    }
    rounds = [
        [json.dumps(event(event_id, **pair[at])) for event_id, pair in pairs.items()]
        for at in (0, 1)
    ]
    deliver(receiver, source, f"[{','.join(rounds[0])}]")
    deliver(receiver, "webhook", f"[{','.join(rounds[1])}]")

    aside = [body.decode() for body in receiver.kept_whole()]
    audit = receiver.services.audit
    for (event_id, (first, then)), *bodies in zip(pairs.items(), *rounds, strict=True):
        with subtests.test(event_id):
            deliveries = tell(audit, audit.get(event_id)).deliveries
            kept = [body.decode() for _, body in deliveries if body is not None]
            assert kept[0] == bodies[0]
            assert bodies[1] in kept + aside or says_less(then, first)


def says_less(then: dict[str, Any], first: dict[str, Any]) -> bool:
    """Whether a delivery only leaves out data which the first one has."""
    left_out = {name for name, value in then.items() if value is None}
    return left_out <= {"Data", "PreviousData"} and all(
        then.get(name) == first.get(name) for name in {*then, *first} - left_out
    )


def test_delivery_shows_nothing_of_the_event_by_itself() -> None:
    one = Delivery(received_at="2026-01-15", source="webhook", bytes=9, raw="ana@example.test")

    assert "example.test" not in repr(one)
