"""FailExport: write down why a run failed; one that was decided before is published instead."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.exporting.ending import NEXT_RUN, fail, publish
from prefdrop.exporting.services import ExportServices
from prefdrop.importing.record_failure import RETRY_HINT, read_failure
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.exports import ExportRun
from prefdrop.ledger.imports import Failure
from prefdrop.services import Deadline
from prefdrop.telemetry import logger


def run(services: ExportServices, event: dict[str, Any], _: Deadline) -> dict[str, str]:
    """Answer `failed` with the error's name and text, or `done` for a run that was decided."""
    state = event["state"]
    logger.append_keys(export=state["export"], run=state["run"])
    run = services.exports.begin(
        ExportRun(
            export=state["export"],
            run=state["run"],
            execution=event["execution"],
            started_at=iso_now(),
        )
    )
    if run.status == "Publishing":
        run = publish(services, run)
    failure = _failure(state.get("failure", {}))
    if run.status != "Completed":
        run = fail(services, run, failure)
    if run.status == "Completed":
        return {"next": "done", "error": "", "cause": ""}
    failure = run.error or failure
    return {"next": "failed", "error": failure.code, "cause": f"{failure.message} {failure.hint}"}


def _failure(caught: dict[str, str]) -> Failure:
    failure = read_failure(caught.get("Error", "Unknown"), caught.get("Cause") or "")
    if failure.hint == RETRY_HINT:
        return msgspec.structs.replace(failure, hint=NEXT_RUN)
    return failure
