"""Which imports need somebody, and for what: what whoever is on call looks at first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Literal

from prefdrop.importing.turn import status_of
from prefdrop.ledger.imports import FINISHED, STATUSES, Import, Status
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.operator_services import OperatorServices

Need = Literal["decision", "retry", "remedy", "check", "rejects", ""]
NEEDS: dict[Status, Need] = {
    "Held": "decision",
    "Failed": "remedy",
    "Aborted": "remedy",
    "Unreconciled": "check",
    "CompletedWithRejects": "rejects",
}
"""By the import's status. `retry` is for one under way whose execution is gone."""
SETTLED: tuple[Status, ...] = ("Completed", "CompletedWithRejects", "Duplicate")
"""Ends that leave nothing open: rejects are rows to correct, the import itself is through."""

ALIVE = ("RUNNING", "PENDING_REDRIVE")


def needs(deployment: Deployment, found: Iterable[Import]) -> Iterator[tuple[Import, Need]]:
    """Each import with what it needs; empty for nothing.

    One that ended badly needs nothing any more once a later version of its file was executed.
    """
    for one in found:
        if one.status not in FINISHED and not _is_worked_on(deployment, one):
            yield one, "retry"
        elif one.status in ("Failed", "Aborted", "Unreconciled"):
            yield one, "" if deployment.drops.newer_was_executed(one) else NEEDS[one.status]
        else:
            yield one, NEEDS.get(one.status, "")


def still_open(deployment: Deployment, limit: int) -> list[tuple[Import, Need]]:
    """The imports under way and those that ended and need somebody, newest first."""
    statuses = [status for status in STATUSES if status not in SETTLED]
    streams = (deployment.imports.list(status, limit=limit) for status in statuses)
    newest = merge(*streams, key=lambda one: one.registered_at, reverse=True)
    told = needs(deployment, newest)
    return list(islice((pair for pair in told if pair[1] or pair[0].status not in FINISHED), limit))


def _is_worked_on(deployment: Deployment, one: Import) -> bool:
    return status_of(OperatorServices(deployment), one.execution_arn) in ALIVE
