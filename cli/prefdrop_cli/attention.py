"""Which imports need somebody, and for what: what whoever is on call looks at first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Literal, Self

from prefdrop.importing.turn import status_of
from prefdrop.ledger.imports import FINISHED, STATUSES, Import, Status
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.watching import ALIVE

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

LOOKED_THROUGH = 1_000
"""Imports that are looked through for those that match; each may cost a read of its own."""


class UpTo(Iterator[Import]):
    """Imports to be filtered, at most so many; `cut` says whether there were more.

    Filtering comes before any limit of a list: a newer import that does not match must not hide
    an older one that does.
    """

    def __init__(self, found: Iterator[Import], most: int = LOOKED_THROUGH) -> None:
        self._found, self._left = found, most
        self.cut = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Import:
        one = next(self._found)
        if not self._left:
            self.cut = True
            raise StopIteration
        self._left -= 1
        return one


def needs(deployment: Deployment, found: Iterable[Import]) -> Iterator[tuple[Import, Need]]:
    """Each import with what it needs; empty for nothing.

    One that ended badly needs nothing any more once a later version of its file was executed. One
    that was refused as older than another needs the operator: its file may hold other people.
    """
    for one in found:
        if one.status not in FINISHED and not _is_worked_on(deployment, one):
            yield one, "retry"
        elif one.status in ("Failed", "Aborted", "Unreconciled"):
            yield one, "" if _is_replaced(deployment, one) else NEEDS[one.status]
        else:
            yield one, NEEDS.get(one.status, "")


def all_in(
    deployment: Deployment, statuses: Iterable[Status], *, newest_first: bool = True
) -> Iterator[Import]:
    """The imports in these statuses, newest first, read as they are taken."""
    streams = (
        deployment.imports.list(status, limit=None, newest_first=newest_first)
        for status in statuses
    )
    return merge(*streams, key=lambda one: one.registered_at, reverse=newest_first)


def still_open(deployment: Deployment, limit: int) -> tuple[list[tuple[Import, Need]], bool]:
    """The imports under way and those that ended and need somebody, newest first.

    The second value is whether there may be older ones that were not looked at.
    """
    statuses = [status for status in STATUSES if status not in SETTLED]
    looked = UpTo(all_in(deployment, statuses))
    wanted = (
        pair for pair in needs(deployment, looked) if pair[1] or pair[0].status not in FINISHED
    )
    return list(islice(wanted, limit)), looked.cut


def _is_replaced(deployment: Deployment, one: Import) -> bool:
    refused = one.error is not None and one.error.code == "Superseded"
    return not refused and deployment.drops.newer_was_executed(one)


def _is_worked_on(deployment: Deployment, one: Import) -> bool:
    return status_of(deployment, one.execution_arn) in ALIVE
