"""Who may ask the console: a browser of this machine that was given the token, and nobody else.

Any page that is open in the same browser can send requests to this port, so an address alone proves
nothing. The checks, in their order: the Host is ours (else somebody's name was made to point here),
the request does not come from another page, and it brings the token.
"""

from __future__ import annotations

import secrets
import threading
from hmac import compare_digest
from http import HTTPStatus

from flask import Flask, Response, after_this_request, request

from prefdrop_cli.console.answers import problem

OWN_PAGE = ("same-origin", "none")
"""Browsers say of each request whence it comes; other programs say nothing."""
TOKEN = "token"
"""Name of the token in the query of the address that is opened."""
QUERY_MEMBERS = 20

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: nothing is kept, framed, guessed at, or fetched from anywhere else."""

Refusal = tuple[int, str, str, str]
READ_ONLY = (
    405, "ReadOnly", "The console only shows; it changes nothing.",
    "Decide imports with `prefdrop imports approve`, `cancel` or `retry`.",
)  # fmt: skip
WRONG_HOST = (
    403, "WrongHost", "The console answers only under the address that it printed.",
    "Open that address.",
)  # fmt: skip
OTHER_PAGE = (
    403, "OtherPage", "The console does not answer the requests of other pages.",
    "Open the address that `prefdrop console` printed.",
)  # fmt: skip
LOCKED = (
    401, "Locked", "This browser has not been let in, or the console was started anew since.",
    "Open the address that `prefdrop console` printed last.",
)  # fmt: skip
TOO_LONG = (400, "WrongUse", "The query has too many members.", "")


class Guard:
    """The keys of one running console. `port` is the one it listens on."""

    def __init__(self, port: int) -> None:
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._cookie = f"prefdrop_console_{port}"
        self._token = secrets.token_urlsafe(32)
        self._tickets: set[str] = set()
        self._lock = threading.Lock()
        self.address = f"http://127.0.0.1:{port}/"

    @property
    def opening(self) -> str:
        """The address to open, with the token: a secret."""
        return f"{self.address}?{TOKEN}={self._token}"

    def opening_once(self) -> str:
        """Return an address that lets one browser in, once.

        Whoever lists this machine's processes sees what a browser was started with.
        """
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket)
        return f"{self.address}?{TOKEN}={ticket}"

    def protect(self, app: Flask, locked: bytes) -> None:
        """Check each request before the app sees it; `locked` is the page for who has no key."""

        def let_in() -> Response | None:
            if refused := self._refusal():
                return problem(*refused)
            if self._opens() or self._is_token(request.cookies.get(self._cookie, "")):
                return None
            if request.path.startswith("/api/"):
                return problem(*LOCKED)
            return Response(locked, HTTPStatus.UNAUTHORIZED, mimetype="text/html")

        app.before_request(let_in)
        app.after_request(harden)

    def _refusal(self) -> Refusal | None:
        """Why a request is not answered whoever sends it; None lets it pass."""
        if request.method != "GET":
            return READ_ONLY
        # Two Host headers arrive as one with a comma, which is none of ours.
        if request.headers.get("Host", "").strip().lower() not in self._hosts:
            return WRONG_HOST
        if self._is_of_another_page():
            return OTHER_PAGE
        return TOO_LONG if request.query_string.count(b"&") >= QUERY_MEMBERS else None

    def _is_of_another_page(self) -> bool:
        """Whether a page of elsewhere sent the request; to the page itself any page may link."""
        origin = request.headers.get("Origin")
        if origin is not None and origin not in [f"http://{host}" for host in self._hosts]:
            return True
        site = request.headers.get("Sec-Fetch-Site", "none")
        return request.path != "/" and site not in OWN_PAGE

    def _opens(self) -> bool:
        """Whether the request brings the token or a ticket to the page: the browser keeps it."""
        presented = request.args.get(TOKEN)
        if request.path != "/" or presented is None:
            return False
        if not (self._is_token(presented) or self._use_ticket(presented)):
            return False

        @after_this_request
        def _keep(response: Response) -> Response:
            response.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict")
            return response

        return True

    def _is_token(self, presented: str) -> bool:
        return compare_digest(presented.encode(errors="replace"), self._token.encode())

    def _use_ticket(self, presented: str) -> bool:
        with self._lock:
            known = presented in self._tickets
            self._tickets.discard(presented)
        return known


def harden(response: Response) -> Response:
    """Add the headers of every answer; a view may have set its own instead."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = "GET"
    return response
