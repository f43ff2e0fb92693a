"""A process that has the functions' libraries imported already and forks workers on request.

A worker therefore starts in a few milliseconds instead of a second. Nothing of `prefdrop` is
imported here: a function's own modules load in its worker, with its environment.

    python -m prefdrop_local.stack.lambdas.zygote CONTROL_FD LIFE_FD
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from prefdrop_local.stack.botocore_data import read_once
from prefdrop_local.stack.lambdas import calls, framing, worker
from prefdrop_local.stack.place import REGION

PREIMPORTED = (
    "aws_lambda_powertools",
    "aws_lambda_powertools.metrics",
    "boto3",
    "botocore.session",
    "msgspec",
    "requests",
)


SERVICES = ("dynamodb", "events", "s3", "secretsmanager", "stepfunctions")
"""The services that functions make clients of."""

END_SECONDS = 4.0
"""Time for the workers to end when the stack does; the stack waits a second longer."""


class _Parent:
    """The zygote's view of the stack and of the workers it has forked."""

    def __init__(self, control: socket.socket, life: int) -> None:
        self.control = control
        self.life = life
        self.children: set[int] = set()

    def handle(self, message: dict[str, Any], descriptor: int | None) -> None:
        if message["do"] == "fork" and descriptor is not None:
            channel = socket.socket(fileno=descriptor)
            pid = os.fork()
            if pid == 0:
                self._become_worker(message["spec"], channel)
            channel.close()
            self.children.add(pid)
            self._tell({"forked": pid})
        elif message["do"] == "signal":
            # A child is in the set until it is reaped, so its number cannot be another's by now.
            known = message["pid"] in self.children
            if known:
                os.kill(message["pid"], message["signal"])
            self._tell({"signalled": known})

    def reap(self) -> None:
        for pid, status in self._ended():
            self._tell({"exited": pid, "code": os.waitstatus_to_exitcode(status)})

    def _ended(self) -> Iterator[tuple[int, int]]:
        """Yield number and status of each worker that has ended since."""
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self.children.discard(pid)
            yield pid, status

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            framing.send(self.control, message)
        except OSError:
            self.end()

    def end(self) -> None:
        """Wait for the workers, which end with the stack by themselves; kill those that hang."""
        patience = time.monotonic() + END_SECONDS
        while self.children and time.monotonic() < patience:
            for _ in self._ended():
                pass
            time.sleep(0.002)
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def _become_worker(self, spec: dict[str, Any], channel: socket.socket) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.control.close()
            worker.serve(spec, channel, self.life)
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        finally:
            os._exit(1)


def main(control_fd: int, life: int) -> None:
    """Import what functions share, then fork workers until the stack closes the control channel."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the stack's; it closes the channel
    control = socket.socket(fileno=control_fd)
    for name in PREIMPORTED:
        __import__(name)
    _warm_botocore()
    if recorder := calls.recorder():
        recorder.watch()
    gc.collect()
    gc.freeze()
    parent = _Parent(control, life)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wake_read, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fd == wake_read:
                os.read(wake_read, 4096)
                parent.reap()
                continue
            received = framing.receive_with_descriptor(control)
            if received is None:
                parent.end()
            else:
                parent.handle(*received)


def _warm_botocore() -> None:
    """Make clients and drop them: their models are read and the modules behind them imported.

    Nothing is sent and nothing of them is left to the workers, which make their own.
    """
    import botocore.session

    read_once()
    session = botocore.session.Session()
    for service in SERVICES:
        session.create_client(
            service,
            region_name=REGION,
            aws_access_key_id="unused",
            aws_secret_access_key="unused",
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
