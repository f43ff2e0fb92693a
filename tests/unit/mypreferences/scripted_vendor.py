"""A vendor over real sockets that behaves, request by request, as a test has scripted it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import select
import socket
import ssl
import struct
import termios
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from tests.workbench import PATIENCE


class Received(NamedTuple):
    """One request as it arrived; `connection` counts the TCP connections from 1."""

    connection: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Peer(NamedTuple):
    """The server's end of a connection, with what a behaviour may do to it."""

    socket: socket.socket
    vendor: ScriptedVendor

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hang_up(self, *, reset: bool = False) -> NoReturn:
        """End the connection, in good order or with a TCP reset."""
        if reset:
            self._wait_until_delivered()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionAbortedError

    def _wait_until_delivered(self) -> None:
        """A reset throws away what has been sent and not yet arrived."""
        left = bytearray(4)
        while fcntl.ioctl(self.socket, termios.TIOCOUTQ, left) == 0 and any(left):
            self.vendor.stopping.wait(0.001)


Behaviour = Callable[[Peer, Received], None]


def answer(
    status: int = 200, body: object = b"", headers: dict[str, str] | None = None
) -> Behaviour:
    """Answer properly; a body that is not bytes is sent as JSON."""

    def behave(peer: Peer, _request: Received) -> None:
        peer.send(http(status, body, headers))

    return behave


def http(status: int, body: object, headers: dict[str, str] | None = None) -> bytes:
    """The bytes of an HTTP answer with its Content-Length."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {"Content-Length": str(len(payload)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{k}: {v}" for k, v in all_headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


def raw(data: bytes) -> Behaviour:
    """Send exactly these bytes and close the connection."""

    def behave(peer: Peer, _request: Received) -> None:
        peer.send(data)
        peer.hang_up()

    return behave


def reset(after: bytes = b"") -> Behaviour:
    """Read the whole request, send `after`, then reset the connection."""

    def behave(peer: Peer, _request: Received) -> None:
        if after:
            peer.send(after)
        peer.hang_up(reset=True)

    return behave


def hang_up(peer: Peer, _request: Received) -> None:
    """Read the whole request and close the connection without a word."""
    peer.hang_up()


def keep_silent(peer: Peer, _request: Received) -> None:
    """Read the whole request and never answer."""
    peer.vendor.stopping.wait()


def trickle(peer: Peer, _request: Received) -> None:
    """Answer without end, a few bytes at a time, each in good time."""
    peer.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not peer.vendor.stopping.wait(0.02):
        peer.send(b"x")


def found_alive_too_early(connection: Any) -> bool:
    """Stands in for urllib3's `is_connection_dropped`: the end arrives just after it has looked."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLRDHUP)
    assert poll.poll(PATIENCE * 1000), "the vendor did not end the connection"
    return False


class ScriptedVendor:
    """Listens on a free port of 127.0.0.1 until closed. Requests beyond the script get 599."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._script: list[Behaviour] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.received: list[Received] = []
        self.reads_bodies = True
        self.stopping = threading.Event()
        self.hung_up = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}/Profiles/v4/"

    @property
    def connections(self) -> int:
        return len(self._connections)

    def script(self, *behaviours: Behaviour) -> None:
        """What to do with the next requests, in order."""
        self._script += behaviours

    def forget(self) -> None:
        """Forget what was received, and what is left of the script."""
        self.received.clear()
        self._script.clear()

    def close(self) -> None:
        self.stopping.set()
        # Wakes the accepting thread, which a plain close would leave waiting.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(
                target=self._serve, args=(connection, len(self._connections)), daemon=True
            ).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while request := self._read(stream, number):
                    self.received.append(request)
                    behave = self._script.pop(0) if self._script else answer(599)
                    behave(Peer(connection, self), request)
        self.hung_up.set()

    def _read(self, stream: Any, number: int) -> Received | None:
        line = stream.readline().decode()
        if not line:
            return None
        method, path, _ = line.split()
        headers = {}
        while (line := stream.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0)) if self.reads_bodies else 0
        return Received(number, method, path, headers, stream.read(length))
