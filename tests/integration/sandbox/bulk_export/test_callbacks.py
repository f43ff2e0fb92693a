"""The POST that tells a caller how its export ended."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.sandbox.bulk_export.exporter import ALL, Exporter
from tests.integration.sandbox.caller import Json
from tests.workbench import PATIENCE


class Receiver:
    """A server on this machine that answers with the given statuses, then with 204."""

    def __init__(self) -> None:
        self.received: queue.Queue[Json] = queue.Queue()
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.received.put(json.loads(body))

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/callbacks/exports/key"
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()

    def next(self) -> Json:
        """The next body that comes in."""
        return self.received.get(timeout=PATIENCE)


@pytest.fixture
def receiver(exporter: Exporter) -> Iterator[Receiver]:
    exporter.vendor.switch(allow_http_loopback=True, callback_retry_seconds=0.01)
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


def attempts(exporter: Exporter, token: str, count: int) -> list[int | None]:
    """Statuses of all attempts, once there are that many of them."""
    until = time.monotonic() + PATIENCE
    while len(made := exporter.described(token)["callbacks"]) < count:
        assert time.monotonic() < until, f"{len(made)} attempts instead of {count}"
    return [attempt["status"] for attempt in made]


def test_the_callback_brings_the_status_object(exporter: Exporter, receiver: Receiver) -> None:
    exporter.seed(2)

    token = exporter.initiate(CallbackURL=receiver.url)

    assert receiver.next() == exporter.status(token)
    assert exporter.page(token)["Count"] == 2
    assert attempts(exporter, token, 1) == [204]


def test_it_comes_when_the_export_has_ended_and_not_before(
    exporter: Exporter, receiver: Receiver
) -> None:
    exporter.vendor.switch(export_seconds=10)
    exporter.vendor.stop_clock()
    token = exporter.initiate(CallbackURL=receiver.url)
    assert exporter.state(token) == "Processing"
    assert receiver.received.empty()

    exporter.vendor.advance(seconds=10)

    assert receiver.next()["Status"] == "Complete"


def test_errors_and_missing_permissions_are_told_as_well(
    exporter: Exporter, receiver: Receiver
) -> None:
    exporter.vendor.switch(fail_exports=True)
    exporter.initiate(CallbackURL=receiver.url)
    assert receiver.next()["Status"] == "Error"

    exporter.define_group("Everyone", ALL)
    other = exporter.as_user("no.export", 9)
    other.initiate("Everyone", "SegmentGroup", CallbackURL=receiver.url)
    assert receiver.next()["Status"] == "Failed"


def test_it_is_sent_again_until_it_is_taken(exporter: Exporter, receiver: Receiver) -> None:
    receiver.statuses = [503, 302]

    token = exporter.initiate(CallbackURL=receiver.url)

    bodies = [receiver.next() for _ in range(3)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert attempts(exporter, token, 3) == [503, 302, 204]


def test_it_is_given_up_after_some_attempts(exporter: Exporter, receiver: Receiver) -> None:
    exporter.vendor.switch(callback_attempts=2)
    receiver.statuses = [500, 500]

    token = exporter.initiate(CallbackURL=receiver.url)

    assert attempts(exporter, token, 2) == [500, 500]
    assert receiver.next()
    assert receiver.next()
    other = exporter.initiate(CallbackURL=receiver.url)
    assert receiver.next()["AccessToken"] == int(other)


def test_a_receiver_that_is_not_there_harms_nothing(exporter: Exporter, receiver: Receiver) -> None:
    receiver.server.shutdown()
    receiver.server.server_close()
    exporter.vendor.switch(callback_attempts=2)

    token = exporter.initiate(CallbackURL=receiver.url)

    assert attempts(exporter, token, 2) == [None, None]
    assert exporter.state(token) == "Complete"


def test_the_wait_between_attempts_doubles(exporter: Exporter, receiver: Receiver) -> None:
    exporter.vendor.switch(callback_retry_seconds=10, callback_attempts=3)
    exporter.vendor.stop_clock()
    receiver.statuses = [500, 500, 500]
    token = exporter.initiate(CallbackURL=receiver.url)
    for count, wait in ((1, 10), (2, 20)):
        attempts(exporter, token, count)
        exporter.vendor.advance(seconds=wait - 1)
        exporter.vendor.advance(seconds=1)

    attempts(exporter, token, 3)

    moments = [attempt["at"] for attempt in exporter.described(token)["callbacks"]]
    seconds = [float(moment[17:-1]) + 60 * int(moment[14:16]) for moment in moments]
    waits = [round(later - earlier) % 3600 for earlier, later in pairwise(seconds)]
    assert waits == [10, 20]


def test_callbacks_can_be_lost_or_doubled(exporter: Exporter, receiver: Receiver) -> None:
    exporter.vendor.switch(callback_attempts=0)
    lost = exporter.initiate(CallbackURL=receiver.url)
    assert exporter.state(lost) == "Complete"

    exporter.vendor.switch(callback_attempts=1, callback_copies=2)
    doubled = exporter.initiate(CallbackURL=receiver.url)

    assert [receiver.next()["AccessToken"] for _ in range(2)] == [int(doubled)] * 2
    assert exporter.described(lost)["callbacks"] == []


def test_callback_to_another_address_is_refused(
    subtests: pytest.Subtests, exporter: Exporter, receiver: Receiver
) -> None:
    for url in [
        "http://hooks.example.test/x", "ftp://127.0.0.1/x", "https://", "hooks", "", 7,
        "https://hooks.example.test:99999/x", "https://" + "x" * 2_000,
    ]:  # fmt: skip
        with subtests.test(url=url):
            answer = exporter.try_initiate(CallbackURL=url)

            assert answer.status_code == 400
            assert "CallbackURL" in answer.json()["Message"]


def test_plain_http_to_this_machine_has_to_be_allowed(exporter: Exporter) -> None:
    url = "http://127.0.0.1:9/x"

    assert exporter.try_initiate(CallbackURL=url).status_code == 400
    exporter.vendor.switch(allow_http_loopback=True, callback_attempts=0)
    for host in ("127.0.0.1:9", "localhost", "[::1]:9"):
        assert exporter.try_initiate(CallbackURL=f"http://{host}/x").status_code == 200
