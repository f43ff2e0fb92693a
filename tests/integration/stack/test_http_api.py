"""An HTTP API of the template is served on this machine as API Gateway serves it."""

from __future__ import annotations

import base64
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from prefdrop_local.stack import HttpRequest, LocalStack


@pytest.fixture(scope="module")
def api(stack: LocalStack) -> str:
    """The address of the API, with a slash at its end."""
    return stack.outputs["Address"].removesuffix("things/")


def _event(answer: requests.Response) -> dict[str, Any]:
    event: dict[str, Any] = answer.json()
    return event


def test_outputs_and_environment_hold_the_address_on_this_machine(
    stack: LocalStack, api: str
) -> None:
    told = requests.get(f"{api}things/1", params={"return": "address"}).json()["address"]

    assert api.startswith("http://127.0.0.1:")
    assert told == stack.outputs["OtherAddress"] + "/elsewhere"
    assert urlsplit(told).netloc != urlsplit(api).netloc


def test_the_event_has_payload_format_2(api: str) -> None:
    answer = requests.post(
        f"{api}things/a%2Fb?parameter1=value1&parameter1=value2&parameter2=x%20y",
        data="Hello from Lambda",
        headers={
            "Content-Type": "text/plain",
            "Header1": "value1",
            "User-Agent": "agent",
            "Cookie": "cookie1=a; cookie2=b",
            "Accept-Encoding": "identity",
        },
    )

    event = _event(answer)
    context, headers = event.pop("requestContext"), event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "ANY /things/{id}",
        "rawPath": "/things/a%2Fb",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=x%20y",
        "cookies": ["cookie1=a", "cookie2=b"],
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "x y"},
        "pathParameters": {"id": "a/b"},
        "body": "Hello from Lambda",
        "isBase64Encoded": False,
    }
    assert headers["header1"] == "value1"
    assert headers["content-type"] == "text/plain"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert "cookie" not in headers
    assert context["http"] == {
        "method": "POST",
        "path": "/things/a%2Fb",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "agent",
    }
    assert (context["stage"], context["routeKey"]) == ("$default", "ANY /things/{id}")
    assert context["accountId"] == "123456789012"
    assert re.fullmatch(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000", context["time"])
    assert isinstance(context["timeEpoch"], int)


def test_what_a_request_does_not_have_is_not_in_the_event(api: str) -> None:
    event = _event(requests.get(f"{api}files/one/two"))

    assert event["pathParameters"] == {"path": "one/two"}
    assert event.keys().isdisjoint({"body", "cookies", "queryStringParameters", "stageVariables"})


def test_a_header_that_comes_twice_is_joined(api: str) -> None:
    place = urlsplit(api)
    with socket.create_connection((place.hostname, place.port)) as line:
        line.sendall(b"GET /things/1 HTTP/1.1\r\nConnection: close\r\nTwo: a\r\nTWO: b\r\n\r\n")
        answer = line.makefile("rb").read()

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["headers"]["two"] == "a,b"


@pytest.mark.parametrize(
    ("kind", "body", "encoded"),
    [
        ("application/json", b'{"a": 1}', False),
        ("application/cloudevents+json; charset=utf-8", b"{}", False),
        ("text/plain", "é".encode(), False),
        ("application/octet-stream", b"\x00\xff", True),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("application/json", b"\xff", True),
    ],
)
def test_a_body_that_is_not_text_comes_in_base64(
    api: str, kind: str, body: Any, encoded: bool
) -> None:
    event = _event(requests.post(f"{api}things/1", data=body, headers={"Content-Type": kind}))

    assert event["isBase64Encoded"] is encoded
    content = base64.b64decode(event["body"]) if encoded else event["body"].encode()
    assert content == body


def test_a_body_in_chunks_is_put_together(api: str) -> None:
    event = _event(requests.post(f"{api}things/1", data=iter([b"one", b"two"])))

    assert event["body"] == "onetwo"


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "things/known", "POST /things/known"),
        ("GET", "things/known", "ANY /things/{id}"),
        ("OPTIONS", "things/1", "ANY /things/{id}"),
        ("PURGE", "things/1", "ANY /things/{id}"),
        ("GET", "files/a/b/c", "GET /files/{path+}"),
    ],
)
def test_the_most_specific_route_takes_a_request(
    api: str, method: str, path: str, route: str
) -> None:
    assert _event(requests.request(method, api + path))["routeKey"] == route


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "things"),
        ("GET", "things/"),
        ("GET", "things/1/2"),
        ("POST", "files/a"),
        ("GET", "THINGS/1"),
    ],
)
def test_what_no_route_takes_is_not_found_and_calls_nothing(
    stack: LocalStack, api: str, method: str, path: str
) -> None:
    before = len(stack.invocations)

    answer = requests.request(method, api + path)

    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert len(stack.invocations) == before


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_ten_megabytes_is_too_large(
    stack: LocalStack, api: str, chunked: bool
) -> None:
    before, body = len(stack.invocations), bytes(10 * 1024 * 1024 + 1)

    answer = requests.post(f"{api}things/1", data=iter([body]) if chunked else body)

    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})
    assert len(stack.invocations) == before


