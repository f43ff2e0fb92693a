"""The one logger and the one set of metrics of every function.

Both get ids, names, codes and numbers only: never an access token, a secret or a record's content.
There is no filter that would catch one, because none may arrive here. For the same reason nothing
logs a function's event or calls `logger.exception`, which would print the text of any error.
"""

from __future__ import annotations

import os
import sys
import traceback

from aws_lambda_powertools import Logger, Metrics

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "prefdrop")
"""The stack's name: what tells its lines and its metrics from those of another stack."""
NAMESPACE = "Prefdrop"

logger = Logger(service=SERVICE, utc=True, use_rfc3339=True)
"""Writes one JSON object per line to stdout; its level is the function's own log level."""

metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
"""Collects counts until `metrics.flush_metrics()` writes them to stdout in CloudWatch's embedded
metric format (EMF), which costs no request."""


def frames() -> list[str]:
    """Where the current exception came from, without its message and without any value."""
    trace = sys.exc_info()[2]
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)][-8:]
