"""Runs inside the function's container: its own handler, timed from within.

An event `{"measure": "imports"}` times module imports in processes of their own; any other event
goes to the handler as it is, and what comes back is how long that took, and AWS's share of it.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from typing import Any

from botocore.client import BaseClient

BARE = "import boto3; boto3.client('dynamodb')"
WHOLE = BARE + "; import app"
TRIES = 7

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
    if event.get("measure") == "imports":
        bare, whole = [], []
        for _ in range(TRIES):
            bare.append(_import_seconds(BARE))
            whole.append(_import_seconds(WHOLE))
        return {"bare": bare, "whole": whole}
    _client._make_api_call = _timed
    app: Any = importlib.import_module("app")

    _spent[0] = 0.0
    began = time.perf_counter()
    answer = app.handler(event, context)
    took = time.perf_counter() - began
    return {"status": answer["statusCode"], "seconds": took, "aws": _spent[0]}


def _import_seconds(code: str) -> float:
    """Seconds of processor time that some imports take in a new interpreter, without its start."""
    timed = f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
    done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])
