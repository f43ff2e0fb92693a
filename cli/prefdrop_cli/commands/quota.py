"""`prefdrop quota`: how much of the vendor's rolling 24-hour limit is left."""

from __future__ import annotations

from msgspec import structs

from prefdrop.ledger.clock import iso
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import pairs, say_json
from prefdrop_cli.shapes.stack import QuotaFigures


def quota(stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False) -> None:
    """Show how much of the vendor's rolling 24-hour limit is used and left."""
    figures = quota_figures(connect(stack, endpoint))
    if as_json:
        say_json(figures)
    else:
        told = structs.asdict(figures)
        pairs({name.replace("_", " "): value for name, value in told.items()})


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
