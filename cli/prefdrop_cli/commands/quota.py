"""`prefdrop quota`: how much of the vendor's rolling 24-hour limit is left."""

from __future__ import annotations

from prefdrop.ledger.clock import iso
from prefdrop.ledger.quota import Quota
from prefdrop_cli.deployments import connect
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import pairs, say_json


def quota(stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False) -> None:
    """Show how much of the vendor's rolling 24-hour limit is used and left."""
    deployment = connect(stack, endpoint)
    settings = deployment.parameters
    limit, reserve = int(settings["QuotaLimit"]), int(settings["QuotaReserve"])
    marks = Quota(deployment.table, settings["ClientId"], limit=limit, reserve=reserve)
    used, left, next_slot = marks.use()
    figures = {
        "used": used,
        "left": left,
        "next_slot_at": None if next_slot is None else iso(next_slot),
        "limit": limit,
        "reserve": reserve,
        "unit": settings["QuotaUnit"],
    }
    if as_json:
        say_json(figures)
    else:
        pairs({name.replace("_", " "): value for name, value in figures.items()})
