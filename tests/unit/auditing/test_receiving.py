"""The webhook takes events, keeps each once, and keeps whole what it does not understand."""

from __future__ import annotations

import json

from tests.unit.auditing.receiver import Receiver, answer_of, event


def test_one_event_is_kept_with_everything_it_said(receiver: Receiver) -> None:
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
