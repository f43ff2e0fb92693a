"""A sender that makes sure of our consent gets the answer that its protocol asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.auditing.receiver import Receiver, answer_of, event, scan

VALIDATION = {
    "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
    "topic": "topic",
    "subject": "",
    "data": {
        "validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6",
        "validationUrl": "https://sender.example.test/validate?id=1",
    },
    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
    "eventTime": "2026-01-15T10:30:00Z",
    "dataVersion": "1",
}
ANSWER = {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}


@pytest.mark.parametrize(
    "body",
    [
        [VALIDATION],
        VALIDATION,
        {name.title(): value for name, value in VALIDATION.items()},
    ],
    ids=["array", "object", "other case"],
)
def test_an_event_grid_validation_is_answered_with_its_code(receiver: Receiver, body: Any) -> None:
    answer = receiver.send(body, headers={"aeg-event-type": "SubscriptionValidation"})

    assert (answer["statusCode"], answer_of(answer)) == (200, ANSWER)
    assert answer["headers"]["content-type"] == "application/json"
    assert scan("audit") == scan("exceptions") == []


@pytest.mark.parametrize(
    "members",
    [{}, {"Data": {"EmailAddress": "new@example.test"}}, {"eventId": "e-2"}],
    ids=["an event", "an event with data", "two ids"],
)
def test_validation_with_an_event_id_is_kept(receiver: Receiver, members: dict[str, Any]) -> None:
    body = json.dumps({**VALIDATION, "EventId": "e-1", **members})

    answer = receiver.send(body)

    assert answer["statusCode"] == 200
    kept = [one.raw.encode() for one in receiver.events().values()]
    assert [*kept, *receiver.kept_whole()] == [body.encode()]


def test_validation_with_an_event_id_is_answered_too(receiver: Receiver) -> None:
    answer = receiver.send({**VALIDATION, "EventId": "e-1"})

    assert answer_of(answer) == ANSWER
    assert list(receiver.events()) == ["e-1"]


def test_events_beside_a_validation_are_kept(receiver: Receiver) -> None:
    answer = receiver.send([event("e-1"), VALIDATION])

    assert answer_of(answer) == ANSWER
    assert list(receiver.events()) == ["e-1"]


def test_a_cloud_events_sender_is_allowed_any_rate(receiver: Receiver) -> None:
    answer = receiver.send(
        method="OPTIONS",
        headers={"webhook-request-origin": "sender.example.test", "webhook-request-rate": "120"},
    )

    assert answer["statusCode"] == 200
    assert answer["headers"]["webhook-allowed-origin"] == "sender.example.test"
    assert answer["headers"]["webhook-allowed-rate"] == "*"
    assert answer["headers"]["allow"] == "POST, OPTIONS"


def test_an_origin_that_is_no_name_is_not_repeated(receiver: Receiver) -> None:
    answer = receiver.send(method="OPTIONS", headers={"webhook-request-origin": "a\r\nx-b: c"})

    assert answer["headers"]["webhook-allowed-origin"] == "*"


def test_challenge_in_the_query_is_echoed_as_plain_text(
    subtests: pytest.Subtests, receiver: Receiver
) -> None:
    for method in ["GET", "POST"]:
        for name in ["validationToken", "hub.challenge", "challenge"]:
            with subtests.test(method=method, name=name):
                answer = receiver.send(method=method, query={name: "Validation: 7a&<b>"})

                assert scan("exceptions") == []

                assert (answer["statusCode"], answer["body"]) == (200, "Validation: 7a&<b>")
                assert answer["headers"]["content-type"].startswith("text/plain")
                assert answer["headers"]["x-content-type-options"] == "nosniff"


def test_a_challenge_in_the_body_is_echoed(receiver: Receiver) -> None:
    answer = receiver.send({"type": "url_verification", "challenge": "3eZbrw1aB"})

    assert answer_of(answer) == {"challenge": "3eZbrw1aB"}
    assert scan("exceptions") == []


@pytest.mark.parametrize("name", ["validationToken", "hub.challenge", "challenge"])
def test_a_delivery_to_an_address_with_a_challenge_is_a_delivery(
    receiver: Receiver, name: str
) -> None:
    answer = receiver.send(event("e-1"), query={name: "abc"})

    assert answer_of(answer) == {"received": 1, "stored": 1}
    assert list(receiver.events()) == ["e-1"]


@pytest.mark.parametrize(
    "more",
    [
        {"notifications": [event("e-1")]},
        {"Data": {"a": 1}},
        {"payload": json.dumps([event()] * 40)},
    ],
    ids=["an array", "an object", "a long text"],
)
def test_what_comes_with_a_challenge_is_kept(receiver: Receiver, more: dict[str, Any]) -> None:
    body = json.dumps({"challenge": "3eZbrw1aB", **more})

    answer = receiver.send(body)

    assert answer_of(answer) == {"challenge": "3eZbrw1aB"}
    assert receiver.kept_whole() == [body.encode()]


@pytest.mark.parametrize("name", ["note", "Note"])
def test_challenge_with_a_member_twice_is_kept(receiver: Receiver, name: str) -> None:
    """A reader sees only the last member of a name, which may hide an event."""
    body = f'{{"challenge": "3eZbrw1aB", "{name}": {{"Consent": "revoked"}}, "note": 1}}'

    receiver.send(body)

    assert receiver.kept_whole() == [body.encode()]


def test_what_comes_with_a_validation_is_kept(receiver: Receiver) -> None:
    body = json.dumps({**VALIDATION, "more": [event("e-1")]})

    answer = receiver.send(body)

    assert answer_of(answer) == ANSWER
    assert receiver.kept_whole() == [body.encode()]


def test_an_event_that_speaks_of_a_challenge_is_an_event(receiver: Receiver) -> None:
    receiver.send(event("e-1", challenge="x", Data={"challenge": "y", "validationCode": "z"}))

    assert list(receiver.events()) == ["e-1"]


@pytest.mark.parametrize("value", ["", "x" * 1_001, "a\nb", "ü"])
def test_nothing_else_is_echoed(receiver: Receiver, value: str) -> None:
    assert receiver.send(method="GET", query={"challenge": value})["statusCode"] == 405


def test_a_handshake_needs_the_key_alone_and_brings_nothing_in(receiver: Receiver) -> None:
    """A sender that signs its deliveries may well not sign its handshake."""
    receiver.set_secret(shared_secrets=["shared-secret-0001"], signing_secrets=["whsec_b2xk"])

    assert answer_of(receiver.send([VALIDATION])) == ANSWER
    assert receiver.send(method="OPTIONS")["statusCode"] == 200
    assert receiver.send([VALIDATION, event("e-1")])["statusCode"] == 401
    assert receiver.send([VALIDATION], key="wrong")["statusCode"] == 401
    assert scan("audit") == scan("exceptions") == []
