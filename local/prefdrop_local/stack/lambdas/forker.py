"""The stack's side of the zygote: ask for workers, signal them, learn how they ended."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from prefdrop_local.stack.lambdas import framing

_ZYGOTE = "prefdrop_local.stack.lambdas.zygote"
_IMPORT_ROOT = Path(__file__).resolve().parents[3]


class StackStoppedError(RuntimeError):
    """The stack is stopping or its zygote is gone; no worker can be had any more."""


class Forker:
    """Starts the zygote at once, so that its imports overlap with the stack's; forks from it."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        life_read, self._life = os.pipe()
        for descriptor in (theirs.fileno(), life_read):
            os.set_inheritable(descriptor, True)
        environment = {**os.environ, "PYTHONPATH": str(_IMPORT_ROOT)}
        # macOS forbids a fork after some frameworks were loaded unless told otherwise.
        environment["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
        self._process = subprocess.Popen(
            [sys.executable, "-m", _ZYGOTE, str(theirs.fileno()), str(life_read)],
            pass_fds=(theirs.fileno(), life_read),
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        os.close(life_read)
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ends: dict[int, int] = {}
        self._ended = threading.Condition()
        self._gone = False
        threading.Thread(target=self._listen, name="zygote-listener", daemon=True).start()

    def fork(self, spec: dict[str, Any]) -> tuple[int, socket.socket]:
        """A new worker for `spec`: its process id and the channel to it."""
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                if self._gone:
                    raise StackStoppedError("The local stack has stopped.")
                framing.send(self._control, {"do": "fork", "spec": spec}, theirs.fileno())
                answer = self._answers.get()
        except OSError as error:
            ours.close()
            raise StackStoppedError("The local stack has stopped.") from error
        finally:
            theirs.close()
        if answer is None:
            ours.close()
            raise StackStoppedError("The local stack has stopped.")
        pid: int = answer["forked"]
        return pid, ours

    def signal(self, pid: int, number: int = signal.SIGKILL) -> bool:
        """Return whether a worker has the signal; one that has ended already gets none.

        The worker runs no further line of Python once this returns, if the signal ends or stops it.
        """
        with self._lock:
            if self._gone:
                return False
            try:
                framing.send(self._control, {"do": "signal", "pid": pid, "signal": number})
            except OSError:
                return False
            # Without waiting for the answer, a busy machine would signal long after the caller
            # has let the worker continue.
            answer = self._answers.get()
        return answer is not None and bool(answer["signalled"])

    def exit_code(self, pid: int, timeout: float = 30.0) -> int | None:
        """How a worker ended (negative: by that signal); None when it is not known in time."""
        with self._ended:
            self._ended.wait_for(lambda: pid in self._ends or self._gone, timeout)
            return self._ends.pop(pid, None)

    def stop(self) -> None:
        """End the zygote and every worker, busy or not."""
        with self._lock:
            self._gone = True
        os.close(self._life)
        self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._control.close()

    def _listen(self) -> None:
        while (message := framing.receive(self._control)) is not None:
            if "exited" not in message:
                self._answers.put(message)
                continue
            with self._ended:
                self._ends[message["exited"]] = message["code"]
                self._ended.notify_all()
        with self._ended:
            self._gone = True
            self._ended.notify_all()
        self._answers.put(None)
