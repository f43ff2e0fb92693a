"""The sandbox of a stack that is not given a vendor, started beside everything else."""

from __future__ import annotations

import threading
from typing import Any

from prefdrop_local.stack.vendor import ExternalVendor, of_sandbox


class StackError(RuntimeError):
    """The local stack cannot start or cannot do what was asked; the text says what to do."""


class SandboxStart:
    """Starts a sandbox beside everything else, when the stack is to have one of its own."""

    def __init__(self, vendor: Any, allow_hosts: tuple[str, ...] = ()) -> None:
        self._vendor = vendor
        self._allow_hosts = list(allow_hosts)
        self._sandbox: Any = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        if vendor is None:
            self._thread = threading.Thread(target=self._start, name="sandbox-start")
            self._thread.start()

    def result(self) -> tuple[ExternalVendor | None, Any]:
        """The vendor to deploy with, and the sandbox when the vendor is one."""
        if self._thread is not None:
            self._thread.join()
            if self._error is not None:
                raise StackError(f"The sandbox did not start: {self._error}") from self._error
            return of_sandbox(self._sandbox), self._sandbox
        if self._vendor == "none":
            return None, None
        if isinstance(self._vendor, ExternalVendor):
            return self._vendor, None
        return of_sandbox(self._vendor), self._vendor

    def stop(self) -> None:
        """Stop the sandbox that was started here."""
        if self._thread is not None:
            self._thread.join()
        if self._sandbox is not None:
            self._sandbox.stop()

    def _start(self) -> None:
        from prefdrop_local.sandbox.process import start_sandbox

        try:
            # Events come back to this machine, where there is no TLS, and many at a time.
            self._sandbox = start_sandbox(
                allow_http_loopback=True,
                delivery_shape="array",
                delivery_batch=50,
                allow_host=self._allow_hosts,
            )
        except BaseException as error:
            self._error = error
