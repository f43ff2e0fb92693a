"""The wire between the functions and the sandbox, on which a test can stop a request under way."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.workbench import PATIENCE

SMALL_BUFFER = 16 * 1024
"""So that the end of a large request is still with its sender when the wire stops reading."""

Moment = Literal["begun", "arrived", "answered"]
"""
    begun       its headers have been read; the sandbox has heard nothing yet
    arrived     the whole request has been read; the sandbox has heard nothing yet
    answered    the sandbox has answered, and its answer has not been passed on
"""

_PATH = re.compile(r"/Async/[^/]+/Import(?:/[^/]+/(\w+))?$")


class Gate:
    """A place where something stops until the test lets it go on."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def wait(self) -> None:
        """Wait until something has stopped here."""
        assert self._reached.wait(PATIENCE), "nothing came to the gate"

    def open(self) -> None:
        """Let it go on."""
        self._open.set()

    def stop_here(self) -> None:
        """Stop here until the test opens the gate, at its end at the latest."""
        self._reached.set()
        # A limit here would pass while the test itself still waits for something else.
        self._open.wait()


@dataclass
class _Stop:
    """The `nth` request, from 1, of an operation is to stop at a moment of its way."""

    operation: str
    moment: Moment
    nth: int
    gate: Gate = field(default_factory=Gate)
    seen: int = 0


class Wire:
    """Forwards every request to the sandbox as it is."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 0)
        self._stops: list[_Stop] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.wire = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{parts.path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop_at(self, operation: str, moment: Moment, *, nth: int = 1) -> Gate:
        """Stop the nth Initiate, Stage, Execute, Status or Exceptions from now on."""
        stop = _Stop(operation, moment, nth)
        with self._lock:
            self._stops.append(stop)
        return stop.gate

    def release(self) -> None:
        """Let everything go on, and stop nothing any more."""
        with self._lock:
            stops, self._stops = self._stops, []
        for stop in stops:
            stop.gate.open()

    def close(self) -> None:
        """Let everything go on, and end."""
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def due(self, path: str) -> list[_Stop]:
        """What is to stop the request that has just begun."""
        match = _PATH.search(urlsplit(path).path)
        operation = (match[1] or "Initiate") if match else ""
        with self._lock:
            ours = [stop for stop in self._stops if stop.operation == operation]
            for stop in ours:
                stop.seen += 1
            return [stop for stop in ours if stop.seen == stop.nth]

    def forward(self, method: str, path: str, headers: Any, body: bytes) -> Any:
        """Send a request to the sandbox; its answer's status, headers and body."""
        connection = http.client.HTTPConnection(*self._target, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    wire: Wire

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that is gone is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        self._pass_on()

    def do_GET(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        stops = self.server.wire.due(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        self._stop(stops, "begun")
        body = self.rfile.read(length)
        if len(body) < length:  # its sender gave up
            self.close_connection = True
            return
        self._stop(stops, "arrived")
        status, headers, answer = self.server.wire.forward(
            self.command, self.path, self.headers, body
        )
        self._stop(stops, "answered")
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _stop(self, stops: list[_Stop], moment: Moment) -> None:
        for stop in stops:
            if stop.moment == moment:
                stop.gate.stop_here()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the sandbox keeps books."""


@contextmanager
def wire_to(target: str) -> Iterator[Wire]:
    """A wire that ends with the test."""
    wire = Wire(target)
    try:
        yield wire
    finally:
        wire.close()
