"""The console's web server: loopback only, GET only, and headers that trust nothing."""

from __future__ import annotations

import sys
import traceback
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import PurePosixPath
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl

from prefdrop_cli.console.answers import Answer, problem
from prefdrop_cli.console.api import Api
from prefdrop_cli.console.guard import LOCKED, TOKEN, Guard
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.output import note

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 30
"""How long a connection may keep silent."""
QUERY_MEMBERS = 20

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: nothing is kept, framed, guessed at, or fetched from anywhere else."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
INDEX = "/"
LOCKED_PAGE = "/locked.html"


class ConsoleServer(ThreadingHTTPServer):
    """Serves one stack's console. `port` 0 takes a free one; raises WrongUse if it is taken."""

    daemon_threads = True
    block_on_close = False  # Ctrl-C does not wait for a download

    def __init__(self, api: Api, port: int = 0) -> None:
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError):
            raise WrongUse(
                f"Port {port} cannot be listened on.",
                hint="Name another one with --port, or leave it out to have a free one.",
            ) from None
        self.guard = Guard(self.server_address[1])
        self._api = api
        self._pages = read_pages()

    def server_bind(self) -> None:
        """Bind without asking the network for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def answer(self, target: str, headers: Message) -> Answer:
        """The answer to GET `target`."""
        path, _, text = target.partition("?")
        opening = path == INDEX
        if refused := self.guard.refuse_origin(headers, opening=opening):
            return refused
        try:
            query = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_MEMBERS))
        except ValueError:
            return problem(HTTPStatus.BAD_REQUEST, "WrongUse", "The query has too many members.")
        kept = self.guard.let_in(query[TOKEN]) if opening and TOKEN in query else None
        if kept is None and not self.guard.knows(headers):
            return LOCKED if path.startswith("/api/") else locked(self._pages)
        if path.startswith("/api/"):
            return self._api.answer(path, query)
        return self._page(path, kept or {})

    def _page(self, path: str, kept: dict[str, str]) -> Answer:
        page = self._pages.get(path)
        if page is None:
            return problem(HTTPStatus.NOT_FOUND, "NoSuchPage", "There is no such page.")
        return Answer(content_type=page.content_type, body=page.body, headers=kept)

    def handle_error(self, *_: Any) -> None:
        """A browser that went away is no error; a fault of ours is shown where it can be read."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            note(*traceback.format_exc().rstrip().split("\n"))


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: ConsoleServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer one question; what is sent along with it is not read."""
        if self.headers.get("Transfer-Encoding") or self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True
        self._send(self.server.answer(self.path, self.headers))

    def send_error(self, code: int, *_: Any) -> None:
        """Answer what is no request that the console takes."""
        self.close_connection = True
        self.request_version = self.protocol_version  # an answer has its headers in any case
        if code == HTTPStatus.NOT_IMPLEMENTED:
            told = problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "ReadOnly",
                "The console only shows; it changes nothing.",
                "Decide imports with `prefdrop imports approve`, `cancel` or `retry`.",
            )
        else:
            told = problem(code, "NotARequest", "That is no request that the console understands.")
        self._send(told)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        length = answer.length if answer.stream is not None else len(answer.body)
        own = {"Content-Type": answer.content_type, "Content-Length": str(length)}
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            own["Allow"] = "GET"
        if self.close_connection:
            own["Connection"] = "close"
        for name, value in {**HEADERS, **own, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        for block in answer.stream or ():
            self.wfile.write(block)

    def version_string(self) -> str:
        """Tell nothing of what serves."""
        return "prefdrop"

    def log_message(self, *_: Any) -> None:
        """Log nothing: an address may hold the token or a person's id."""


def read_pages() -> dict[str, Answer]:
    """The answers by their path; `/` is the page itself."""
    folder = files("prefdrop_cli.console") / "static"
    found = {
        f"/{file.name}": Answer(
            content_type=TYPES[PurePosixPath(file.name).suffix], body=file.read_bytes()
        )
        for file in folder.iterdir()
        if PurePosixPath(file.name).suffix in TYPES
    }
    found[INDEX] = found.pop("/index.html")
    return found


def locked(pages: dict[str, Answer]) -> Answer:
    """The page for a browser that has not been let in."""
    page = pages[LOCKED_PAGE]
    return Answer(status=HTTPStatus.UNAUTHORIZED, content_type=page.content_type, body=page.body)
