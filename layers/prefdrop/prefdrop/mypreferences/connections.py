"""HTTP connections that can prove whether a request left, and that end on time.

requests and urllib3 report a lost connection alike whether nothing or everything had been sent.
For a request that must not be sent twice that difference is all that matters, so these classes
note the moment the first byte is handed to the operating system. They also hold a request to one
deadline over connecting, sending and receiving: the time-outs of requests apply to each read and
write, and a trickling server could stretch a request without end.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager, ProxyManager

SEND_SLICE = 1 << 20
"""Bytes handed over between two looks at the deadline; large enough to cost nothing."""

_current: ContextVar[Attempt | None] = ContextVar("prefdrop_http_attempt", default=None)


class Instant:
    """A moment on both clocks. A frozen Lambda stops the monotonic clock but not the wall clock."""

    def __init__(self) -> None:
        self._monotonic = time.monotonic()
        self._wall = time.time()

    def seconds_ago(self) -> float:
        """Seconds since this moment by the clock that has moved further."""
        return max(time.monotonic() - self._monotonic, time.time() - self._wall)


class Attempt:
    """One try to send one request: its deadline, and what is known about it so far.

    As a context manager it is the attempt that connections used by this thread report to.
    `sent` is False as long as it is certain that no byte of the request has left. `cut` is True
    once the deadline has ended the exchange. `max_idle` is the age in seconds from which a pooled
    connection is not trusted for this request.
    """

    def __init__(self, seconds: float, *, max_idle: float) -> None:
        self.seconds = seconds
        self.max_idle = max_idle
        self.sent = False
        self.cut = False
        self._started = Instant()
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def remaining(self) -> float:
        """Seconds left until the deadline; zero or less once it has passed."""
        return self.seconds - self._started.seconds_ago()

    def watch(self, connected: socket.socket | None) -> None:
        """Name the socket that the deadline has to cut."""
        with self._lock:
            self._socket = connected

    def __enter__(self) -> Attempt:
        self._token = _current.set(self)
        self._timer = threading.Timer(max(self.seconds, 0), self._cut)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
        self._timer.cancel()
        self.watch(None)

    def _cut(self) -> None:
        with self._lock:
            self.cut = True
            if isinstance(self._socket, socket.socket):
                # The plain shutdown also of a TLS socket: its own would drop the TLS state that
                # the sending thread is using at this moment.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Reporting:
    """Mixed into urllib3's connections: reports to the current attempt what has left."""

    sock: Any
    idle_since: Instant | None = None
    _opening = False

    def connect(self) -> None:
        # What a connection sends while it opens (a proxy's CONNECT) is not part of the request.
        self._opening = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._opening = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = _current.get()
        if attempt is None or self._opening:
            super().send(data)  # type: ignore[misc]
            return
        attempt.watch(self.sock)
        view = memoryview(data)
        if not attempt.sent:
            view = view[self._send_first(attempt, view[:SEND_SLICE]) :]
        for start in range(0, len(view), SEND_SLICE):
            self._stay_in_time(attempt)
            self.sock.sendall(view[start : start + SEND_SLICE])

    def _send_first(self, attempt: Attempt, view: memoryview) -> int:
        """Hand over the first bytes with a single call: if that one fails, none has left."""
        try:
            self._stay_in_time(attempt)
            attempt.sent = True
            return int(self.sock.send(view))
        except OSError as error:
            attempt.sent = False
            # urllib3 would swallow a broken pipe here and wait for an answer.
            raise NewConnectionError(self, "closed before the request") from error  # type: ignore[arg-type]

    def _stay_in_time(self, attempt: Attempt) -> None:
        remaining = attempt.remaining()
        if remaining <= 0:
            raise TimeoutError("the time for this request is over")
        self.sock.settimeout(remaining)


class _ReportingHTTPConnection(_Reporting, HTTPConnection):
    pass


class _ReportingHTTPSConnection(_Reporting, HTTPSConnection):
    pass


class _FreshPool:
    """Mixed into urllib3's pools: closes a connection that has been idle for too long.

    A server closes idle connections when it likes. A request sent into that moment is lost with a
    reset that looks like a lost answer, so a request that must not be repeated rather pays for a
    new connection.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        attempt = _current.get()
        idle_since = getattr(connection, "idle_since", None)
        if attempt and idle_since and idle_since.seconds_ago() >= attempt.max_idle:
            connection.close()
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.idle_since = Instant()
        super()._put_conn(connection)  # type: ignore[misc]


class _FreshHTTPPool(_FreshPool, HTTPConnectionPool):
    ConnectionCls = _ReportingHTTPConnection


class _FreshHTTPSPool(_FreshPool, HTTPSConnectionPool):
    ConnectionCls = _ReportingHTTPSConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _FreshHTTPPool, "https": _FreshHTTPSPool}


class SendOnceAdapter(HTTPAdapter):
    """The requests adapter that sends each request at most once and reports to the attempt."""

    def __init__(self) -> None:
        # Zero retries is requests' own default; it is a promise here, so it is said.
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> ProxyManager:
        """Make the pools of connections through `proxy`."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
