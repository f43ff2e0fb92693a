"""The guard of every server on this machine: it refuses the requests of other web pages.

A page that is open in a browser can send requests to any port of this machine. It cannot hide that:
browsers say in `Origin` and `Sec-Fetch-Site` which page sends a request, and in `Host` under which
name the page knows the server. A name that an attacker makes resolve to this machine is such a
`Host`. Other programs send no `Origin` and no `Sec-Fetch-Site`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Iterable
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TypeVar

OPTION = "--allow-host"
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
# S3 clients put the bucket before the host. These names never leave the machine (RFC 6761).
_OWN_SUFFIX = ".localhost"
_OWN_PAGE = ("same-origin", "none")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?")
_LONGEST_QUOTE = 100
_READ_AWAY_SECONDS = 10.0
_BLOCK = 1 << 20


def host_name(text: str) -> str:
    """Return the name that a `Host` header may have; ValueError when `text` cannot be one."""
    found = _HOST.fullmatch(text.lower())
    if found is None or found["name"] != text.lower():
        raise ValueError(
            f"Invalid host name {text!r}: give a name without scheme, port and wildcard, "
            "such as host.docker.internal."
        )
    return found["name"]


def is_loopback(host: str) -> bool:
    """Return whether a host name or an address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """The names under which a server may be reached. `allowed` are those beside its own."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._names = OWN_NAMES | {host_name(name) for name in allowed}

    def refusal(self, headers: Message) -> str | None:
        """Return why a request is refused, in one sentence; None lets it pass."""
        hosts = headers.get_all("Host", [])
        for host in hosts:
            if not self._is_own(host):
                return (
                    f"Host {_quoted(host)} is not a name of this server: "
                    f"start it with {OPTION} NAME to add one."
                )
        own = {f"http://{host}".lower() for host in hosts}
        for origin in headers.get_all("Origin", []):
            if origin.lower() not in own:
                return (
                    f"Origin {_quoted(origin)} is another web page: "
                    "send the request from a program instead."
                )
        for site in headers.get_all("Sec-Fetch-Site", []):
            if site not in _OWN_PAGE:
                return (
                    f"Sec-Fetch-Site {_quoted(site)} means another web page: "
                    "send the request from a program, or type the address."
                )
        return None

    def _is_own(self, host: str) -> bool:
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        return found["name"] in self._names or found["name"].endswith(_OWN_SUFFIX)


class GuardedHandler(BaseHTTPRequestHandler):
    """A handler that refuses requests by their headers, before anything else sees them."""

    guard: Guard

    def parse_request(self) -> bool:
        """Read the request's head; False when it has been answered already."""
        if not super().parse_request():
            return False
        reason = self.guard.refusal(self.headers)
        if reason is not None:
            self.refuse(reason)
        return reason is None

    def refuse(self, reason: str) -> None:
        """Answer 403 with a sentence, and end the connection."""
        body = f"{reason}\n".encode()
        self.close_connection = True
        self.send_response_only(HTTPStatus.FORBIDDEN)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
        self.read_away()

    def read_away(self) -> None:
        """Take what the caller still sends, or it would see a reset instead of the answer."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_READ_AWAY_SECONDS)
            while self.connection.recv(_BLOCK):
                pass


AnyHandler = TypeVar("AnyHandler", bound=GuardedHandler)


def guarded(handler: type[AnyHandler], guard: Guard) -> type[AnyHandler]:
    """Return `handler` with the guard of one server."""
    return type(handler.__name__, (handler,), {"guard": guard})


def _quoted(value: str) -> str:
    return ascii(value[:_LONGEST_QUOTE])
