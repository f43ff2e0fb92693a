"""A request that changes something goes out at most once, and its end is never guessed."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable

import pytest
import requests
import urllib3.util.retry

from prefdrop.mypreferences import (
    Client,
    GarbledAnswer,
    MyPreferencesError,
    NoAnswer,
    NotSent,
    Redirected,
    ServerError,
    TooLarge,
    TooManyRequests,
    exchange,
    unclear,
)
from prefdrop.mypreferences.connections import Attempt
from tests.unit.mypreferences.scripted_vendor import (
    Behaviour,
    Peer,
    Received,
    ScriptedVendor,
    answer,
    found_alive_too_early,
    hang_up,
    http,
    keep_silent,
    raw,
    reset,
    trickle,
)
from tests.workbench import PATIENCE

TOKEN = "704418"
BODY = b'{"UserProfilePreferences":[{"ProfileId":1}]}'
STAGED = {"AccessToken": 704418, "Status": "Staging", "TotalRecordsReceived": 1}


SILENCE = 1.0
"""Seconds in which a request to this machine is surely sent, where no answer ever comes."""


def stage(client: Client, *, body: bytes = BODY, timeout: float = PATIENCE) -> object:
    return client.imports.stage(TOKEN, body, timeout=timeout)


def test_a_stage_request_sends_its_body_byte_for_byte(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, STAGED))

    stage(client, body=b'{"UserProfilePreferences":[ {"X":"\xc3\xa4"} ]}\n')

    assert vendor.received[0].body == b'{"UserProfilePreferences":[ {"X":"\xc3\xa4"} ]}\n'
    assert vendor.received[0].headers["content-type"] == "application/json"


UNCLEAR_ENDS: list[tuple[str, Behaviour, type[MyPreferencesError]]] = [
    ("reset after the request", reset(), NoAnswer),
    ("reset in the headers", reset(b"HTTP/1.1 200 OK\r\nContent-"), NoAnswer),
    ("closed without an answer", hang_up, NoAnswer),
    ("not HTTP", raw(b"SSH-2.0-OpenSSH\r\n"), NoAnswer),
    ("no answer in time", keep_silent, NoAnswer),
    ("an answer that never ends", trickle, NoAnswer),
    ("500", answer(500, {"Message": "x"}), ServerError),
    ("503 page", answer(503, b"<html>busy</html>"), ServerError),
    ("408", answer(408), ServerError),
    ("shorter than Content-Length", raw(http(200, STAGED)[:-9]), GarbledAnswer),
    ("reset in the body", reset(http(200, STAGED)[:-9]), GarbledAnswer),
    ("not JSON", answer(200, b"<html>ok</html>"), GarbledAnswer),
    ("empty body", answer(200, b""), GarbledAnswer),
    ("no counters", answer(200, {"Status": "Staging"}), GarbledAnswer),
    (
        "cut inside a chunk",
        raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"Access'),
        GarbledAnswer,
    ),
    (
        "cut between chunks",
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        GarbledAnswer,
    ),
    (
        "cut without a length",
        raw(b'HTTP/1.1 200 OK\r\n\r\n{"TotalRecordsReceived": 1'),
        GarbledAnswer,
    ),
    (
        "broken compression",
        answer(200, b"\x1f\x8b\x08\x00cut", {"Content-Encoding": "gzip"}),
        GarbledAnswer,
    ),
]


def test_stage_that_ends_unclear_is_reported_and_not_repeated(
    subtests: pytest.Subtests, make_client: Callable[..., Client], vendor: ScriptedVendor
) -> None:
    for case, behaviour, expected in UNCLEAR_ENDS:
        with subtests.test(case=case):
            vendor.forget()
            client = make_client()
            vendor.script(behaviour)

            with pytest.raises(expected) as raised:
                stage(client, timeout=SILENCE if behaviour in (keep_silent, trickle) else PATIENCE)

            assert raised.type is expected
            assert unclear(raised.value)
            assert len(vendor.received) == 1


def test_a_body_that_stops_arriving_counts_as_no_answer(
    vendor: ScriptedVendor, client: Client
) -> None:
    def stop_half_way(peer: Peer, request: Received) -> None:
        peer.send(http(200, STAGED)[:-9])
        keep_silent(peer, request)

    vendor.script(stop_half_way)

    with pytest.raises(NoAnswer) as raised:
        stage(client, timeout=SILENCE)

    assert raised.value.status == 200


def test_the_time_limit_holds_while_the_vendor_does_not_take_the_body(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.reads_bodies = False
    vendor.script(keep_silent)

    with pytest.raises(NoAnswer):
        stage(client, body=b" " * 30_000_000, timeout=SILENCE)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (answer(413), TooLarge),
        (answer(429), TooManyRequests),
        (answer(307, headers={"Location": "https://elsewhere.example.test/"}), Redirected),
        (answer(302, headers={"Location": "/Profiles/v4/again"}), Redirected),
    ],
)
def test_a_clear_refusal_is_not_unclear_and_nothing_is_sent_again(
    vendor: ScriptedVendor, client: Client, behaviour: Behaviour, expected: type[MyPreferencesError]
) -> None:
    vendor.script(behaviour)

    with pytest.raises(expected) as raised:
        stage(client)

    assert not unclear(raised.value)
    assert len(vendor.received) == 1


def test_a_refusal_stays_clear_when_its_explanation_is_cut(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(raw(http(413, {"Message": "Too large"})[:-9]))

    with pytest.raises(TooLarge):
        stage(client)


def test_a_refusal_in_the_middle_of_a_large_body_is_understood(
    vendor: ScriptedVendor, client: Client
) -> None:
    def refuse_early(peer: Peer, _request: Received) -> None:
        peer.send(http(413, {"Message": "Maximum request length exceeded."}))
        peer.socket.shutdown(socket.SHUT_WR)
        while peer.socket.recv(1 << 20):
            pass

    vendor.reads_bodies = False
    vendor.script(refuse_early)

    with pytest.raises(TooLarge):
        stage(client, body=b" " * 5_000_000)


def test_nobody_listening_means_not_sent(make_client: Callable[..., Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = make_client(base_url=f"http://127.0.0.1:{port}/Profiles/v4/")

    with pytest.raises(NotSent, match="did not accept the connection") as raised:
        stage(client)

    assert not unclear(raised.value)


def test_an_unknown_host_name_means_not_sent(
    make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = make_client(base_url="https://pm.example.test/Profiles/v4/")

    with pytest.raises(NotSent, match=r"pm\.example\.test could not be resolved"):
        stage(client)


def test_a_tls_failure_means_not_sent(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    client = make_client(base_url=vendor.url.replace("http:", "https:"))

    with pytest.raises(NotSent, match="TLS with"):
        stage(client)


def test_a_proxy_that_does_not_let_us_through_means_not_sent(
    vendor: ScriptedVendor, make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{vendor.host}")
    monkeypatch.setenv("NO_PROXY", "")
    vendor.script(answer(502), reset())
    client = make_client(base_url="https://pm.example.test/Profiles/v4/")

    for _ in range(2):
        with pytest.raises(NotSent, match=r"pm\.example\.test"):
            stage(client)

    assert [(r.method, r.path) for r in vendor.received] == [("CONNECT", "pm.example.test:443")] * 2


def test_no_time_left_means_not_sent(vendor: ScriptedVendor, client: Client) -> None:
    with pytest.raises(NotSent):
        stage(client, timeout=0)

    assert vendor.received == []


def test_a_pooled_connection_that_was_reset_is_proved_to_have_sent_nothing(
    vendor: ScriptedVendor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.script(reset(http(200, STAGED)))
    stage(client)
    monkeypatch.setattr("urllib3.connectionpool.is_connection_dropped", found_alive_too_early)

    with pytest.raises(NotSent):
        stage(client)

    assert len(vendor.received) == 1


def test_a_pooled_connection_closed_at_the_wrong_moment_leaves_it_unclear(
    vendor: ScriptedVendor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.script(raw(http(200, STAGED)))
    stage(client)
    monkeypatch.setattr("urllib3.connectionpool.is_connection_dropped", found_alive_too_early)

    with pytest.raises(NoAnswer):
        stage(client)


def test_a_connection_that_the_vendor_has_closed_is_not_used_again(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(raw(http(200, STAGED)), answer(200, STAGED))

    stage(client)
    assert vendor.hung_up.wait(PATIENCE)
    stage(client)

    assert vendor.connections == 2


def test_requests_that_follow_each_other_share_a_connection(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(*[answer(200, STAGED)] * 3)

    for _ in range(3):
        stage(client)

    assert vendor.connections == 1


def test_a_stage_request_gets_a_new_connection_when_the_pooled_one_was_idle_for_long(
    vendor: ScriptedVendor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.script(*[answer(200, STAGED)] * 3)
    monkeypatch.setattr(exchange, "WRITE_MAX_IDLE_SECONDS", 0.0)

    stage(client)
    client.imports.status(TOKEN)
    stage(client)

    assert [request.connection for request in vendor.received] == [1, 1, 2]


def test_time_that_a_frozen_lambda_slept_through_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = Attempt(60, max_idle=2)
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + 3600)

    assert attempt.remaining() < 0


def test_a_request_frozen_in_its_middle_is_not_finished_when_its_time_is_over(
    vendor: ScriptedVendor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b" " * 60_000_000
    arrived = []
    frozen = [0]
    real_time = time.time
    monkeypatch.setattr(time, "time", lambda: real_time() + sum(frozen))

    def thaw_an_hour_later(peer: Peer, _request: Received) -> None:
        frozen.append(3600)
        while piece := peer.socket.recv(1 << 20):
            arrived.append(len(piece))

    vendor.reads_bodies = False
    vendor.script(thaw_an_hour_later)

    with pytest.raises(NoAnswer):
        stage(client, body=body, timeout=PATIENCE)

    assert vendor.hung_up.wait(PATIENCE)
    assert sum(arrived) < len(body)


def test_a_session_of_the_users_own_loses_its_retries(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    session = requests.Session()
    eager = urllib3.util.retry.Retry(5, allowed_methods=None, status_forcelist=[503])
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=eager))
    vendor.script(reset(), answer(503))
    client = make_client(session=session)

    for expected in (NoAnswer, ServerError):
        with pytest.raises(expected):
            stage(client)

    assert len(vendor.received) == 2


def test_threads_may_share_a_client(vendor: ScriptedVendor, client: Client) -> None:
    together = threading.Barrier(4, timeout=PATIENCE)

    def wait_for_all(peer: Peer, _request: Received) -> None:
        together.wait()
        peer.send(http(200, STAGED))

    vendor.script(*[wait_for_all] * 4)
    threads = [threading.Thread(target=stage, args=(client,)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert vendor.connections == 4


@pytest.mark.parametrize(
    "behaviour",
    [
        reset(),
        keep_silent,
        answer(500),
        answer(401),
        answer(200, b"cut"),
        raw(b"HTTP/1.1 200 OK\r\nbad"),
    ],
)
def test_no_failure_leads_the_access_token_into_a_log(
    vendor: ScriptedVendor,
    client: Client,
    behaviour: Behaviour,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor.script(behaviour, behaviour)

    with pytest.raises(MyPreferencesError) as raised:
        stage(client, timeout=SILENCE if behaviour is keep_silent else PATIENCE)
    logging.getLogger("app").exception("failed", exc_info=raised.value)

    assert TOKEN not in caplog.text
    assert raised.value.__context__ is None
