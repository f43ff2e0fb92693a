"""The local stack: `template.yaml` deployed into moto, its state machine and handlers really run.

    with LocalStack() as stack:
        stack.client("s3").put_object(Bucket=stack.outputs["BucketName"], Key="inbox/...", Body=...)

Names load on first use: workers import from this package and must start without moto.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefdrop_local.stack.bridges.http_api import HttpRequest
    from prefdrop_local.stack.lambdas.pool import Invocation
    from prefdrop_local.stack.lambdas.service import overlapping
    from prefdrop_local.stack.local_stack import LocalStack
    from prefdrop_local.stack.parameters import LOCAL_PARAMETERS
    from prefdrop_local.stack.sandbox_start import StackError
    from prefdrop_local.stack.settings import StackSettings
    from prefdrop_local.stack.table_requests import TableFaultError, TableRequest
    from prefdrop_local.stack.vendor import NO_VENDOR, ExternalVendor

_HOMES = {
    "LOCAL_PARAMETERS": "parameters",
    "NO_VENDOR": "vendor",
    "ExternalVendor": "vendor",
    "HttpRequest": "bridges.http_api",
    "Invocation": "lambdas.pool",
    "LocalStack": "local_stack",
    "StackError": "sandbox_start",
    "StackSettings": "settings",
    "TableFaultError": "table_requests",
    "TableRequest": "table_requests",
    "overlapping": "lambdas.service",
}

__all__ = [
    "LOCAL_PARAMETERS",
    "NO_VENDOR",
    "ExternalVendor",
    "HttpRequest",
    "Invocation",
    "LocalStack",
    "StackError",
    "StackSettings",
    "TableFaultError",
    "TableRequest",
    "overlapping",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
