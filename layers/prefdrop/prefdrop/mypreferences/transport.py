"""Sending a request with authentication, and again where that does no harm."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import requests

from prefdrop.errors import Transient
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.auth import Auth
from prefdrop.mypreferences.errors import NotSent, TooManyRequests
from prefdrop.mypreferences.exchange import Exchange, Request
from prefdrop.mypreferences.refusals import OAUTH_TOKEN, accepted
from prefdrop.mypreferences.routes import Target

Result = TypeVar("Result")

TOKEN_FETCH_SECONDS = 20.0
"""Time for one try to fetch an OAuth token."""


class Retries(NamedTuple):
    """How reads are tried again after a Transient error: jittered, doubling pauses in seconds.

    A 429 is passed on unless the vendor asks for a wait of at most `longest`: it speaks of a
    24-hour limit, and trying again would only use it up.
    """

    tries: int = 4
    first: float = 0.5
    longest: float = 8.0
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random

    def run(self, operation: Callable[[], Result], on: type[Transient] = Transient) -> Result:
        """The operation's result, or the error of the last try. It is tried again after `on`."""
        for done in range(self.tries - 1):
            try:
                return operation()
            except TooManyRequests as error:
                if not isinstance(error, on) or not _short(error, self.longest):
                    raise
                pause = error.retry_after or 0.0
            except on:
                pause = min(self.longest, self.first * 2**done * (0.5 + self.jitter()))
            self.sleep(pause)
        return operation()


def _short(error: TooManyRequests, longest: float) -> bool:
    return error.retry_after is not None and error.retry_after <= longest


class Transport:
    """Sends the requests of one account over one keep-alive session.

    A read is retried on Transient errors, and PUT and DELETE where it is sure that nothing left
    this machine. Anything else is sent once; only a 401, which says clearly that the request was
    not applied, is followed by one new authentication and one more send. One deadline holds for
    both.
    """

    def __init__(
        self, auth: Auth, *, retries: Retries, session: requests.Session | None = None
    ) -> None:
        self._auth = auth
        self._retries = retries
        self._exchange = Exchange(session)

    def close(self) -> None:
        """Close the pooled connections."""
        self._exchange.close()

    def send(self, request: Request) -> Answer:
        """The vendor's 2xx answer with its whole body; every other outcome is raised."""
        if request.repeatable:
            return self._retries.run(lambda: self._authenticated(request))
        if request.idempotent:
            return self._retries.run(lambda: self._authenticated(request), NotSent)
        return self._authenticated(request)

    def _authenticated(self, request: Request) -> Answer:
        deadline = time.monotonic() + request.timeout
        header = self._authorization(request)
        answer = self._exchange(request, header, deadline)
        if answer.status == 401:
            self._auth.renew(answer.date)
            header = self._authorization(request)
            answer = self._exchange(request, header, deadline)
        signature = header.rpartition(" ")[2].removeprefix("Signature=")
        return accepted(request, answer, (request.access_token, signature, *request.hidden))

    def _authorization(self, request: Request) -> str:
        try:
            return self._auth.header(self._fetch_token)
        except Transient as error:
            reason = error.message
        # However unclear the token request ended, the request itself has not been sent.
        raise NotSent(
            f"{request.route} was not sent: there is no OAuth token. {reason}",
            hint="Check that the token URL can be reached.",
            route=request.route,
        )

    def _fetch_token(self, url: str, authorization: str, form: bytes) -> Answer:
        request = Request(
            OAUTH_TOKEN,
            Target("POST", url),
            TOKEN_FETCH_SECONDS,
            form,
            content_type="application/x-www-form-urlencoded",
        )

        def once() -> Answer:
            deadline = time.monotonic() + request.timeout
            answer = self._exchange(request, authorization, deadline)
            return accepted(request, answer, (authorization.rpartition(" ")[2],))

        # Asking for a token changes nothing at the vendor, so it is retried like a read.
        return self._retries.run(once)
