"""All functions of a stack: invoke by name or ARN, wait for the answer or not, observe."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable

from prefdrop_local.stack.lambdas.forker import Forker
from prefdrop_local.stack.lambdas.pool import (
    Function,
    Invocation,
    Observer,
    Pool,
    StackStoppedError,
)

ASYNC_RETRIES = 2
"""Lambda tries an asynchronous call that failed twice more."""


class Functions:
    """The deployed functions and their pools; `kept` past invocations are remembered."""

    def __init__(
        self, forker: Forker, *, pool_size: int, retry_seconds: float, kept: int = 10_000
    ) -> None:
        self._forker = forker
        self._pool_size = pool_size
        self._retry_seconds = retry_seconds
        self._pools: dict[str, Pool] = {}
        self._observers: list[Observer] = []
        self._stopping = threading.Event()
        self._warming: threading.Thread | None = None
        self.invocations: deque[Invocation] = deque(maxlen=kept)
        self.elsewhere: Callable[[Function, bytes], bytes] | None = None
        """Another runtime, which then answers in place of the workers."""

    def add(self, functions: Iterable[Function]) -> None:
        """Make the functions callable."""
        for function in functions:
            pool = Pool(function, self._forker, self._pool_size, self._observe)
            self._pools[function.name] = pool

    def warm(self) -> None:
        """Have one worker of each function start before its first call, beside whatever else."""
        self._warming = threading.Thread(target=self._warm, name="warming", daemon=True)
        self._warming.start()

    def find(self, name: str) -> Pool | None:
        """The pool of a function by name, logical id, partial or full ARN, qualified or not."""
        if ":function:" in name:
            name = name.split(":function:", 1)[1]
        name = name.split(":", 1)[0]
        by_name = self._pools.get(name)
        if by_name is not None:
            return by_name
        found = (pool for pool in self._pools.values() if pool.function.logical_id == name)
        return next(found, None)

    def all(self) -> list[Pool]:
        """Every pool, in the template's order."""
        return list(self._pools.values())

    def invoke(self, pool: Pool, payload: bytes) -> Invocation:
        """Call and wait."""
        if self.elsewhere is not None:
            return self._invoke_elsewhere(pool.function, payload, self.elsewhere)
        return pool.invoke(payload, str(uuid.uuid4()))

    def _invoke_elsewhere(
        self, function: Function, payload: bytes, runtime: Callable[[Function, bytes], bytes]
    ) -> Invocation:
        record = Invocation(function.logical_id, str(uuid.uuid4()), payload, time.monotonic())
        self._observe(record)
        try:
            record.answer = runtime(function, payload)
            record.error = _error_of(record.answer)
            record.outcome = "raised" if record.error else "returned"
        finally:
            record.ended = time.monotonic()
            self._observe(record)
        return record

    def invoke_later(self, pool: Pool, payload: bytes) -> None:
        """Call without waiting; a failed call is tried again as Lambda does."""
        name = f"async-{pool.function.logical_id}"
        threading.Thread(
            target=self._with_retries, args=(pool, payload), name=name, daemon=True
        ).start()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Have `observer` called at the start and end of every invocation; returns the way out."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def stop(self) -> None:
        """No more retries and no more warming; workers end with the forker."""
        self._stopping.set()
        if self._warming is not None:
            self._warming.join(5)

    def _warm(self) -> None:
        for pool in self.all():
            if self._stopping.is_set():
                return
            try:
                pool.warm()
            except StackStoppedError:
                return

    def _with_retries(self, pool: Pool, payload: bytes) -> None:
        request_id = str(uuid.uuid4())
        for attempt in range(1 + ASYNC_RETRIES):
            if self._stopping.wait(self._retry_seconds * attempt):
                return
            try:
                if pool.invoke(payload, request_id).error is None:
                    return
            except StackStoppedError:
                return

    def _observe(self, record: Invocation) -> None:
        if record.ended is None:
            self.invocations.append(record)
        for observer in list(self._observers):
            observer(record)


def _error_of(answer: bytes) -> str | None:
    """The error's name, where an answer tells of a failed call."""
    value = json.loads(answer or b"null")
    failed = isinstance(value, dict) and {"errorType", "errorMessage"} <= value.keys()
    return str(value["errorType"]) if failed else None


def overlapping(invocations: Iterable[Invocation]) -> int:
    """The largest number of these invocations that ran at one time."""
    now = time.monotonic()
    marks = [(call.started, 1) for call in invocations]
    marks += [(call.ended or now, -1) for call in invocations]
    running = most = 0
    for _, step in sorted(marks):
        running += step
        most = max(most, running)
    return most
