"""HTTP APIs: each a real server on a loopback port of its own, calling functions as API Gateway.

What API Gateway answers by itself is answered here too: 404 for what no route takes (a wrong method
too), 413 above 10 MB, 500 when a function fails, 503 when it takes too long. Requests are neither
throttled nor logged.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import IO, Any, cast

from werkzeug.serving import DechunkedInput

from prefdrop_local.guard import Guard, GuardedHandler, guarded
from prefdrop_local.stack.bridges import http_payload
from prefdrop_local.stack.bridges.http_payload import Answer, Request
from prefdrop_local.stack.bridges.http_resources import HttpApiSpec
from prefdrop_local.stack.bridges.http_routes import Route
from prefdrop_local.stack.lambdas.pool import Invocation, Pool, StackStoppedError
from prefdrop_local.stack.lambdas.service import Functions

LARGEST = 10 * 1024 * 1024
"""Bytes of a body that API Gateway takes.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""


@dataclass(frozen=True)
class HttpRequest:
    """A request to an API of the stack, as an observer sees it once the answer is known.

    `route` is None when no route took it; `event` is what the function was called with.
    """

    request: Request
    route: str | None
    event: dict[str, Any] | None
    answer: Answer


Observer = Callable[[HttpRequest], None]


class HttpApis:
    """Serves the APIs of a stack until stopped."""

    def __init__(self, functions: Functions, guard: Guard) -> None:
        self._functions = functions
        self._guard = guard
        self._servers: list[_Server] = []
        self.observers: list[Observer] = []

    def serve(self, specification: HttpApiSpec) -> str:
        """Begin to serve an API; returns its address."""
        gateway = _Gateway(specification, self._functions, self.observers)
        server = _Server(gateway, self._guard)
        self._servers.append(server)
        return server.url

    def stop(self) -> None:
        """Take no more requests."""
        while self._servers:
            self._servers.pop().stop()


class _Gateway:
    """Turns requests into calls of functions."""

    def __init__(
        self, specification: HttpApiSpec, functions: Functions, observers: list[Observer]
    ) -> None:
        self._specification = specification
        self._functions = functions
        self._observers = observers
        self._slow = ThreadPoolExecutor(64, thread_name_prefix="http-api")

    def answer(self, request: Request, *, too_large: bool = False) -> Answer:
        """The answer to a request; `too_large` when its body was not read to the end."""
        if too_large:
            return self._tell(request, http_payload.message(413, "Request Entity Too Large"))
        found = self._specification.router.find(request.method, request.path)
        if found is None:
            return self._tell(request, http_payload.message(404, "Not Found"))
        route, parameters = found
        event = http_payload.event(request, self._specification.api_id, route.key, parameters)
        return self._tell(request, self._call(route, event), route.key, event)

    def stop(self) -> None:
        self._slow.shutdown(wait=False, cancel_futures=True)

    def _call(self, route: Route, event: dict[str, Any]) -> Answer:
        pool = self._functions.find(route.function)
        failed = http_payload.message(500, "Internal Server Error")
        if pool is None:
            return failed
        try:
            done = self._invoke(pool, json.dumps(event).encode(), route.seconds)
        except FutureTimeoutError:
            return http_payload.message(503, "Service Unavailable")
        except StackStoppedError:
            return failed
        if done.error:
            return failed
        return http_payload.answer(json.loads(done.answer)) or failed

    def _invoke(self, pool: Pool, payload: bytes, seconds: float) -> Invocation:
        """Call and wait; TimeoutError when the function may take longer than the API, and does."""
        if pool.function.seconds < seconds:
            return self._functions.invoke(pool, payload)
        return self._slow.submit(self._functions.invoke, pool, payload).result(seconds)

    def _tell(
        self,
        request: Request,
        answer: Answer,
        route: str | None = None,
        event: dict[str, Any] | None = None,
    ) -> Answer:
        for observer in list(self._observers):
            observer(HttpRequest(request, route, event, answer))
        return answer


class _Server:
    def __init__(self, gateway: _Gateway, guard: Guard) -> None:
        self._gateway = gateway
        handler = type("GatewayHandler", (guarded(_Handler, guard),), {"gateway": gateway})
        self._server = _HttpServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="http-api",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self._gateway.stop()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is no news."""


class _Handler(GuardedHandler):
    gateway: _Gateway
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30.0

    def handle_one_request(self) -> None:
        """Answer any method; `do_…` would want one for each."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        try:
            body, too_large = self._read_body()
        except ValueError:
            self.send_error(400)
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=query,
            protocol=self.request_version,
            source_ip=self.client_address[0],
            headers=list(self.headers.items()),
            body=body,
        )
        self.close_connection |= too_large
        self._send(self.gateway.answer(request, too_large=too_large))
        if too_large:
            self.read_away()

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        """Refuse what is not HTTP."""
        self.close_connection = True
        self._send(http_payload.message(code, "Bad Request"))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their paths hold a key."""

    def _read_body(self) -> tuple[bytes, bool]:
        """The body, and whether it is larger than what API Gateway takes.

        ValueError when the request does not say how long it is, or says nonsense.
        """
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            body = self._read_chunks()
            return body, len(body) > LARGEST
        length = int(self.headers.get("content-length") or 0)
        if length < 0:
            raise ValueError("a body cannot be shorter than nothing")
        return (b"", True) if length > LARGEST else (self.rfile.read(length), False)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        chunks = DechunkedInput(cast(IO[bytes], self.rfile))
        try:
            while len(body) <= LARGEST and (part := chunks.read(1 << 16)):
                body += part
        except OSError as error:
            raise ValueError(str(error)) from None
        return bytes(body)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        self.send_header("date", self.date_time_string())
        for name, value in answer.headers:
            if name not in ("content-length", "connection", "date", "transfer-encoding"):
                self.send_header(name, value)
        bodiless = answer.status < 200 or answer.status in (204, 304)
        if not bodiless:
            self.send_header("content-length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
