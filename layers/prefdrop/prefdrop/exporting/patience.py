"""Waiting for a vendor who is away or asks for patience, with all that is there kept."""

from __future__ import annotations

import random
from datetime import datetime

from prefdrop.errors import PrefdropError, Terminal
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, answer_of
from prefdrop.importing.step import Answer
from prefdrop.importing.vendor_errors import CredentialsRefused, VendorAway
from prefdrop.ledger.clock import iso_now, milliseconds, now_ms
from prefdrop.ledger.exports import ExportRun
from prefdrop.mypreferences import NotSent, TooManyRequests
from prefdrop.mypreferences.errors import Unclear
from prefdrop.telemetry import logger

AWAY = (TooManyRequests, NotSent, Unclear, CredentialsRefused, VendorAway)
"""What may be over by itself."""

PATIENCE_HOURS = 12
"""How long a run stays at one place: a token is assumed to live no longer (O-18)."""

SHORTEST_SECONDS = 5
LONGEST_SECONDS = 900
LONGEST_ASKED_SECONDS = 3600
"""The longest of the vendor's own wishes that is granted in one wait."""

QUICK_ROUNDS = 300
"""Waits of one run that may be short. After them each is two seconds longer than the one before."""

MOST_ROUNDS = 1200
"""Waits after which a run is given up: an execution ends at 25,000 events of its history."""


class WaitedTooOften(Terminal):
    """A run has waited for the vendor as often as the history of one execution allows."""


def wait_for_vendor(services: ExportServices, request: ExportInput, error: PrefdropError) -> Answer:
    """Answer `wait`, the longer the vendor has been away; raises `error` in the end."""
    run = services.exports.get(request.export, request.run)
    since = run.away_since or iso_now()
    away = _seconds_since(since)
    if away > PATIENCE_HOURS * 3600:
        raise error
    run = services.exports.update(run, away_since=since, rounds=run.rounds + 1)
    seconds = paced(run, growing(away))
    asked = error.retry_after if isinstance(error, TooManyRequests) else None
    if asked is not None:
        seconds = max(seconds, min(LONGEST_ASKED_SECONDS, asked))
    logger.warning("waiting for the vendor", extra={"code": error.code, "seconds": seconds})
    return answer_of("wait", run, seconds=seconds)


def note_away(services: ExportServices, run: ExportRun) -> tuple[ExportRun, float]:
    """Write down since when the vendor is away; returns the run and how long to wait then."""
    if not run.away_since:
        run = services.exports.update(run, away_since=iso_now())
    return run, growing(_seconds_since(run.away_since))


def growing(away: float) -> float:
    """Seconds to wait after `away` seconds without an answer: 5 s to 15 minutes."""
    seconds = min(LONGEST_SECONDS, max(SHORTEST_SECONDS, away / 2))
    return seconds * random.uniform(0.8, 1)


def paced(run: ExportRun, seconds: float) -> float:
    """Return `seconds`, or more for a run that has waited often; raises WaitedTooOften."""
    if run.rounds > MOST_ROUNDS:
        raise WaitedTooOften(
            f"The run has waited for the vendor {MOST_ROUNDS} times.",
            hint="Ask the vendor's support why exports take so long, or split the segment. The "
            "watermark is where it was, so the next run goes on from there.",
        )
    return max(seconds, min(LONGEST_SECONDS, 2 * (run.rounds - QUICK_ROUNDS)))


def _seconds_since(moment: str) -> float:
    return (now_ms() - milliseconds(datetime.fromisoformat(moment))) / 1000
