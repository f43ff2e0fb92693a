"""Events that come over HTTP are kept and told on the bus; nothing else tells of them."""

from __future__ import annotations

import json
import threading
from typing import Any

from prefdrop_local.stack.table_requests import TableFaultError, TableRequest
from tests.integration.events.deliveries import Deliveries
from tests.unit.auditing.receiver import event, signature_headers
from tests.workbench import PATIENCE

PERSON = "ana.ruiz@example.test"


def test_a_delivery_is_kept_and_told_on_the_bus_without_its_content(
    deliveries: Deliveries,
) -> None:
    answer = deliveries.send(event("http-1", Data={"EmailAddress": PERSON}))

    assert (answer.status_code, answer.json()) == (200, {"received": 1, "stored": 1})
    told = deliveries.bench.wait_for(lambda: on_the_bus(deliveries, "http-1"))
    assert told["detail-type"] == "MyPreferencesEvent"
    assert told["detail"]["profile_id"] == "9100231"
    assert PERSON not in json.dumps(told)
    assert PERSON in deliveries.kept()["http-1"]["raw"]


def test_an_event_is_told_once_however_often_it_comes(deliveries: Deliveries) -> None:
    for _ in range(3):
        assert deliveries.send(event("http-2")).status_code == 200
    deliveries.send(event("http-3"))

    deliveries.bench.wait_for(lambda: on_the_bus(deliveries, "http-3"))
    assert deliveries.bench.stack.wait_for_pipes()
    seen = [one for one in told_on_the_bus(deliveries) if one["detail"]["event_id"] == "http-2"]
    assert len(seen) == 1


def test_strangers_and_wrong_forms_are_refused_over_http_too(deliveries: Deliveries) -> None:
    body = event("refused", Data={"EmailAddress": PERSON})
    before = deliveries.bench.logs()

    answers = [
        deliveries.send(body, key="wrong").status_code,
        deliveries.send(body, method="PUT").status_code,
        deliveries.send(body, content_type="text/plain").status_code,
        deliveries.send(event("refused", Data="x" * (1 << 20))).status_code,
    ]

    assert answers == [401, 405, 415, 413]
    assert "refused" not in deliveries.kept()
    told = deliveries.bench.logs()[len(before) :]
    assert PERSON not in told
    assert deliveries.key not in told


def test_a_body_of_any_encoding_comes_through(deliveries: Deliveries) -> None:
    text = json.dumps(event("http-utf16"))

    assert deliveries.send(text.encode("utf-16")).json() == {"received": 1, "stored": 1}
    assert deliveries.send(b"\xff\xfe\x00").json() == {"received": 1, "not_understood": 1}
    assert [bytes(one["body"]) for one in deliveries.aside()] == [b"\xff\xfe\x00"]


def test_a_handshake_is_answered_over_http(deliveries: Deliveries) -> None:
    validation = {
        "id": "1",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }

    asked = deliveries.send([validation])
    allowed = deliveries.send("", method="OPTIONS", webhook_request_origin="sender.example.test")

    assert asked.json() == {"validationResponse": "512d38b6"}
    assert allowed.headers["webhook-allowed-origin"] == "sender.example.test"


def test_a_store_that_fails_at_every_third_write_loses_nothing(deliveries: Deliveries) -> None:
    writes: list[TableRequest] = []
    table = deliveries.bench.stack.outputs["AuditTableName"]

    def fail(request: TableRequest) -> None:
        written = request.action == "PutItem" and request.body.get("TableName") == table
        if written and request.moment == "before":
            writes.append(request)
            if len(writes) % 3 == 0:
                raise TableFaultError("InternalServerError")

    body = [event(f"third-{n}") for n in range(20)]
    stop = deliveries.bench.stack.on_table_request(fail)
    try:
        statuses = [deliveries.send(body).status_code]
        while statuses[-1] != 200:
            statuses.append(deliveries.send(body).status_code)
    finally:
        stop()

    assert {f"third-{n}" for n in range(20)} <= set(deliveries.kept())
    assert set(statuses) <= {200, 503}


