"""Waiting for a vendor who is away or asks for patience, with all that is there kept."""

from __future__ import annotations

import random
from datetime import datetime

from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput
from prefdrop.importing.step import Answer, answer
from prefdrop.ledger.clock import milliseconds, now_ms
from prefdrop.mypreferences import NotSent, TooManyRequests
from prefdrop.mypreferences.errors import MyPreferencesError, Unclear
from prefdrop.telemetry import logger

AWAY = (TooManyRequests, NotSent, Unclear)
"""What may be over by itself."""

PATIENCE_HOURS = 12
"""How long a run stays at one place: a token is assumed to live no longer (O-18)."""

SHORTEST_SECONDS = 5
LONGEST_SECONDS = 120
LONGEST_ASKED_SECONDS = 3600
"""The longest of the vendor's own wishes that is granted in one wait."""


def wait_for_vendor(
    services: ExportServices, request: ExportInput, error: MyPreferencesError
) -> Answer:
    """Answer `wait`, the longer the run has got nowhere; raises `error` in the end."""
    run = services.exports.get(request.export, request.run)
    since = datetime.fromisoformat(run.updated_at or run.started_at)
    stood = (now_ms() - milliseconds(since)) / 1000
    if stood > PATIENCE_HOURS * 3600:
        raise error
    seconds = min(LONGEST_SECONDS, max(SHORTEST_SECONDS, stood / 2)) * random.uniform(0.8, 1)
    asked = error.retry_after if isinstance(error, TooManyRequests) else None
    if asked is not None:
        seconds = min(LONGEST_ASKED_SECONDS, max(seconds, asked))
    logger.warning("waiting for the vendor", extra={"code": error.code, "seconds": seconds})
    return answer("wait", seconds=seconds)
