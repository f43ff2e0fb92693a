"""What is wrong with a request, what it is answered, and what is kept of it.

A refused request (4xx) leaves nothing. What was let in is kept: as an event, or to the byte among
the exceptions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from tests.unit.auditing.receiver import (
    KEY,
    NOW,
    Receiver,
    event,
    forget,
    http_event,
    scan,
    signature_headers,
)

PERSON = "ana.ruiz@example.test"
SHARED = "shared-secret-0001"
SIGNING = "whsec_c2lnbmluZy1zZWNyZXQtMDAwMQ=="
SENT = int(NOW.timestamp())
GOOD = event("e-1", Data={"EmailAddress": PERSON})
TEXT = json.dumps(GOOD)


class Case(NamedTuple):
    """One request and what it leads to. `aside` are the things kept whole, in any order."""

    name: str
    status: int
    request: dict[str, Any]
    events: Sequence[str] = ()
    aside: Sequence[bytes] = ()
    secret: Mapping[str, Any] = {}
    sources: str = ""


def sent(body: Any = TEXT, **options: Any) -> dict[str, Any]:
    text = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
    return http_event(text, **options)


def headers(**named: str) -> dict[str, dict[str, str]]:
    return {"headers": {name.replace("_", "-"): value for name, value in named.items()}}


def signed(body: str = TEXT, **options: Any) -> dict[str, Any]:
    return sent(body, headers=signature_headers(body, SIGNING, **{"at": SENT, **options}))


def nested(depth: int) -> str:
    return json.dumps(GOOD)[:-1] + ', "Deep": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


SIGNED = {"signing_secrets": [SIGNING]}
TWO_SIGNED = {"signing_secrets": ["whsec_bmV3LXNlY3JldA==", SIGNING]}
SHARED_ONLY = {"shared_secret_header": "X-Prefdrop-Secret", "shared_secrets": [SHARED]}
TWO_SHARED = {"shared_secret_header": "X-Prefdrop-Secret", "shared_secrets": ["new", SHARED]}

REFUSED = [
    Case("a wrong path key", 401, sent(key="wrong")),
    Case("a key that is right but for its last letter", 401, sent(key=KEY[:-1] + "2")),
    Case("a longer key that begins with the right one", 401, sent(key=KEY + "x")),
    Case("an empty key", 401, sent(key="")),
    Case("a key of no ASCII", 401, sent(key="schlüssel-ключ")),
    Case("no path parameters at all", 401, sent() | {"pathParameters": None}),
    Case("an event that is no HTTP request", 405, {"Records": []}),
    Case("GET", 405, sent(None, method="GET")),
    Case("PUT", 405, sent(method="PUT")),
    Case("DELETE", 405, sent(method="DELETE")),
    Case("PATCH", 405, sent(method="PATCH")),
    Case("HEAD", 405, sent(None, method="HEAD")),
    Case("OPTIONS with a wrong key", 401, sent(None, method="OPTIONS", key="wrong")),
    Case("a challenge with a wrong key", 401, sent(query={"challenge": "x"}, key="wrong")),
    Case("plain text", 415, sent(**headers(content_type="text/plain"))),
    Case("a form", 415, sent(**headers(content_type="application/x-www-form-urlencoded"))),
    Case("XML", 415, sent("<event/>", **headers(content_type="application/xml"))),
    Case("a compressed body", 415, sent(b"\x1f\x8b\x08", **headers(content_encoding="gzip"))),
    Case("a body over 1 MB", 413, sent(json.dumps(event(Data="x" * (1 << 20))))),
    Case("a base64 body over 1 MB decoded", 413, sent(b"[" + b" " * (1 << 20) + b"]")),
    Case("a body that claims base64 and is not", 400, sent() | {"isBase64Encoded": True}),
    Case("a source outside the list", 403, sent(source="198.51.100.1"), sources="192.0.2.0/24"),
    Case("no source where a list is", 403, sent(source=""), sources="192.0.2.0/24"),
    Case("no shared secret", 401, sent(), secret=SHARED_ONLY),
    Case("a wrong one", 401, sent(**headers(x_prefdrop_secret="wrong")), secret=SHARED_ONLY),
    Case("a blank one", 401, sent(**headers(x_prefdrop_secret="")), secret=TWO_SHARED),
    Case("no signature", 401, sent(), secret=SIGNED),
    Case(
        "a forged signature",
        401,
        sent(headers=signature_headers(TEXT, "whsec_Zm9yZ2Vk", at=SENT)),
        secret=SIGNED,
    ),
    Case(
        "a signature of another body",
        401,
        sent(TEXT, headers=signature_headers("{}", SIGNING, at=SENT)),
        secret=SIGNED,
    ),
    Case("a signature replayed after six minutes", 401, signed(at=SENT - 360), secret=SIGNED),
    Case("a signature six minutes in the future", 401, signed(at=SENT + 360), secret=SIGNED),
    Case("a time stamp that is no number", 401, signed(at="soon"), secret=SIGNED),
    Case("a time stamp in other digits", 401, signed(at="\u0661\u0667" * 5), secret=SIGNED),
    Case("an endless time stamp", 401, signed(at="9" * 5_000), secret=SIGNED),
    Case("a signature of another version", 401, signed(version="v1a"), secret=SIGNED),
    Case("a signature without its message id", 401, signed(message_id=""), secret=SIGNED),
    Case(
        "a secret that is empty but for its prefix",
        503,
        sent(headers=signature_headers(TEXT, "whsec_", at=SENT)),
        secret={"signing_secrets": ["whsec_"]},
    ),
]

KEPT_WHOLE = [
    "",
    " \r\n",
    "not json",
    '{"EventId": "e-1"',
    "{'EventId': 'e-1'}",
    '{"EventId": "e-1",}',
    '{"EventId": "e-1", "Data": NaN}',
    '{"EventId": "e-1", "Data": 1e999}',
    '{"EventId": "e-1", "Data": "\\ud800"}',
    '{"EventId": "e\x00-1"}',
    '{"EventId": "e-1"}{"EventId": "e-2"}',
    '[{"EventId": "e-1"}, {"EventId": "e-2"',
    "null",
    "42",
    '"text"',
    "{}",
    json.dumps({"Hello": PERSON}),
    json.dumps(event(EventId="")),
    json.dumps(event(EventId="   ")),
    json.dumps(event(EventId=None)),
    json.dumps(event(EventId={"a": 1})),
    json.dumps(event(EventId=True)),
    json.dumps(event("e" * 600)),
    '{"EventId": 1.5}',
    '{"EventId": 17.0}',
    '{"EventId": 12345678901234567890123.0}',
    '{"EventId": "x", "EventId": "e-1"}',
    '{"EventId": "e-1", "ProfileId": 1, "profileId": 2}',
    '{"EventId": "e-1", "Data": {"a": 2}, "Data": {"a": 1}}',
    '{"EventId": "e-1", "Data": {"a": [{"b": 1, "b": 2}]}}',
    '{"data": {"EventId": "e-1", "profileId": 2, "ProfileID": 1}}',
    '{"Events": [{"EventId": "e-1"}], "events": [{"EventId": "e-2"}]}',
    '{"Events": [{"EventId": "e-1"}], "Events": [{"EventId": "e-2"}]}',
    '{"Events": [], "Other": {"Consent": "revoked"}}',
    '{"challenge": 7, "notifications": []}',
    nested(65),
    nested(5_000),
]
"""Bodies that are no event: each is kept to the byte and answered 200."""

BESIDE_EVENTS = [
    '[{"EventId": "e-2"}]',
    '{"EventId": "e-2"}',
    '{"Consent": "revoked"}',
    "[1]",
    json.dumps(json.dumps([event()] * 40)),
]
"""What may be events too: the body is kept whole besides its events."""

KEPT_BYTES = [
    b"\xff\xfe\x00",
    b'{"EventId": "\xe9"}',
    b"\x00" * 40,
    b"\x1f\x8b\x08\x00gzip without saying so",
    b"\xef\xbb\xbf",
    "{}".encode("utf-16"),
]

UNDERSTOOD = [
    Case("a byte order mark", 200, sent(b"\xef\xbb\xbf" + TEXT.encode()), ["e-1"]),
    Case("UTF-16 with a mark", 200, sent(TEXT.encode("utf-16")), ["e-1"]),
    Case("UTF-16 without a mark", 200, sent(TEXT.encode("utf-16-le")), ["e-1"]),
    Case("UTF-32", 200, sent(TEXT.encode("utf-32-be")), ["e-1"]),
    Case("base64", 200, sent(TEXT.encode()), ["e-1"]),
    Case("white space around it", 200, sent(f"\r\n\t {TEXT} \n"), ["e-1"]),
    Case("no content type", 200, sent() | {"headers": {}}, ["e-1"]),
    Case("a charset", 200, sent(**headers(content_type="Application/JSON; charset=x")), ["e-1"]),
    Case(
        "CloudEvents' type",
        200,
        sent(**headers(content_type="application/cloudevents+json")),
        ["e-1"],
    ),
    Case("the previous key", 200, sent(key="path-key-that-was-known-0000"), ["e-1"]),
    Case("a source of the list", 200, sent(), ["e-1"], sources="10.0.0.0/8, 192.0.2.0/24"),
    Case(
        "a mapped IPv6 source",
        200,
        sent(source="::ffff:192.0.2.9"),
        ["e-1"],
        sources="192.0.2.0/24",
    ),
    Case(
        "one of two shared secrets",
        200,
        sent(**headers(x_prefdrop_secret=SHARED)),
        ["e-1"],
        secret=TWO_SHARED,
    ),
    Case("a signature", 200, signed(), ["e-1"], secret=SIGNED),
    Case("a signature four minutes old", 200, signed(at=SENT - 240), ["e-1"], secret=SIGNED),
    Case("a signature four minutes ahead", 200, signed(at=SENT + 240), ["e-1"], secret=SIGNED),
    Case(
        "one of several signatures", 200, signed(before="v1,AAAA v2,BBBB "), ["e-1"], secret=SIGNED
    ),
    Case("one of several signing secrets", 200, signed(), ["e-1"], secret=TWO_SIGNED),
    Case("an unknown event type", 200, sent(event(EventType="moon.risen")), ["e-1"]),
    Case("nothing but an id", 200, sent({"EventId": "e-1"}), ["e-1"]),
    Case("an id that is a number", 200, sent(event(EventId=17)), ["17"]),
    Case("an id of many digits", 200, sent(event(EventId=10**30)), [f"{10**30}"]),
    Case("names in another case", 200, sent({"eventID": "e-1", "EVENTTYPE": "x"}), ["e-1"]),
    Case("an object around the events", 200, sent({"Events": [GOOD]}), ["e-1"]),
    Case(
        "unexpected types everywhere",
        200,
        sent({n: [n] for n in GOOD} | {"EventId": "e-1"}),
        ["e-1"],
    ),
    Case("NUL as an escape", 200, sent(event(Data={"a": "\x00"})), ["e-1"]),
    Case("NUL in the profile's id", 200, sent(event(ProfileId="a\x00b")), ["e-1"]),
    Case("depth that is allowed", 200, sent(nested(64)), ["e-1"]),
    Case("numbers beyond any machine's", 200, sent(event(Data=10**40)), ["e-1"]),
    Case("an empty array", 200, sent("[]"), []),
    Case("an empty array of a list", 200, sent({"Events": [], "Count": 0, "HasMore": False})),
    *(
        Case(f"events beside {more}"[:40], 200, sent(body), ["e-1"], [body.encode()])
        for more in BESIDE_EVENTS
        for body in [f'{{"Events": [{{"EventId": "e-1"}}], "More": {more}}}']
    ),
    *(
        Case(f"events beside {more}"[:40], 200, sent(body), ["e-1"])
        for more in ["{}", "[]", "null", "7", '"short"', "true"]
        for body in [f'{{"Events": [{{"EventId": "e-1"}}], "More": {more}}}']
    ),
    Case(
        "names of data that differ in case",
        200,
        sent(event("e-1", Data={"News": 1, "news": 2})),
        ["e-1"],
    ),
    Case(
        "an array in which one says something twice",
        200,
        sent('[{"EventId": "e-1", "eventId": "x"}, {"EventId": "e-2"}]'),
        ["e-2"],
        [b'{"EventId": "e-1", "eventId": "x"}'],
    ),
    Case("the first year there was", 200, sent(event(EventDate="0001-01-01T00:00:00")), ["e-1"]),
    Case(
        "the last moment there is",
        200,
        sent(event(EventDate="9999-12-31T23:59:59.9999999Z")),
        ["e-1"],
    ),
    Case("an event for all ages", 200, sent(event("é" * 500)), ["é" * 500]),
    Case(
        "a label of 100 KB",
        200,
        sent(event(EventType="t" * 100_000, ProfileId="p" * 100_000)),
        ["e-1"],
    ),
    Case(
        "an array of mixed validity",
        200,
        sent('[{"EventId": "e-1"}, 7, {"EventType": "x"}, {"EventId": "e-2"}, null]'),
        ["e-1", "e-2"],
        [b"7", b'{"EventType": "x"}', b"null"],
    ),
    Case(
        "an array in which one is too deep",
        200,
        sent(f"[{nested(70)}, {json.dumps(event('e-2'))}]"),
        ["e-2"],
        [nested(70).encode()],
    ),
]

CASES = [
    *REFUSED,
    *(Case(f"{body[:30]!r}", 200, sent(body), aside=[body.encode()]) for body in KEPT_WHOLE),
    *(Case(f"{body[:30]!r}", 200, sent(body), aside=[body]) for body in KEPT_BYTES),
    *UNDERSTOOD,
]


def test_request_of_each_kind_is_answered_and_kept_as_listed(
    subtests: pytest.Subtests, aws: None, told: Callable[[], str]
) -> None:
    for case in CASES:
        with subtests.test(case.name):
            forget()
            told()
            receiver = Receiver(PREFDROP_WEBHOOK_SOURCES=case.sources)
            receiver.set_secret(previous_key="path-key-that-was-known-0000", **case.secret)

            answer = receiver.invoke(case.request)

            assert answer["statusCode"] == case.status
            assert sorted(item["pk"] for item in scan("audit")) == sorted(case.events)
            assert sorted(receiver.kept_whole()) == sorted(case.aside)
            assert_nothing_told(told(), case)


def assert_nothing_told(log: str, case: Case) -> None:
    """Neither key nor header nor content is in what the function wrote."""
    assert '"step":"receive_webhook"' in log
    assert PERSON not in log
    assert KEY not in log
    assert SHARED not in log
    for value in (case.request.get("headers") or {}).values():
        assert len(value) < 12 or value not in log or value == "application/json"
