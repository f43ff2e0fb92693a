"""Starts the sandbox as a process of its own; used by the local stack, the tests and the command.

Imports nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import TracebackType

_STOP_SECONDS = 60


class SandboxFailedError(RuntimeError):
    """The sandbox did not start; the text is what it printed."""


class SandboxProcess:
    """A running sandbox. Leaving the `with` block stops it."""

    def __init__(self, process: subprocess.Popen[str], ready: dict[str, str]) -> None:
        self._process = process
        self.url = ready.pop("url")
        """Base of the vendor's API, with a slash at its end."""
        self.admin_url = ready.pop("admin_url")
        """Base of the admin API, with a slash at its end."""
        self.credentials = ready
        """client_id, user_id, secret, oauth_client_id, oauth_client_secret."""

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def stop(self) -> int:
        """End the sandbox and return its exit code; safe to call twice."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        return self._process.returncode

    def __enter__(self) -> SandboxProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_sandbox(**options: object) -> SandboxProcess:
    """Start a sandbox and wait until it serves.

    Options are those of the command line with underscores, for example `database="run.db"`,
    `queued_seconds=0` or `daily_limit=5`; None leaves one out, a list gives one several times. It
    ends with this process.
    Raises SandboxFailedError when an option is wrong or the port is taken.
    """
    command = [sys.executable, "-m", "prefdrop_local.sandbox"]
    command.append(f"--exit-with-parent={os.getpid()}")
    for name, given in options.items():
        for value in given if isinstance(given, list) else [given]:
            if value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                command.append(f"--{name.replace('_', '-')}={text}")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
        # Ctrl-C reaches the starter alone, which may still need the sandbox to end in order.
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise SandboxFailedError(
            f"the sandbox did not start (exit code {process.returncode}), see its error above"
        )
    return SandboxProcess(process, json.loads(line))


def _environment() -> dict[str, str]:
    """The child finds the same modules as this process, installed or not."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**os.environ, "PYTHONPATH": path}
