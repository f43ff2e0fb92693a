"""Runs inside the function's container: its own handler, timed from within.

Any event goes to the handler as it is. What comes back is how long that took, and AWS's share.
"""

from __future__ import annotations

import importlib
import time
from typing import Any

from botocore.client import BaseClient

_spent = [0.0]
_client: Any = BaseClient
_call = _client._make_api_call


def _timed(self: Any, name: str, arguments: Any) -> Any:
    began = time.perf_counter()
    try:
        return _call(self, name, arguments)
    finally:
        _spent[0] += time.perf_counter() - began


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Measure one call."""
    _client._make_api_call = _timed
    app: Any = importlib.import_module("app")

    _spent[0] = 0.0
    began = time.perf_counter()
    answer = app.handler(event, context)
    took = time.perf_counter() - began
    return {"status": answer["statusCode"], "seconds": took, "aws": _spent[0]}
