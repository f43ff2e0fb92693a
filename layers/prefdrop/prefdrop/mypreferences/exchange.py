"""One HTTP exchange: a request goes out at most once; an answer or a proven reason comes back."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from prefdrop import __version__
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.connections import Attempt, SendOnceAdapter
from prefdrop.mypreferences.errors import AnswerTooLarge, MyPreferencesError, NoAnswer, NotSent
from prefdrop.mypreferences.routes import Target, is_loopback, origin

CONNECT_SECONDS = 10.0
"""Time for one address of the host to accept a connection."""

WRITE_MAX_IDLE_SECONDS = 2.0
"""Idle age from which a pooled connection is not trusted with a request that can't be repeated.
The shortest keep-alive time in common use is 2 s; stage requests follow each other faster."""

READ_MAX_IDLE_SECONDS = 30.0
"""The same for reads, which are repeated anyway."""

ERROR_BODY_BYTES = 64_000
"""How much of an error page is read."""

TIMED_OUT = "timed out"
CUT = "cut"

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"prefdrop/{__version__}",
}

# urllib3 names the path of a request in its debug messages and warnings, and the path holds the
# import's access token.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class Request(NamedTuple):
    """One operation to perform. `timeout` bounds one try, in seconds. `access_token` is the one in
    the path; `quotes_data` says that the vendor's answer may quote people's data, and `hidden` are
    texts of the body that no error may quote. A good answer of more than `largest` bytes is given
    up; None takes any."""

    route: str
    target: Target
    timeout: float
    body: bytes | None = None
    content_type: str = "application/json"
    access_token: str = ""
    quotes_data: bool = False
    hidden: tuple[str, ...] = ()
    largest: int | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no harm."""
        return self.target.method in ("GET", "HEAD")

    @property
    def idempotent(self) -> bool:
        """Whether HTTP says of its method that twice is once, though it changes something."""
        return self.target.method in ("PUT", "DELETE")


class Exchange:
    """Exchanges requests for answers over one session with keep-alive.

    Redirects are not followed, nothing is retried, and environment proxies are honoured except
    for servers on this machine. The session's own adapter is replaced for each host, because only
    ours can tell whether a request left.
    """

    def __init__(self, session: requests.Session | None = None) -> None:
        self._session = session or requests.Session()
        self._ours: set[str] = set()

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def __call__(self, request: Request, authorization: str, deadline: float) -> Answer:
        """Whatever the server answers by `deadline` (on the monotonic clock).

        Raises NotSent or NoAnswer if there is no status; a body that did not arrive whole is
        marked in the answer, because the status may settle the matter alone.
        """
        idle = READ_MAX_IDLE_SECONDS if request.repeatable else WRITE_MAX_IDLE_SECONDS
        with Attempt(deadline - time.monotonic(), max_idle=idle) as attempt:
            try:
                with self._response(request, authorization, attempt) as response:
                    return _answer(request, response, attempt)
            except (OSError, urllib3.exceptions.HTTPError) as error:
                failure = _failure(request, attempt, error)
        # Raised out here: the error behind it names the URL and with it the access token, which
        # must not travel along as context into somebody's log.
        raise failure

    def _response(
        self, request: Request, authorization: str, attempt: Attempt
    ) -> requests.Response:
        method, url = request.target
        self._mount(url)
        headers = dict(_HEADERS)
        if request.body:
            headers["Content-Type"] = request.content_type
        prepared = self._session.prepare_request(
            requests.Request(
                method, url, headers=headers, data=request.body, auth=_Header(authorization)
            )
        )
        seconds = max(attempt.remaining(), 0.001)
        return self._session.send(
            prepared,
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            **self._settings(url),
        )

    def _mount(self, url: str) -> None:
        prefix = origin(url) + "/"
        if prefix not in self._ours:
            self._session.mount(prefix, SendOnceAdapter())
            self._ours.add(prefix)

    def _settings(self, url: str) -> dict[str, Any]:
        if is_loopback(urlsplit(url).hostname or ""):
            return {"stream": True, "proxies": {}, "verify": self._session.verify}
        return dict(
            self._session.merge_environment_settings(
                url, proxies={}, stream=True, verify=None, cert=None
            )
        )


class _Header(AuthBase):
    """Sets the header through requests' auth hook, or a .netrc entry would replace it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = self._value
        return prepared


def _answer(request: Request, response: requests.Response, attempt: Attempt) -> Answer:
    too_large = None if request.largest is None else request.largest + 1
    body, broken = _body(response, attempt, too_large if response.ok else ERROR_BODY_BYTES)
    if response.ok and too_large and len(body) >= too_large:
        raise AnswerTooLarge(
            f"MyPreferences answered {request.route} with more than {request.largest} bytes.",
            route=request.route,
            status=response.status_code,
        )
    headers: Mapping[str, str] = response.headers
    return Answer(request.route, response.status_code, headers, body, broken=broken)


def _body(response: requests.Response, attempt: Attempt, limit: int | None) -> tuple[bytes, str]:
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_content(1_048_576):
            pieces.append(piece)
            size += len(piece)
            if limit is not None and size >= limit:
                break
    except (OSError, urllib3.exceptions.HTTPError) as error:
        late = attempt.cut or _has(error, urllib3.exceptions.ReadTimeoutError)
        return b"".join(pieces), TIMED_OUT if late else CUT
    # A body that only the connection's end delimits looks whole when the deadline ends it.
    return b"".join(pieces), TIMED_OUT if attempt.cut else ""


def _failure(request: Request, attempt: Attempt, error: Exception) -> MyPreferencesError:
    host = urlsplit(request.target.url).netloc
    if not attempt.sent:
        return NotSent(
            f"{request.route} was not sent: {_connecting(error, host)}.", route=request.route
        )
    if attempt.cut or _has(error, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        what = f"{host} did not answer within {attempt.seconds:.0f} s"
    else:
        what = f"the connection to {host} was lost{_reason(error)}"
    return NoAnswer(f"{request.route} got no answer: {what}.", route=request.route)


def _connecting(error: Exception, host: str) -> str:
    if _has(error, urllib3.exceptions.NameResolutionError):
        return f"the name of {host} could not be resolved"
    if _has(error, urllib3.exceptions.ProxyError):
        return f"the proxy on the way to {host} did not connect"
    if _has(error, ssl.SSLError, urllib3.exceptions.SSLError):
        return f"TLS with {host} failed{_reason(error)}"
    return f"{host} did not accept the connection{_reason(error)}"


def _reason(error: Exception) -> str:
    """The operating system's or the TLS library's words, which never name a URL."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f" ({cause.verify_message})"
        if isinstance(cause, OSError) and cause.strerror:
            return f" ({cause.strerror})"
        if isinstance(cause, TimeoutError | urllib3.exceptions.ConnectTimeoutError) and not (
            isinstance(cause, urllib3.exceptions.NewConnectionError)
        ):
            return " in time"
    return ""


def _has(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: requests and urllib3 do so in four ways."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None)]
            waiting += [cause.__cause__, cause.__context__]
