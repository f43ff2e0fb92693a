"""The HTTP server: reads requests from sockets and sends answers; knows nothing of imports."""

from __future__ import annotations

import sys
from email.utils import formatdate
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from prefdrop_local.guard import Guard, GuardedHandler, guarded, is_loopback
from prefdrop_local.sandbox.books import Entry
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.faults.layer import Struck
from prefdrop_local.sandbox.faults.striking import Striking
from prefdrop_local.sandbox.faults.wire import Wire
from prefdrop_local.sandbox.messages import Request, Response
from prefdrop_local.sandbox.sandbox import Sandbox

_DRAIN = 64 * 1024 * 1024
"""Bytes of a refused body that are read away, so that its sender gets to see the answer."""
_BLOCK = 1024 * 1024
_ADMIN_REMEDY = "start the sandbox with --admin-from anywhere to open them."


class SandboxServer(ThreadingHTTPServer):
    """One thread per connection; connections are kept alive."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        sandbox: Sandbox,
        guard: Guard,
        *,
        admin_from_anywhere: bool = False,
    ) -> None:
        self.sandbox = sandbox
        self.closing = False
        self._admin_from_anywhere = admin_from_anywhere
        super().__init__(address, guarded(Handler, guard))

    def may_administer(self, peer: str) -> bool:
        """Return whether the admin routes answer a peer's address."""
        return self._admin_from_anywhere or is_loopback(peer)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that hang up are their own affair; anything else is printed."""
        if not self.closing and not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class BrokenBodyError(OSError):
    """The connection ended, or the framing broke, in the middle of a request body."""


class Handler(GuardedHandler):
    """Frames HTTP/1.1 requests and answers on one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    server: SandboxServer

    def answer(self) -> None:
        """Answer one request, whatever its method."""
        request = self._head()
        sandbox = self.server.sandbox
        if sandbox.is_admin(request):
            peer = str(self.client_address[0])
            if not self.server.may_administer(peer):
                self.refuse(f"Address {peer} may not use the admin routes: {_ADMIN_REMEDY}")
                return
            self._read_body(request, _DRAIN)
            self.send(sandbox.admin(request))
            return
        entry = sandbox.open(request)
        if struck := sandbox.faults.arrived(entry):
            self._be_struck(request, entry, struck)
            return
        try:
            self._read_body(request, sandbox.settings().absolute_body_limit)
        except OSError:
            self.close_connection = True
            return
        entry.bytes = request.length
        response = sandbox.handle(request, entry)
        self.send(response)
        sandbox.books.close(entry)

    def _be_struck(self, request: Request, entry: Entry, struck: Struck) -> None:
        """Answer, or fail to, as `answer` does, where faults are switched on."""
        wire = Wire(self.connection, self.rfile, self.head)
        striking = Striking(self.server.sandbox, wire, entry, struck)
        try:
            if not striking.reset_in_body():
                self._read_body(request, self.server.sandbox.settings().absolute_body_limit)
                entry.bytes = request.length
                striking.answer(request)
        except BrokenBodyError:
            self.close_connection = True
        finally:
            self.close_connection = self.close_connection or wire.ended

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def send(self, response: Response) -> None:
        """Send an answer in one piece."""
        self.connection.sendall(self.head(response) + response.body)

    def head(self, response: Response) -> bytes:
        """Status line and headers of an answer."""
        reason = HTTPStatus(response.status).phrase
        headers = {
            "Date": http_date(self.server.sandbox.clock),
            "Content-Length": str(len(response.body)),
            **response.headers,
        }
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the books hold what happened, and paths hold access tokens."""

    def _head(self) -> Request:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        length = headers.get("content-length", "0")
        return Request(
            self.command, parts.path, query, headers,
            length=int(length) if length.isascii() and length.isdigit() else 0,
        )  # fmt: skip

    def _read_body(self, request: Request, most: int) -> None:
        """Read the body, or read it away and keep nothing where it is above `most` bytes."""
        if request.headers.get("transfer-encoding", "").lower() == "chunked":
            request.body = b"".join(self._chunks())
            request.length = len(request.body)
        elif request.length <= most:
            request.body = self._exactly(request.length)
        else:
            self._read_away(request.length)

    def _exactly(self, length: int) -> bytes:
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            raise BrokenBodyError("the connection ended inside a request body")
        return body

    def _chunks(self) -> list[bytes]:
        """The pieces of a chunked body."""
        pieces: list[bytes] = []
        while size := self._chunk_size():
            pieces.append(self._exactly(size))
            self.rfile.readline()
            if sum(map(len, pieces)) > _DRAIN:
                raise BrokenBodyError("a chunked body is too large")
        while self.rfile.readline().strip():
            continue
        return pieces

    def _chunk_size(self) -> int:
        try:
            return int(self.rfile.readline().partition(b";")[0], 16)
        except ValueError:
            raise BrokenBodyError("the framing of a chunked body is broken") from None

    def _read_away(self, length: int) -> None:
        """Drop a body; a really huge one ends the connection after the answer."""
        self.close_connection = length > _DRAIN
        left = min(length, _DRAIN)
        while left:
            block = self.rfile.read(min(left, _BLOCK))
            if not block:
                raise BrokenBodyError("the connection ended inside a request body")
            left -= len(block)


def http_date(clock: Clock) -> str:
    """The `Date` header; callers measure an import's remaining life against it."""
    return formatdate(clock.now(), usegmt=True)
