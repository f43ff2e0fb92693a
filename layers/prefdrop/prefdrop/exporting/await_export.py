"""AwaitExport: keep the task token of a waiting run, for the vendor's callback to answer."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, is_late
from prefdrop.importing.turn import send
from prefdrop.ledger.exports import ExportRun
from prefdrop.services import Deadline


def run(services: ExportServices, event: dict[str, Any], _: Deadline) -> None:
    """Write the token into the ledger, then see whether the callback came before it."""
    request = msgspec.convert(event, ExportInput)
    run = services.exports.get(request.export, request.run)
    if is_late(request, run):  # its token is dead, and the one that is kept must stay
        return
    run = services.exports.update(run, task_token=request.task_token)
    if run.called_back:
        wake(services, run)


def wake(services: ExportServices, run: ExportRun) -> None:
    """End the wait of a run; when nobody waits, its next look at the status is near anyway."""
    if run.task_token:
        send(services, run.task_token, {"called": True})
