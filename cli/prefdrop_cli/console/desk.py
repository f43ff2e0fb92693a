"""The stack that a console shows, safe for requests that come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prefdrop_cli.deployments import Deployment


def shared(deployment: Deployment) -> Deployment:
    """The same stack with one client per service; boto3 makes them one at a time only.

    Once made, a client may be used by any number of threads.
    """
    return replace(deployment, client=_Clients(deployment.client))


class _Clients:
    """Makes each client once."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str, **more: Any) -> Any:
        with self._lock:
            if more:
                return self._make(service, **more)
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]
