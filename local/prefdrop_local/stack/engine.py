"""The part of the stack that needs moto: server, bridges, deployment."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from moto.moto_server import werkzeug_app
from moto.secretsmanager.models import secretsmanager_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from prefdrop_local.guard import Guard
from prefdrop_local.stack import limits
from prefdrop_local.stack.bridges import (
    answers,
    choices,
    dynamodb,
    executions,
    items,
    lambda_calls,
    parsing,
    routing,
    s3_events,
    s3_notifications,
    tokens,
    waits,
)
from prefdrop_local.stack.bridges.eventbridge import EventBus
from prefdrop_local.stack.bridges.http_api import HttpApis
from prefdrop_local.stack.bridges.pipes import Pipes
from prefdrop_local.stack.bridges.schedules import Schedules
from prefdrop_local.stack.bridges.streams import Streams
from prefdrop_local.stack.deployment import Deployment, deploy
from prefdrop_local.stack.lambdas.forker import Forker
from prefdrop_local.stack.lambdas.service import Functions
from prefdrop_local.stack.parameters import ParameterError, check_parameters
from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.place import ACCOUNT, REGION
from prefdrop_local.stack.server import PortTakenError, Server
from prefdrop_local.stack.table_requests import TableObserver
from prefdrop_local.stack.translation import Translation

__all__ = ["Engine", "ParameterError", "PortTakenError"]

if TYPE_CHECKING:
    from prefdrop_local.stack.settings import StackSettings


class Engine:
    """moto with its gaps bridged, serving; `deploy` then fills it."""

    deployment: Deployment
    schedules: Schedules

    def __init__(self, forker: Forker, settings: StackSettings, log: Path) -> None:
        self._settings = settings
        guard = Guard(settings.allow_hosts)
        self.server = Server(log, guard, settings.port)
        self._patches = Patches()
        # moto lets every web page read its answers; the guard refuses those pages besides.
        self._patches.set(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
        routing.install(self._patches)
        answers.install(self._patches)
        items.install(self._patches)
        self.functions = Functions(
            forker,
            pool_size=settings.workers_per_function,
            retry_seconds=settings.async_retry_seconds,
        )
        self.bus = EventBus(self.functions)
        self.bus.install(self._patches)
        s3_events.install(self._patches, self.bus.publish)
        s3_notifications.install(self._patches)
        executions.install(self._patches, self.bus.publish)
        tokens.install(self._patches)
        parsing.install(self._patches)
        choices.install(self._patches)
        waits.install(self._patches, scale=settings.wait_scale)
        lambda_calls.install(self._patches, self.functions)
        limits.install(self._patches)
        self.table_observers: list[TableObserver] = []
        streams = Streams()
        streams.install(self._patches)
        dynamodb.install(self._patches, self.table_observers, streams)
        self.pipes = Pipes(self.bus, streams)
        self.http_apis = HttpApis(self.functions, guard)
        self.schedules = Schedules([], self.bus, settings.minute_seconds)

    def deploy(
        self, translation: Translation, parameters: dict[str, str], *, root: Path, logs: Path
    ) -> None:
        """Create the template's resources and set schedules going."""
        check_parameters(translation.template, parameters)
        self.deployment = deploy(
            translation,
            parameters,
            endpoint=self.server.endpoint,
            serve=self.http_apis.serve,
            root=root,
            logs=logs,
        )
        self.pipes.add(self.deployment.pipes)
        self.functions.add(self.deployment.functions)
        if self._settings.warm_workers:
            self.functions.warm()
        routing.warm(self.server.application)
        self.schedules = Schedules(
            self.deployment.schedules, self.bus, self._settings.minute_seconds
        )

    def put_secret(self, name: str, value: str) -> None:
        """A new version of a secret."""
        backend = secretsmanager_backends[ACCOUNT][REGION]
        backend.put_secret_value(
            secret_id=name,
            secret_string=value,
            secret_binary="",
            client_request_token="",
            version_stages=["AWSCURRENT"],
        )

    def secret(self, name: str) -> str:
        """The current value of a secret."""
        backend = secretsmanager_backends[ACCOUNT][REGION]
        return str(backend.get_secret_value(name, "", "AWSCURRENT")["SecretString"])

    def stop(self) -> None:
        """End what brings work, then what is under way and its deliveries, then the server."""
        self.schedules.stop()
        self.http_apis.stop()
        self.functions.stop()
        self.pipes.stop()
        self.bus.stop()
        quiet = threading.Lock()
        for execution in stepfunctions_parser_backends[ACCOUNT][REGION]._get_executions():
            executions.abort(execution, quiet)
        self.server.stop()
        self._patches.undo()
