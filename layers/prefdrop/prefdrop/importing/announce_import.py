"""AnnounceImport: tell the event bus how an import stands, for other systems to hear."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.importing.report_members import DroppedObject
from prefdrop.importing.step import StepInput
from prefdrop.importing.totals import Totals, total
from prefdrop.ledger.imports import Import
from prefdrop.services import Deadline, Services

SOURCE = "prefdrop.imports"
KINDS = {
    "Held": "ImportHeld",
    "Completed": "ImportCompleted",
    "CompletedWithRejects": "ImportCompleted",
}
"""Detail-type by status; every other end is ImportFailed."""


def run(services: Services, event: dict[str, Any], _: Deadline) -> None:
    """Publish ImportCompleted, ImportHeld or ImportFailed; raises BusRefused."""
    request = msgspec.convert(event, StepInput)
    record = services.imports.get(request.import_id)
    reported = request.pass_name != "unreported"
    kind = KINDS.get(record.status, "ImportFailed") if reported else "ImportFailed"
    sums = total(services.parts.all(record.import_id))
    services.bus.publish(SOURCE, kind, _detail(record, sums, reported=reported))


def _detail(record: Import, sums: Totals, *, reported: bool) -> dict[str, Any]:
    """What the event says. Nothing in it comes from inside the file."""
    return {
        "import_id": record.import_id,
        "attempt": record.attempt,
        "feed": record.feed,
        "status": record.status if reported else "Failed",
        "reconciled": record.reconciled if reported else None,
        "error_code": _error_code(record, reported=reported),
        "hold_until": record.hold_until or None,
        "source": DroppedObject(record.bucket, record.key, record.version_id, record.bytes),
        "counts": msgspec.to_builtins(sums) | {"vendor_requests": record.vendor_requests},
        "report_key": record.report_key or None,
        "rejects_key": record.rejects_key or None,
    }


def _error_code(record: Import, *, reported: bool) -> str | None:
    """The stable name of what went wrong; its message may quote the vendor and stays here."""
    if record.error:
        return record.error.code
    return None if reported else "ReportFailed"
