"""Asking the vendor for the same export again, a bounded number of times."""

from __future__ import annotations

from prefdrop.errors import Terminal
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import next_of
from prefdrop.importing.step import Answer
from prefdrop.ledger.exports import ExportRun, RunGoneOn
from prefdrop.telemetry import logger

ATTEMPTS = 3
"""How many exports the vendor is asked for in one run before the run is given up."""


class ExportGivenUp(Terminal):
    """Export after export of one run came to nothing at the vendor."""


def begin_again(services: ExportServices, run: ExportRun, why: str) -> Answer:
    """Give up the present attempt, of which nobody sees anything; raises ExportGivenUp.

    Where another worker has gone on with the run meanwhile, it is answered what comes next then.
    """
    logger.warning("the attempt is given up", extra={"attempt": run.attempt, "why": why})
    if run.attempt >= ATTEMPTS:
        raise ExportGivenUp(
            f"{ATTEMPTS} exports of this run came to nothing, the last because {why}.",
            hint="Look at the segment in MyPreferences and at the API user's permissions; the "
            "watermark is where it was, so the next run goes on from there.",
        )
    try:
        run = services.exports.update(
            run, status="Beginning", given_up=why, token=None, away_since=None
        )
    except RunGoneOn:
        run = services.exports.get(run.export, run.run)
    return next_of(run)
