"""The vendor's rolling 24-hour limit, in figures."""

from __future__ import annotations

from prefdrop.ledger.clock import iso
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.shapes.stack import QuotaFigures


def quota_figures(deployment: Deployment) -> QuotaFigures:
    """How much is used and left."""
    settings = deployment.parameters
    used, left, next_slot = deployment.quota.use()
    return QuotaFigures(
        used=used,
        left=left,
        next_slot_at=None if next_slot is None else iso(next_slot),
        limit=int(settings["QuotaLimit"]),
        reserve=int(settings["QuotaReserve"]),
        unit=settings["QuotaUnit"],
    )
