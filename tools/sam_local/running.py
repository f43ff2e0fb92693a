"""`sam local` as a command that answers, and as a server that is started and stopped."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import requests

from tools.sam_local.engine import SAM, Engine, SamError

READY = re.compile(r"Running on (http://\S+)|CTRL\+C to quit")
PATIENCE = 120.0


class SamLocal:
    """The built functions of one template, in containers."""

    def __init__(self, engine: Engine, template: Path, logs: Path) -> None:
        self._engine = engine
        self._template = template
        self._logs = logs

    def _command(self, *words: str) -> list[str]:
        return [str(SAM), "local", *words, "--template", str(self._template),
                *self._engine.local_options()]  # fmt: skip

    def invoke(self, function: str, event: Path) -> Any:
        """Call a function once with an event's file; its answer, or its error's object.

        Raises SamError when the function was not called. Calls of several threads run side by side.
        """
        done = subprocess.run(
            self._command("invoke", function, "--event", str(event)),
            env=self._engine.environment(), capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        (self._logs / f"{function}.log").write_text(done.stderr)
        if not done.stdout.strip():
            raise SamError(done.stderr[-4000:])
        return json.loads(done.stdout.strip().splitlines()[-1])

    @contextlib.contextmanager
    def serving(self, what: str) -> Iterator[str]:
        """`start-api` or `start-lambda` with containers kept warm; yields its address."""
        port = _free_port()
        log = (self._logs / f"{what}.log").open("w")
        with log, subprocess.Popen(
            self._command(what, "--port", str(port), "--warm-containers", "LAZY"),
            env=self._engine.environment(), stdout=log, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        ) as server:  # fmt: skip
            try:
                assert server.stderr is not None
                if not _is_ready(server.stderr, log):
                    raise SamError(f"`sam local {what}` ended before it was ready: {log.name}")
                reader = threading.Thread(target=_copy, args=(server.stderr, log), daemon=True)
                reader.start()
                yield f"http://127.0.0.1:{port}"
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(PATIENCE)


def call_lambda(address: str, function: str, payload: bytes) -> bytes:
    """Invoke a function of `start-lambda`; its answer as bytes."""
    url = f"{address}/2015-03-31/functions/{function}/invocations"
    answer = requests.post(url, data=payload, timeout=PATIENCE)
    answer.raise_for_status()
    return answer.content


def _is_ready(source: IO[str], log: IO[str]) -> bool:
    """Wait until a server says that it is ready; False if it ends instead."""
    for line in source:
        log.write(line)
        log.flush()
        if READY.search(line):
            return True
    return False


def _copy(source: IO[str], log: IO[str]) -> None:
    with contextlib.suppress(ValueError):
        for line in source:
            log.write(line)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
