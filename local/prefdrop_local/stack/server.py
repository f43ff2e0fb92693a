"""moto's server on a free loopback port, and moto's settings for the life of one stack."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from prefdrop_local.guard import Guard, GuardedHandler, guarded
from prefdrop_local.stack.bridges.s3_cuts import Cuts

_LOGGERS = ("moto", "werkzeug", "prefdrop_local.stack")
_NOISY = "moto.stepfunctions.parser.asl.component.eval_component"
"""Logs as an error whatever a Choice asks for that is not there."""


class PortTakenError(OSError):
    """The stack cannot listen where it was told to."""


class Server:
    """Serves moto's backends until stopped; what moto logs goes to `log`."""

    def __init__(self, log: Path, guard: Guard, port: int = 0) -> None:
        self.application: Any = DomainDispatcherApplication(create_backend_app)
        self.cuts = Cuts(self.application)
        self._server = _listen(self.cuts, guard, port)
        self._handlers = _log_to(log)
        self._config = {name: dict(value) for name, value in _sections()}
        default_user_config["stepfunctions"]["execute_state_machine"] = True
        default_user_config["lambda"]["use_docker"] = False
        self.port: int = self._server.server_address[1]
        self._port_before = os.environ.get("MOTO_PORT")
        os.environ["MOTO_PORT"] = str(self.port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """The address that every AWS client of the stack is given."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop serving, forget all data, put moto's settings back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        registered: Any = BackendDict
        for backends in list(registered._instances):
            for of_account in backends.values():
                of_account.reset()
        for name, value in _sections():
            value.clear()
            value.update(self._config[name])
        if self._port_before is None:
            os.environ.pop("MOTO_PORT", None)
        else:
            os.environ["MOTO_PORT"] = self._port_before
        for logger, handler, propagate in self._handlers:
            logger.removeHandler(handler)
            logger.propagate = propagate
            handler.close()


def _listen(application: Any, guard: Guard, port: int) -> Any:
    try:
        server: Any = make_server(
            "127.0.0.1",
            port,
            application,
            threaded=True,
            request_handler=guarded(_QuietHandler, guard),
        )
    except (OSError, SystemExit):  # werkzeug ends the program when a port is taken
        raise PortTakenError(f"Port {port} is in use; stop its owner or take another.") from None
    server.daemon_threads = True
    return server


class _QuietHandler(GuardedHandler, MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests are not logged: there are thousands."""


def _sections() -> list[tuple[str, Any]]:
    return [(name, default_user_config[name]) for name in ("stepfunctions", "lambda")]


def _log_to(log: Path) -> list[tuple[logging.Logger, logging.Handler, bool]]:
    handlers: list[tuple[logging.Logger, logging.Handler, bool]] = []
    logging.getLogger(_NOISY).setLevel(logging.CRITICAL)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        handler = logging.FileHandler(log, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        handlers.append((logger, handler, logger.propagate))
        logger.addHandler(handler)
        logger.propagate = False
    return handlers
