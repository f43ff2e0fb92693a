"""Whatever is sent, the receiver answers it, keeps it or refuses it, and tells nothing of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from tests.unit.auditing.receiver import KEY, Receiver, event, forget, http_event, scan

MARK = "marked-content-of-a-person"
NAMES = [*event(), "Events", "events", "eventid", "EventDate", "CreateDate", "challenge", "type"]
NAMES += ["validationCode", "data", "\x00", MARK]

texts = st.text(max_size=8) | st.just(MARK) | st.just(f"2026-{MARK}")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=20,
)
events = st.dictionaries(st.sampled_from(NAMES), values).map(lambda more: {**event(), **more})
documents = (values | events | st.lists(events | values, max_size=12)).map(json.dumps)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A body with some bytes taken out and others put in."""
    body = draw(documents).encode()
    at = draw(st.integers(0, len(body)))
    gone = draw(st.integers(0, 4))
    return body[:at] + draw(st.binary(max_size=4)) + body[at + gone :]


encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"])
bodies = (
    st.binary(max_size=60)
    | broken()
    | st.builds(lambda text, name: text.encode(name, "replace"), documents, encodings)
)
headers = st.dictionaries(
    st.sampled_from(
        ["content-type", "content-encoding", "webhook-id", "webhook-signature", "x-webhook-secret"]
    )
    | st.text(max_size=8),
    st.sampled_from(["application/json", "application/json;charset=utf-16", MARK]) | texts,
    max_size=4,
)
PARTS = ["requestContext", "headers", "pathParameters", "queryStringParameters", "body"]
PARTS += ["isBase64Encoded", "http", MARK]
AS_FIXTURES_ARE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(suppress_health_check=AS_FIXTURES_ARE)
@given(bodies)
def test_every_body_is_kept_or_answered_and_none_is_told(
    receiver: Receiver, told: Callable[[], str], body: bytes
) -> None:
    forget()

    answer = receiver.send(body)

    assert answer["statusCode"] == 200
    assert MARK not in told()
    claims = json.loads(answer["body"])
    if "received" in claims:
        assert len(scan("audit")) == claims.get("stored", 0)
        assert len(receiver.exceptions()) == sum(
            claims.get(name, 0) for name in ("not_understood", "conflict")
        )


@settings(suppress_health_check=AS_FIXTURES_ARE)
@given(
    method=st.sampled_from(["POST", "GET", "OPTIONS", "PUT", ""]) | st.text(max_size=5),
    key=st.sampled_from([KEY, KEY.upper(), MARK]) | st.text(max_size=10),
    headers=headers,
    query=st.dictionaries(st.sampled_from(["challenge", "validationToken", "x"]), texts),
    body=st.none() | texts | documents,
    is_base64=st.booleans(),
)
def test_every_request_gets_an_answer_that_is_no_fault_of_ours(
    receiver: Receiver,
    told: Callable[[], str],
    method: str,
    key: str,
    headers: dict[str, str],
    query: dict[str, str],
    body: str | None,
    is_base64: bool,
) -> None:
    request: dict[str, Any] = http_event(None, key=key, method=method, query=query)
    request |= {"headers": headers, "body": body, "isBase64Encoded": is_base64}

    answer = receiver.invoke(request)

    assert answer["statusCode"] < 500
    assert MARK not in told()
    if answer["statusCode"] >= 400:
        assert MARK not in answer["body"]


@settings(suppress_health_check=AS_FIXTURES_ARE)
@given(st.dictionaries(st.sampled_from(PARTS), values))
def test_what_is_not_even_an_http_request_is_refused(
    receiver: Receiver, request_: dict[str, Any]
) -> None:
    assert receiver.invoke(request_)["statusCode"] == 405


def test_base64_is_only_a_way_to_carry_a_body(receiver: Receiver) -> None:
    body = json.dumps(event("e-1"))

    receiver.invoke(http_event(body))
    request = http_event(body) | {
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }

    assert json.loads(receiver.invoke(request)["body"]) == {"received": 1, "duplicate": 1}
