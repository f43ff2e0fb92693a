"""A subscriber's endpoint: takes notifications over a real socket and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.workbench import PATIENCE

Json = dict[str, Any]


class Arrived(NamedTuple):
    """One request that came in."""

    method: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Greeting = Callable[[Arrived], tuple[int, dict[str, str], bytes]]


def event_grid(arrived: Arrived) -> tuple[int, dict[str, str], bytes]:
    [event] = arrived.json
    return 200, {}, json.dumps({"validationResponse": event["data"]["validationCode"]}).encode()


def cloud_events(arrived: Arrived) -> tuple[int, dict[str, str], bytes]:
    return 200, {"WebHook-Allowed-Origin": arrived.headers["webhook-request-origin"]}, b""


def challenge(arrived: Arrived) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, arrived.json["challenge"].encode()


def refusing(_arrived: Arrived) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, b'{"validationResponse": "another"}'


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that gave up waiting is no error here."""


class Receiver:
    """Leaving the `with` block stops it."""

    def __init__(self) -> None:
        self.notifications: list[Arrived] = []
        self.handshakes: list[Arrived] = []
        self.greeting: Greeting = event_grid
        self.statuses: list[int] = []
        """Answers to the next notifications; 200 after these."""
        self.hold: threading.Event | None = None
        """Where set, notifications are answered only when it is."""
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        if self.hold:
            self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def events(self) -> list[Json]:
        """Every event that was taken with success or not, arrays opened up."""
        bodies = [arrived.json for arrived in self.notifications]
        return [event for body in bodies for event in (body if isinstance(body, list) else [body])]

    @property
    def types(self) -> list[str]:
        return [event["EventType"] for event in self.events]

    def answer(self, arrived: Arrived) -> tuple[int, dict[str, str], bytes]:
        if _is_handshake(arrived):
            self.handshakes.append(arrived)
            return self.greeting(arrived)
        with self._lock:
            self.notifications.append(arrived)
            status = self.statuses.pop(0) if self.statuses else 200
        if self.hold:
            self.hold.wait(PATIENCE)
        return status, {}, b""


def _is_handshake(arrived: Arrived) -> bool:
    if arrived.method == "OPTIONS" or b'"challenge"' in arrived.body:
        return True
    return arrived.headers.get("aeg-event-type") == "SubscriptionValidation"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, extra, said = self.receiver.answer(Arrived(self.command, headers, body))
        self.send_response(status)
        for name, value in {**extra, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_OPTIONS = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass
