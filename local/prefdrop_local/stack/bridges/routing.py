"""Requests find service and method without a search through all of moto at each of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto import backends
from moto.core import responses
from moto.core.utils import get_service_model, method_names_from_class

from prefdrop_local.stack.patching import Patches

SERVICES = ("dynamodb", "events", "s3", "stepfunctions", "secretsmanager")
"""What functions call; made ready before the first call, which may be many at once."""


def install(patches: Patches) -> None:
    """List moto's modules, and the methods of each service, once."""
    names = tuple(backends.list_of_moto_modules())
    patches.set(backends, "list_of_moto_modules", lambda: names)
    patches.set(responses, "method_names_from_class", cache(method_names_from_class))


def warm(application: Any) -> None:
    """Make the applications of `SERVICES`, and read their models."""
    for service in SERVICES:
        with application.lock:
            if service not in application.app_instances:
                application.app_instances[service] = application.create_app(service)
        get_service_model(service)
