"""CheckExport: ask the vendor how far it is, ever more rarely unless it calls back."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from prefdrop.errors import Transient
from prefdrop.exporting.attempts import begin_again
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, next_of
from prefdrop.importing.check_status import GROWTH
from prefdrop.importing.services import Deadline
from prefdrop.importing.step import Answer
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.exports import UNKNOWN, ExportRun
from prefdrop.mypreferences import NotFound, TokenRefused
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
    """Answer `poll` with the next wait, `retrieve`, or `begin`; raises ExportGivenUp."""
    request = msgspec.convert(event, ExportInput)
    logger.append_keys(export=request.export, run=request.run)
    run = services.exports.get(request.export, request.run)
    if run.status != "Waiting":
        return next_of(run)
    # Cleared before the look: a callback that comes after it then still shortens the next wait.
    run = services.exports.update(run, called_back=False, task_token=None)
    try:
        found = services.export_vendor.status(run.token)
    except TokenRefused:
        return begin_again(services, run, "the vendor knows its access token no more")
    except (Transient, NotFound) as error:
        logger.warning("the status stays away", extra={"code": error.code})
        return _poll(services, run, request)
    if found.status == "Complete":
        # The pages' own count is preferred to it, where they name one.
        total = UNKNOWN if found.row_count is None else found.row_count
        return next_of(services.exports.update(run, status="Retrieving", total=total))
    if why := OVER.get(found.status):
        return begin_again(services, run, why)
    return _poll(services, run, request)


def _poll(services: ExportServices, run: ExportRun, request: ExportInput) -> Answer:
    if now_ms() - run.initiated_at > TOKEN_HOURS * 3_600_000:
        return begin_again(services, run, f"it was not complete within {TOKEN_HOURS} hours")
    settings = services.settings
    polls = int(request.cursor.get("polls", 0)) + 1
    wait = min(settings.poll_max_seconds, settings.poll_first_seconds * GROWTH**polls)
    return next_of(run, seconds=wait * random.uniform(0.8, 1), cursor={"polls": polls})
