"""One function's workers: calls overlap up to the pool's size, each within its time limit."""

from __future__ import annotations

import json
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from prefdrop_local.stack.lambdas import framing
from prefdrop_local.stack.lambdas.forker import Forker, StackStoppedError

Outcome = Literal["running", "returned", "raised", "timed out", "exited"]


@dataclass(frozen=True)
class Function:
    """A deployed function: what its workers need to know. `seconds` is the time limit."""

    logical_id: str
    name: str
    arn: str
    handler: str
    seconds: float
    memory: int
    paths: tuple[Path, ...]
    environment: dict[str, str]
    log: Path
    root: Path

    def spec(self) -> dict[str, Any]:
        """The message from which the zygote makes a worker."""
        return {
            "handler": self.handler,
            "paths": [str(path) for path in self.paths],
            "environment": self.environment,
            "log": str(self.log),
            "root": str(self.root),
        }


@dataclass
class Invocation:
    """One call of a function, as seen from outside. Times are `time.monotonic()` seconds."""

    function: str
    request_id: str
    payload: bytes = field(repr=False)
    started: float = 0.0
    ended: float | None = None
    outcome: Outcome = "running"
    error: str | None = None
    pid: int | None = None
    answer: bytes = field(default=b"null", repr=False)
    reusable: bool = field(default=False, repr=False)


Observer = Callable[[Invocation], None]


@dataclass(eq=False)
class _Worker:
    pid: int
    channel: socket.socket

    def waits(self) -> bool:
        """Whether an idle worker is still there."""
        return not select.select([self.channel], [], [], 0)[0]


class Pool:
    """The workers of one function. Each serves one call at a time; idle ones are reused."""

    def __init__(self, function: Function, forker: Forker, size: int, observe: Observer) -> None:
        self.function = function
        self._forker = forker
        self._slots = threading.Semaphore(size)
        self._observe = observe
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._suspended: list[_Worker] = []

    def invoke(self, payload: bytes, request_id: str) -> Invocation:
        """Run the handler once and wait for its end, whichever it is."""
        with self._slots:
            worker = self._take()
            record = Invocation(self.function.logical_id, request_id, payload)
            record.pid = worker.pid
            record.started = time.monotonic()
            try:
                self._observe(record)
                self._run(worker, record)
            finally:
                self._give_back(worker, keep=record.reusable)
                record.ended = time.monotonic()
                self._observe(record)
        return record

    def warm(self) -> None:
        """Have one worker ready before the first call."""
        worker = self._take()
        self._give_back(worker, keep=True)

    def kill(self) -> bool:
        """Kill a busy worker at once, as a crash would; False when none is busy."""
        return self._signal(signal.SIGKILL) is not None

    def suspend(self) -> bool:
        """Stop a busy worker where it stands, until `resume`; False when none is busy."""
        worker = self._signal(signal.SIGSTOP)
        if worker is not None:
            self._suspended.append(worker)
        return worker is not None

    def resume(self) -> None:
        """Let suspended workers run on."""
        while self._suspended:
            self._forker.signal(self._suspended.pop().pid, signal.SIGCONT)

    def _signal(self, number: int) -> _Worker | None:
        with self._lock:
            if not self._busy:
                return None
            worker = self._busy[0]
            return worker if self._forker.signal(worker.pid, number) else None

    def _take(self) -> _Worker:
        with self._lock:
            worker = self._idle_worker()
        if worker is None:
            worker = _Worker(*self._forker.fork(self.function.spec()))
        with self._lock:
            self._busy.append(worker)
        return worker

    def _idle_worker(self) -> _Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.waits():
                return worker
            worker.channel.close()  # it ended while nobody called it
        return None

    def _give_back(self, worker: _Worker, *, keep: bool) -> None:
        with self._lock:
            self._busy.remove(worker)
            if keep:
                self._idle.append(worker)
            else:
                worker.channel.close()

    def _run(self, worker: _Worker, record: Invocation) -> None:
        call = {
            "request_id": record.request_id,
            "payload": record.payload.decode(),
            "arn": self.function.arn,
            "seconds": self.function.seconds,
        }
        worker.channel.settimeout(self.function.seconds)
        try:
            framing.send(worker.channel, call)
            answer = self._answer(worker)
        except TimeoutError:
            self._forker.signal(worker.pid)
            self._fail(record, "timed out", "Sandbox.Timedout", self._time_limit_text(record))
            return
        except OSError:
            answer = None
        if answer is None:
            self._fail(record, "exited", "Runtime.ExitError", self._exit_text(worker, record))
            return
        record.answer = answer["payload"].encode()
        record.error = answer.get("error")
        record.outcome = "raised" if record.error else "returned"
        record.reusable = not answer["last"]

    def _answer(self, worker: _Worker) -> dict[str, Any] | None:
        deadline = time.monotonic() + self.function.seconds - 0.01
        answer = framing.receive(worker.channel)
        if answer is None and time.monotonic() >= deadline:
            raise TimeoutError
        return answer

    def _time_limit_text(self, record: Invocation) -> str:
        limit = f"Task timed out after {self.function.seconds:.2f} seconds"
        return f"RequestId: {record.request_id} Error: {limit}"

    def _exit_text(self, worker: _Worker, record: Invocation) -> str:
        code = self._forker.exit_code(worker.pid)
        if code is None:
            how = "Runtime exited without providing a reason"
        elif code < 0:
            how = f"Runtime exited with error: signal: {signal.strsignal(-code)}".lower()
            how = how.replace("runtime", "Runtime", 1)
        else:
            how = f"Runtime exited with error: exit status {code}"
        return f"RequestId: {record.request_id} Error: {how}"

    @staticmethod
    def _fail(record: Invocation, outcome: Outcome, error_type: str, message: str) -> None:
        record.outcome = outcome
        record.error = error_type
        record.answer = json.dumps({"errorType": error_type, "errorMessage": message}).encode()


__all__ = ["Function", "Invocation", "Observer", "Pool", "StackStoppedError"]
