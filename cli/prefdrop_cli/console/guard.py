"""Who may ask the console: a browser of this machine that was given the token, and nobody else.

Any page that is open in the same browser can send requests to this port, so an address alone proves
nothing. The checks, in their order: the Host is ours (else somebody's name was made to point here),
the request does not come from another page, and it brings the token.
"""

from __future__ import annotations

import secrets
import threading
from email.message import Message
from hmac import compare_digest
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie

from prefdrop_cli.console.answers import Answer, problem

OWN = "same-origin"
"""Browsers say of each request whence it comes; other programs say nothing."""
TYPED = "none"
TOKEN = "token"
"""Name of the token in the query of the address that is opened."""

WRONG_HOST = problem(
    HTTPStatus.FORBIDDEN,
    "WrongHost",
    "The console answers only under the address that it printed.",
    "Open that address.",
)
OTHER_PAGE = problem(
    HTTPStatus.FORBIDDEN,
    "OtherPage",
    "The console does not answer the requests of other pages.",
    "Open the address that `prefdrop console` printed.",
)
LOCKED = problem(
    HTTPStatus.UNAUTHORIZED,
    "Locked",
    "This browser has not been let in, or the console was started anew since.",
    "Open the address that `prefdrop console` printed last.",
)


class Guard:
    """The keys of one running console. `port` is the one it listens on."""

    def __init__(self, port: int) -> None:
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
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
        """An address that lets one browser in, once.

        Whoever lists this machine's processes sees what a browser was started with.
        """
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket)
        return f"{self.address}?{TOKEN}={ticket}"

    def let_in(self, presented: str) -> dict[str, str] | None:
        """The headers that keep the token in the browser, if `presented` is right."""
        if not (self._is_token(presented) or self._use_ticket(presented)):
            return None
        kept = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        return {"Set-Cookie": kept}

    def refuse_origin(self, headers: Message, *, opening: bool) -> Answer | None:
        """What to answer to a request that is not for us or not from us; None lets it pass.

        `opening` is for the page itself, to which any page and any program may link.
        """
        hosts = headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in self._hosts:
            return WRONG_HOST
        origin = headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            return OTHER_PAGE
        site = headers.get("Sec-Fetch-Site", TYPED)
        return None if opening or site in (OWN, TYPED) else OTHER_PAGE

    def knows(self, headers: Message) -> bool:
        """Whether the request brings the cookie."""
        try:
            jar = SimpleCookie("; ".join(headers.get_all("Cookie", [])))
        except CookieError:
            return False
        kept = jar.get(self._cookie)
        return kept is not None and self._is_token(kept.value)

    def _is_token(self, presented: str) -> bool:
        return compare_digest(presented.encode(errors="replace"), self._token.encode())

    def _use_ticket(self, presented: str) -> bool:
        with self._lock:
            known = presented in self._tickets
            self._tickets.discard(presented)
        return known
