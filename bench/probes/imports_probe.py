"""Runs inside a function's container: how long each function's handler takes to import there.

Every try is a new interpreter. It imports boto3 and makes a client first, as a bare function that
reaches DynamoDB does: what the handler takes beyond that is compared with it. Counted is processor
time, in seconds, so that a busy machine measures what an idle one does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

TRY = """
import importlib, json, sys, time
seconds = [time.process_time()]
import boto3
boto3.client("dynamodb")
sys.path.insert(0, sys.argv[1])
seconds.append(time.process_time())
import app
seconds.append(time.process_time())
if sys.argv[2] == "vendor":
    exports = "prefdrop.exporting.services" in sys.modules
    importlib.import_module("prefdrop.exporting.vendor" if exports else "prefdrop.importing.vendor")
seconds.append(time.process_time())
print(json.dumps([after - before for before, after in zip(seconds, seconds[1:])]))
"""


def handler(event: dict[str, Any], _: Any) -> list[list[float]]:
    """Import one function as often as asked: seconds of boto3, the handler, the vendor's client."""
    vendor = "vendor" if event["vendor"] else ""
    return [_try(event["function"], vendor) for _ in range(event["tries"])]


def _try(folder: str, vendor: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", TRY, folder, vendor],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds
