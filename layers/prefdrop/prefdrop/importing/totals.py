"""Sums over an import's parts, and whether they add up."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from prefdrop.ledger.imports import Import, Status
from prefdrop.ledger.parts import LIVE, Part
from prefdrop.services import Services


class Totals(msgspec.Struct, kw_only=True, frozen=True):
    """Counts over the parts whose rows count."""

    rows_read: int = 0
    restaged: int = 0
    rejected_local: int = 0
    staged: int = 0
    validation_ok: int = 0
    rejected_validation: int = 0
    processed: int = 0
    rejected_execution: int = 0
    not_honored: int = 0
    pending: int = 0
    chunks: int = 0

    @property
    def rejected(self) -> int:
        """Records that did not make it, at any stage."""
        return self.rejected_local + self.rejected_validation + self.rejected_execution

    @property
    def left_out(self) -> int:
        """Rows that did not make it in the end: a corrected row was staged anew for each reject."""
        return self.rejected - self.restaged

    def add_up(self) -> bool:
        """Whether every row that was read is accounted for."""
        return (
            self.rows_read + self.restaged == self.rejected_local + self.staged
            and self.staged == self.validation_ok + self.rejected_validation
            and self.validation_ok
            == self.processed + self.rejected_execution + self.not_honored + self.pending
        )


def total(parts: Iterable[Part]) -> Totals:
    """Add up the parts whose rows count."""
    live = [part for part in parts if part.state in LIVE]
    return Totals(
        rows_read=sum(p.rows for p in live),
        restaged=sum(p.restaged for p in live),
        rejected_local=sum(p.rejected_local for p in live),
        staged=sum(p.staged for p in live),
        validation_ok=sum(p.validation_ok for p in live),
        rejected_validation=sum(p.rejected_validation for p in live),
        processed=sum(p.processed for p in live),
        pending=sum(p.pending for p in live),
        rejected_execution=sum(p.rejected_execution for p in live),
        not_honored=sum(p.not_honored for p in live),
        chunks=sum(p.stage_requests for p in live),
    )


def show_progress(services: Services, record: Import, status: Status, part: Part) -> Import | None:
    """Write the import's counts as they are with `part`, for whoever watches.

    A call of the vendor has succeeded, so the import waits no more. Return the import as it is
    then, or None when it has ended.
    """
    parts = services.parts.all(record.import_id)
    sums = total([p if p.number != part.number else part for p in parts])
    counts = {
        name: getattr(sums, name) for name in Totals.__struct_fields__ if name != "validation_ok"
    }
    sent = _take_count(services)
    # The whole count and no addition: the AWS client may repeat the write.
    counted = {"vendor_requests": record.vendor_requests + sent} if sent else {}
    shown = services.imports.show_progress(
        record,
        status=status,
        waiting=None,
        throttles=None,
        parts=len(parts),
        read_bytes=part.end.get("offset", 0),
        **counts,
        **counted,
    )
    if sent and shown is None:
        services.imports.count_requests(record.import_id, sent)
    return shown


def count_requests(services: Services, import_id: str) -> None:
    """Add the requests sent to the vendor since the last call to the import's count."""
    if sent := _take_count(services):
        services.imports.count_requests(import_id, sent)


def _take_count(services: Services) -> int:
    return services.vendor.take_count() if services.vendor_is_known else 0
