"""The console's web server, on loopback only; Flask and Werkzeug do what is not special to it."""

from __future__ import annotations

import socket
from functools import partial
from http import HTTPStatus
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from flask import Flask, Response
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from prefdrop_cli.console.answers import as_json, problem, problem_of
from prefdrop_cli.console.api import ROUTES, Subject, shared
from prefdrop_cli.console.guard import Guard, harden
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse

LOOPBACK = "127.0.0.1"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Not by the machine's own list of types, which may take a script for plain text."""
INDEX = "index.html"
LOCKED = "locked.html"


class ConsoleServer(ThreadedWSGIServer):
    """Serves one stack's console. `port` 0 takes a free one; raises WrongUse if it is taken."""

    def __init__(self, deployment: Deployment, port: int = 0) -> None:
        # Werkzeug would end the process where a port is taken.
        try:
            listening = socket.create_server((LOOPBACK, port))
        except (OSError, OverflowError):
            raise WrongUse(
                f"Port {port} cannot be listened on.",
                hint="Name another one with --port, or leave it out to have a free one.",
            ) from None
        app = create_app(deployment)
        with listening:
            super().__init__(LOOPBACK, port, app, _Handler, fd=listening.fileno())
        self.guard = Guard(self.port)
        self.guard.protect(app, read_pages()[LOCKED])


class _Handler(WSGIRequestHandler):
    """One connection. It logs nothing: an address may hold the token or a person's id."""

    timeout = 30

    def run_wsgi(self) -> None:
        """Answer one question."""
        try:
            super().run_wsgi()
        except ValueError:  # the target is no URL
            self.send_error(HTTPStatus.BAD_REQUEST)

    def send_error(self, code: int, *_: Any) -> None:
        """Answer what is no request, and quote nothing of it."""
        answer = problem(code, "NotARequest", "That is no request that the console understands.")
        self.close_connection = True
        self.request_version = self.protocol_version  # an answer has its headers in any case
        self.send_response(code)
        for name, value in (*harden(answer).headers, ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.data)

    def version_string(self) -> str:
        """Tell nothing of what serves."""
        return "prefdrop"

    def log_request(self, *_: Any) -> None:
        """Log nothing; Werkzeug would fail over a target that is no URL."""

    def log(self, *_: Any) -> None:
        """Log nothing."""


def create_app(deployment: Deployment) -> Flask:
    """Return what answers the questions about one stack, without the guard before it."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.register_error_handler(Exception, problem_of)
    deployment = shared(deployment)
    for path, subject in ROUTES.items():
        app.add_url_rule(path, path, partial(_answer, deployment, subject))
    for name, body in read_pages().items():
        kind = TYPES[PurePosixPath(name).suffix]
        path = "/" if name == INDEX else f"/{name}"
        app.add_url_rule(path, path, partial(Response, body, mimetype=kind))
    return app


def _answer(deployment: Deployment, subject: Subject, **named: str) -> Response:
    found = subject(deployment, **named)
    return found if isinstance(found, Response) else as_json(found)


def read_pages() -> dict[str, bytes]:
    """Return the files of the page by name."""
    folder = files("prefdrop_cli.console") / "static"
    return {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if PurePosixPath(file.name).suffix in TYPES
    }
