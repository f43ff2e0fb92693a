"""Reads are harmless, so they are tried again; and anything not modelled can still be called."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from prefdrop.mypreferences import (
    BadRequest,
    Client,
    Forbidden,
    GarbledAnswer,
    NoAnswer,
    NotFound,
    Retries,
    ServerError,
    TooManyRequests,
)
from tests.unit.mypreferences.scripted_vendor import (
    Behaviour,
    ScriptedVendor,
    answer,
    hang_up,
    raw,
    reset,
)

STATUS = {"AccessToken": 1, "Status": "Queued", "TotalRecordsReceived": 0}


def test_a_read_is_tried_again_after_every_kind_of_transient_failure(
    vendor: ScriptedVendor, client: Client, pauses: list[float]
) -> None:
    vendor.script(answer(503), reset(), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"))
    vendor.script(answer(200, STATUS))

    assert client.imports.status("1").status == "Queued"
    assert pauses == [0.5, 1.0, 2.0]


def test_the_pauses_are_jittered_and_bounded() -> None:
    pauses: list[float] = []
    retries = Retries(tries=7, sleep=pauses.append, jitter=iter([0, 1, 0, 1, 0, 1]).__next__)

    def fail() -> None:
        raise ServerError("x")

    with pytest.raises(ServerError):
        retries.run(fail)

    assert pauses == [0.25, 1.5, 1.0, 6.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("behaviour", "expected"), [(answer(500), ServerError), (hang_up, NoAnswer)]
)
def test_a_read_ends_with_the_last_failure_after_four_tries(
    vendor: ScriptedVendor, client: Client, behaviour: Behaviour, expected: type[Exception]
) -> None:
    vendor.script(*[behaviour] * 5)

    with pytest.raises(expected):
        client.imports.status("1")

    assert len(vendor.received) == 4


@pytest.mark.parametrize(("status", "expected"), [(404, NotFound), (403, Forbidden)])
def test_a_refused_read_is_not_tried_again(
    vendor: ScriptedVendor, client: Client, status: int, expected: type[Exception]
) -> None:
    vendor.script(answer(status))

    with pytest.raises(expected):
        client.imports.exceptions("1")

    assert len(vendor.received) == 1


def test_a_short_wait_that_the_vendor_asks_for_is_waited(
    vendor: ScriptedVendor, client: Client, pauses: list[float]
) -> None:
    vendor.script(answer(429, headers={"Retry-After": "3"}), answer(200, STATUS))

    client.imports.status("1")

    assert pauses == [3.0]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}])
def test_an_exhausted_limit_is_passed_on_at_once(
    vendor: ScriptedVendor, client: Client, pauses: list[float], headers: dict[str, str]
) -> None:
    vendor.script(answer(429, headers=headers))

    with pytest.raises(TooManyRequests):
        client.imports.status("1")

    assert pauses == []


def test_a_read_that_is_answered_with_something_else_is_garbled(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, {"Hello": "world"}))

    with pytest.raises(GarbledAnswer, match="Status"):
        client.imports.status("1")


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_is_nested_too_deeply_to_be_read_is_answered_for_all_the_same(
    vendor: ScriptedVendor, client: Client, status: int
) -> None:
    vendor.script(answer(status, b"[" * 30_000 + b"]" * 30_000))

    with pytest.raises(GarbledAnswer if status == 200 else BadRequest):
        client.imports.status("1")


def test_anything_else_can_be_called_with_authentication(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(503), answer(200, {"Programs": []}))

    answered = client.request("get", "/{clientId}/Programs", query={"locale": "en us"})

    assert vendor.received[1].path == "/Profiles/v4/DEMO_CLIENT/Programs?locale=en+us"
    assert vendor.received[1].headers["authorization"].startswith("PNAUTHINFO3-")
    assert (answered.status, answered.json()) == (200, {"Programs": []})


def test_a_raw_call_that_writes_is_sent_once(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(503), answer(204))

    with pytest.raises(ServerError):
        client.request("POST", "{clientId}/Profile", body=b"{}")
    answered = client.request("DELETE", "{clientId}/Profile/1")

    assert len(vendor.received) == 2
    assert (answered.status, answered.body) == (204, b"")


def test_an_environment_proxy_is_not_asked_for_a_server_on_this_machine(
    vendor: ScriptedVendor, make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.test:3128")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example.test:3128")
    vendor.script(answer(200, STATUS))

    assert make_client().imports.status("1").status == "Queued"


def test_compressed_answers_are_understood(vendor: ScriptedVendor, client: Client) -> None:
    packed = gzip.compress(json.dumps(STATUS).encode())
    vendor.script(answer(200, packed, {"Content-Encoding": "gzip"}))

    assert client.imports.status("1").status == "Queued"
    assert vendor.received[0].headers["accept-encoding"] == "gzip, deflate"
