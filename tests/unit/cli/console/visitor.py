"""Whoever knocks at a console: sends a request as it is written, and reads the answer."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple

from prefdrop_cli.console.server import ConsoleServer
from tests.workbench import PATIENCE


class Told(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Visitor:
    """Knocks with the right Host and, once let in, with the cookie; `headers` say otherwise."""

    def __init__(self, server: ConsoleServer) -> None:
        self.port = server.port
        self.opening = server.guard.opening
        self.cookie = ""

    def let_in(self) -> Told:
        """Open the address that the command prints."""
        told = self.get(self.opening.removeprefix(f"http://127.0.0.1:{self.port}"))
        self.cookie = told.headers.get("Set-Cookie", "").partition(";")[0]
        return told

    def get(self, target: str, **headers: str | list[str] | None) -> Told:
        """GET a target exactly as it is written."""
        return self.send("GET", target, **headers)

    def send(self, method: str, target: str, **headers: str | list[str] | None) -> Told:
        """Send a request; a header of None is left out, one of several values sent as often."""
        usual: dict[str, Any] = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie or None}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {**usual, **given}.items():
                for one in [] if value is None else value if isinstance(value, list) else [value]:
                    connection.putheader(name, one)
            connection.endheaders()
            answer = connection.getresponse()
            return Told(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()