def test_key_and_secrets_are_changed_under_traffic_and_no_event_is_lost(
    deliveries: Deliveries,
) -> None:
    old = {"key": deliveries.key, "shared": "old", "signing": "whsec_b2xk"}
    new = {"key": "rotated-path-key-0002", "shared": "new", "signing": "whsec_bmV3"}
    deliveries.set_secret(**secret_of(old))
    knows, answers, stop, lock = [old], [], threading.Event(), threading.Lock()
    passed = threading.Semaphore(0)

    def send(sender: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            event_id = f"traffic-{sender}-{number}"
            answer = deliver(deliveries, event_id, knows[0])
            with lock:
                answers.append((event_id, answer))
            passed.release()

    def let_pass(count: int) -> None:
        for _ in range(count):
            assert passed.acquire(timeout=PATIENCE)

    senders = [threading.Thread(target=send, args=(n,)) for n in range(3)]
    for sender in senders:
        sender.start()
    try:
        let_pass(15)
        deliveries.set_secret(**secret_of(new, old))
        let_pass(15)
        knows[0] = new
        let_pass(15)
        deliveries.set_secret(**secret_of(new))
        let_pass(15)
    finally:
        stop.set()
        for sender in senders:
            sender.join()
        deliveries.set_secret()

    assert {status for _, status in answers} == {200}
    assert {event_id for event_id, _ in answers} <= set(deliveries.kept())


def deliver(deliveries: Deliveries, event_id: str, knows: dict[str, str]) -> int:
    body = json.dumps(event(event_id))
    headers = signature_headers(body, knows["signing"]) | {"x-webhook-secret": knows["shared"]}
    answer = deliveries.send(body, key=knows["key"], **headers)
    status: int = answer.status_code
    return status


def secret_of(now: dict[str, str], before: dict[str, str] | None = None) -> dict[str, Any]:
    both = [now, before] if before else [now]
    return {
        "key": now["key"],
        "previous_key": before["key"] if before else "",
        "shared_secrets": [one["shared"] for one in both],
        "signing_secrets": [one["signing"] for one in both],
    }


def told_on_the_bus(deliveries: Deliveries) -> list[dict[str, Any]]:
    return [one for one in deliveries.bench.events if one.get("source") == "prefdrop.events"]


def on_the_bus(deliveries: Deliveries, event_id: str) -> dict[str, Any] | None:
    found = (o for o in told_on_the_bus(deliveries) if o["detail"]["event_id"] == event_id)
    return next(found, None)


def test_person_is_found_by_the_command_in_every_form(deliveries: Deliveries) -> None:
    bare = {"Data": None, "PreviousData": None}
    for body in (
        event("form-1", ProfileId="9100777"),
        event("form-2", ProfileId=9100777, **bare),
        event("form-2", ProfileId="C-777", RecordedBy="x", **bare),
        event("form-3", ProfileId=9100777, **bare),
        event("form-3", ProfileId=9100777),
    ):
        assert deliveries.send(body).status_code == 200

    by_profile = asked(deliveries, "list", "--profile", "9100777")
    by_alternate_id = asked(deliveries, "list", "--alternate-id", "C-777")
    shown = asked(deliveries, "show", "form-3")

    assert {one["event_id"]: one["names_alternate_id"] for one in by_profile} == {
        "form-1": True,
        "form-2": False,
        "form-3": False,
    }
    [conflict] = by_alternate_id
    assert (conflict["event_id"], conflict["named_in"]) == ("form-2", "conflict")
    assert shown["event"] == event("form-3", ProfileId=9100777)
    assert [one["shown"] for one in shown["deliveries"]] == [False, True]
    text = deliveries.bench.prefdrop("events", "show", "form-3").stdout
    assert "the fullest of 2 deliveries" in text
    assert '"9100777"' in deliveries.bench.prefdrop("events", "list", "--profile", "9100777").stdout


def asked(deliveries: Deliveries, *arguments: str) -> Any:
    """What `prefdrop events` prints as JSON."""
    return json.loads(deliveries.bench.prefdrop("events", *arguments, "--json").stdout)
