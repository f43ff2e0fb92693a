"""Each operation of profile data, configuration and users: its route, and how often it is sent."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client, NotSent, ServerError
from tests.unit.mypreferences.data_calls import ANSWER, CALLS
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer

ELSEWHERE = ("import.", "export.", "events.", "subscriptions.")
"""Areas with tests of their own."""

GETS = [name for name in CALLS if assumptions.ROUTES[name].method == "GET"]
WRITES = [name for name in CALLS if name not in GETS]


def test_there_is_a_call_for_every_route_of_the_table() -> None:
    areas = [name for name in assumptions.ROUTES if not name.startswith(ELSEWHERE)]

    assert list(CALLS) == areas


def test_call_of_each_operation_sends_one_request_to_its_route(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for name, call in CALLS.items():
        with subtests.test(name=name):
            vendor.forget()
            route = assumptions.ROUTES[name]
            pattern = re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(route.path))
            vendor.script(answer(200, ANSWER))

            call(client)

            (request,) = vendor.received
            assert request.method == route.method
            assert re.fullmatch(f"/Profiles/v4/{pattern}(\\?.*)?", request.path)


def test_read_that_fails_is_sent_again(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for name in GETS:
        with subtests.test(name=name):
            vendor.forget()
            vendor.script(answer(503), answer(200, ANSWER))

            CALLS[name](client)

            assert len(vendor.received) == 2


def test_write_that_fails_is_sent_once(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for name in WRITES:
        with subtests.test(name=name):
            vendor.forget()
            vendor.script(answer(503), answer(200, ANSWER))

            with pytest.raises(ServerError):
                CALLS[name](client)

            assert len(vendor.received) == 1


def test_write_that_was_not_sent_is_retried_if_put_or_delete(
    subtests: pytest.Subtests, make_client: Callable[..., Client], pauses: list[float]
) -> None:
    for name in WRITES:
        with subtests.test(name=name):
            pauses.clear()
            with socket.create_server(("127.0.0.1", 0)) as closed:
                port = closed.getsockname()[1]
            client = make_client(base_url=f"http://127.0.0.1:{port}/Profiles/v4/")

            with pytest.raises(NotSent):
                CALLS[name](client)

            idempotent = assumptions.ROUTES[name].method in ("PUT", "DELETE")
            assert len(pauses) == (3 if idempotent else 0)
