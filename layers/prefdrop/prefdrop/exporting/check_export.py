"""CheckExport: ask the vendor how far it is, ever more rarely unless it calls back."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from prefdrop.errors import Transient
from prefdrop.exporting.attempts import begin_again
from prefdrop.exporting.patience import note_away, paced
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, is_late, next_of
from prefdrop.importing.check_status import GROWTH
from prefdrop.importing.step import Answer
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.exports import UNKNOWN, ExportRun
from prefdrop.mypreferences import NotFound, TokenRefused
from prefdrop.services import Deadline
from prefdrop.telemetry import logger

TOKEN_HOURS = 12
"""The longest that an export is waited for: its token is assumed to live as long (O-18)."""

OVER = {
    "Expired": "the vendor's export expired before it was retrieved",
    "Error": "the vendor could not export the segment",
    "Failed": "the API user may not retrieve the export",
    "Retrieved": "the vendor says that somebody else retrieved it",
}


def run(services: ExportServices, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `poll` with the next wait, `retrieve`, or `begin`.

    Raises ExportGivenUp and WaitedTooOften.
    """
    request = msgspec.convert(event, ExportInput)
    logger.append_keys(export=request.export, run=request.run)
    run = services.exports.get(request.export, request.run)
    if run.status != "Waiting" or is_late(request, run):
        return next_of(run)
    # Cleared before the look: a callback that comes after it then still shortens the next wait.
    run = services.exports.update(run, called_back=False, task_token=None, rounds=run.rounds + 1)
    try:
        found = services.export_vendor.status(run.token)
    except TokenRefused:
        return begin_again(services, run, "the vendor knows its access token no more")
    except (Transient, NotFound) as error:
        logger.warning("the status stays away", extra={"code": error.code})
        run, seconds = note_away(services, run)
        return _poll(services, run, request, least=seconds)
    if found.status == "Complete":
        # The pages' own count is preferred to it, where they name one.
        total = UNKNOWN if found.row_count is None else found.row_count
        retrieving: dict[str, Any] = {"status": "Retrieving", "total": total, "away_since": None}
        return next_of(services.exports.update(run, **retrieving))
    if why := OVER.get(found.status):
        return begin_again(services, run, why)
    if run.away_since:
        run = services.exports.update(run, away_since=None)
    return _poll(services, run, request)


def _poll(
    services: ExportServices, run: ExportRun, request: ExportInput, least: float = 0
) -> Answer:
    """Answer `poll`, with a wait of at least so many seconds."""
    if now_ms() - run.initiated_at > TOKEN_HOURS * 3_600_000:
        return begin_again(services, run, f"it was not complete within {TOKEN_HOURS} hours")
    settings = services.settings
    polls = int(request.cursor.get("polls", 0)) + 1
    wait = min(settings.poll_max_seconds, settings.poll_first_seconds * GROWTH**polls)
    seconds = paced(run, max(least, wait * random.uniform(0.8, 1)))
    return next_of(run, seconds=seconds, cursor={"polls": polls})
