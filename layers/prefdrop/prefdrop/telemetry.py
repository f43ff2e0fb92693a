"""The one logger and the one set of metrics of every function.

Both get ids, names, codes and numbers only: never an access token, a secret or a record's content.
There is no filter that would catch one, because none may arrive here. For the same reason nothing
logs a function's event or calls `logger.exception`, which would print the text of any error.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "prefdrop")
"""The stack's name: what tells its lines and its metrics from those of another stack."""
NAMESPACE = "Prefdrop"

QUIETEST = {
    "aws_lambda_powertools": logging.WARNING,
    "bcdocs": logging.WARNING,  # botocore's too
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
    "charset_normalizer": logging.WARNING,
    "jmespath": logging.WARNING,
    "requests": logging.WARNING,
    "s3transfer": logging.WARNING,
    "urllib3": logging.ERROR,
}
"""Least severe level that each library may log. Below it, botocore writes requests and answers
whole, with secrets, tokens and people's data. A warning of urllib3 names a request's path, which
may hold an access token."""


def quieten_libraries() -> None:
    """Hold each library at its level, whatever level the root logger has.

    Lambda gives the root logger the function's own log level before it imports the handler.
    """
    for name, level in QUIETEST.items():
        logging.getLogger(name).setLevel(level)


quieten_libraries()

logger = Logger(service=SERVICE, utc=True, use_rfc3339=True)
"""Writes one JSON object per line to stdout; its level is the function's own log level."""


class Counts(AmazonCloudWatchEMFProvider):
    """Metrics in lines that Lambda lets through whatever `ApplicationLogLevel` it is set to.

    A line without both a `level` and a time in RFC 3339 counts as INFO, by Lambda's documentation
    of log level filtering, so at WARN every alarm on our metrics would fall silent. FATAL is the
    most severe level that a function can be set to; it says nothing of what is counted. Members
    beside `_aws` are allowed by the embedded metric format and are no metrics.
    """

    def serialize_metric_set(self, *args: Any, **named: Any) -> Any:
        line = super().serialize_metric_set(*args, **named)
        return {"level": "FATAL", "timestamp": datetime.now(UTC).isoformat(), **line}


metrics = Counts(namespace=NAMESPACE, service=SERVICE)
"""Collects counts until `metrics.flush_metrics()` writes them to stdout in CloudWatch's embedded
metric format (EMF), which costs no request."""


def frames() -> list[str]:
    """Where the current exception came from, without its message and without any value."""
    trace = sys.exc_info()[2]
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)][-8:]