@pytest.mark.parametrize("length", ["many", "-1"])
def test_a_request_that_is_not_http_is_a_bad_one(api: str, length: str) -> None:
    place = urlsplit(api)
    with socket.create_connection((place.hostname, place.port)) as line:
        line.sendall(f"POST /things/1 HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        answer = line.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("returned", "status", "kind", "body"),
    [
        ('{"statusCode": 202, "body": "yes"}', 202, "text/plain;charset=UTF-8", "yes"),
        ('{"statusCode": "204"}', 204, "text/plain;charset=UTF-8", ""),
        (
            '{"statusCode": 200, "headers": {"Content-Type": "x/y"}, "body": "eQ==",'
            ' "isBase64Encoded": true}',
            200,
            "x/y",
            "y",
        ),
        ('{"answer": 42}', 200, "application/json", '{"answer": 42}'),
        ('"text"', 200, "application/json", "text"),
        ('{"statusCode": "many"}', 500, "application/json", '{"message":"Internal Server Error"}'),
        ('{"statusCode": 200, "body": 7}', 500, "application/json", None),
        ("error", 500, "application/json", '{"message":"Internal Server Error"}'),
    ],
)
def test_what_the_function_returns_becomes_the_answer(
    api: str, returned: str, status: int, kind: str, body: Any
) -> None:
    answer = requests.get(f"{api}things/1", params={"return": returned})

    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert body is None or answer.text == body


def test_cookies_and_headers_of_the_answer_are_sent(api: str) -> None:
    returned = {"statusCode": 200, "headers": {"X-One": 1}, "cookies": ["a=1", "b=2"]}

    answer = requests.get(f"{api}things/1", params={"return": json.dumps(returned)})

    assert answer.headers["x-one"] == "1"
    assert dict(answer.cookies) == {"a": "1", "b": "2"}


def test_head_is_answered_without_a_body(api: str) -> None:
    assert requests.head(f"{api}things/1").content == b""


def test_a_function_that_takes_too_long_is_not_waited_for(stack: LocalStack, api: str) -> None:
    slow = requests.get(f"{api}quick", params={"seconds": 3600})
    assert stack.kill_worker("AnswerFunction")

    assert (slow.status_code, slow.json()) == (503, {"message": "Service Unavailable"})


def test_requests_overlap_and_keep_their_connection(api: str) -> None:
    with requests.Session() as session, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: session.get(f"{api}things/{n}"), range(32)))

    assert [a.json()["pathParameters"]["id"] for a in answers] == [str(n) for n in range(32)]


def test_an_observer_sees_each_request_before_its_answer_is_sent(
    stack: LocalStack, api: str
) -> None:
    seen: list[HttpRequest] = []
    stop = stack.on_http_request(seen.append)
    requests.put(f"{api}things/9", data=b"x")
    requests.get(f"{api}nothing")
    stop()

    assert [(one.request.method, one.route, one.answer.status) for one in seen] == [
        ("PUT", "ANY /things/{id}", 200),
        ("GET", None, 404),
    ]
