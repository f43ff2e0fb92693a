"""Invoking one of the stack's functions by hand, and waiting for its answer."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.errors import Terminal
from prefdrop_cli.deployments import Deployment

LONGEST_SECONDS = 900
"""How long a function may take at most."""


class FunctionFailed(Terminal):
    """A function that was invoked by hand ended in an error."""


def invoke(deployment: Deployment, function: str, request: dict[str, Any]) -> dict[str, Any]:
    """Call a function by its name and wait; raises FunctionFailed with what it said."""
    from botocore.config import Config

    # Invoking again while the function runs would only make it do everything twice.
    patient = Config(read_timeout=LONGEST_SECONDS, retries={"total_max_attempts": 1})
    client = deployment.client("lambda", config=patient)
    answer = client.invoke(FunctionName=function, Payload=msgspec.json.encode(request))
    payload = msgspec.json.decode(answer["Payload"].read() or b"null")
    failed = isinstance(payload, dict) and "errorMessage" in payload
    if answer.get("FunctionError") or failed or not isinstance(payload, dict):
        said = payload.get("errorMessage", "") if isinstance(payload, dict) else ""
        why, _, advice = str(said).partition("\n")
        more = "Its log says more. Nothing that was there before is lost; try again."
        raise FunctionFailed(
            f"{function} failed: {why or 'it gave no reason.'}",
            hint=f"{' '.join(advice.split())} {more}".strip(),
        )
    return payload
