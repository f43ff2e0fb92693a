"""The vendor account: what is left of its limit, who has the turn, and who waits for it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from prefdrop.ledger.clock import iso
from prefdrop.ledger.turns import Turn
from prefdrop_cli.console.answers import Asked
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.limits import quota_figures

SHOWN = 20
"""Waiting imports that are named; the others are counted."""


def told(deployment: Deployment, _: Asked) -> dict[str, Any]:
    """The account's quota and turn; never the queue's task tokens."""
    holder = deployment.turns.holder()
    queue = [one for one in deployment.turns.queue() if one.execution != holder.execution]
    return {
        "client_id": deployment.parameters.get("ClientId", ""),
        "quota": quota_figures(deployment),
        "holder": _holder(deployment, holder),
        "waiting": len(queue),
        "queue": [
            {**_import(deployment, one.import_id), "since": iso(one.taken_at)}
            for one in queue[:SHOWN]
        ],
    }


def _holder(deployment: Deployment, turn: Turn) -> dict[str, Any] | None:
    if not turn.execution:
        return None
    return {**_import(deployment, turn.import_id), "since": iso(turn.since)}


def _import(deployment: Deployment, import_id: str) -> dict[str, Any]:
    found = deployment.imports.find(import_id)
    return {
        "import_id": import_id,
        "feed": found.feed if found else None,
        "status": found.status if found else None,
        "file": PurePosixPath(found.key).name if found else None,
    }
