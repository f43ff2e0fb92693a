"""Each operation of profile data, configuration and users: its route, and how often it is sent."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client, NotSent, ServerError
from tests.unit.mypreferences.data_calls import ANSWER, CALLS, Call
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer

ELSEWHERE = ("import.", "export.", "events.", "subscriptions.")
"""Areas with tests of their own."""

GETS = [name for name in CALLS if assumptions.ROUTES[name].method == "GET"]
WRITES = [name for name in CALLS if name not in GETS]


def test_there_is_a_call_for_every_route_of_the_table() -> None:
    areas = [name for name in assumptions.ROUTES if not name.startswith(ELSEWHERE)]

    assert list(CALLS) == areas


@pytest.mark.parametrize(("name", "call"), CALLS.items(), ids=CALLS)
def test_each_call_sends_one_request_to_its_route(
    vendor: ScriptedVendor, client: Client, name: str, call: Call
) -> None:
    route = assumptions.ROUTES[name]
    pattern = re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(route.path))
    vendor.script(answer(200, ANSWER))

    call(client)

    (request,) = vendor.received
    assert request.method == route.method
    assert re.fullmatch(f"/Profiles/v4/{pattern}(\\?.*)?", request.path)


@pytest.mark.parametrize("name", GETS)
def test_reads_are_tried_again(vendor: ScriptedVendor, client: Client, name: str) -> None:
    vendor.script(answer(503), answer(200, ANSWER))

    CALLS[name](client)

    assert len(vendor.received) == 2


@pytest.mark.parametrize("name", WRITES)
def test_writes_are_sent_once(vendor: ScriptedVendor, client: Client, name: str) -> None:
    vendor.script(answer(503), answer(200, ANSWER))

    with pytest.raises(ServerError):
        CALLS[name](client)

    assert len(vendor.received) == 1


@pytest.mark.parametrize("name", WRITES)
def test_only_put_and_delete_are_tried_again_when_nothing_was_sent(
    make_client: Callable[..., Client], pauses: list[float], name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = make_client(base_url=f"http://127.0.0.1:{port}/Profiles/v4/")

    with pytest.raises(NotSent):
        CALLS[name](client)

    idempotent = assumptions.ROUTES[name].method in ("PUT", "DELETE")
    assert len(pauses) == (3 if idempotent else 0)
