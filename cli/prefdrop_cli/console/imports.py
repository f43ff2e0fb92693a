"""Imports: those there are with their progress, and the story of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any

from flask import request

from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.imports import FINISHED, STATUSES, Import, Status
from prefdrop.ledger.objects import ObjectMissing
from prefdrop_cli.attention import (
    LOOKED_THROUGH,
    NEEDS,
    SETTLED,
    Need,
    UpTo,
    all_in,
    needs,
)
from prefdrop_cli.console.answers import limit_of_query
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.results import from_ledger, is_reported, parts_of, report_of
from prefdrop_cli.shapes.imports import DecidedImport
from prefdrop_cli.story.standing import DOING
from prefdrop_cli.story.telling import tell
from prefdrop_cli.watching import step_of

CHECKED_FOR_EACH = 4
"""Ended imports that are checked for each wanted one; the page asks again every few seconds."""
MOST_GOING_ON = 200
LOOKED_AFTER = 20
"""Imports under way whose executions are looked at each time: Step Functions limits such calls."""
WAITING = ("Registered", "Queued")
OPEN = "open"
SETTLED_NEEDS = ("", "rejects")
"""The import is through; rows to be corrected can wait."""


def listed(deployment: Deployment) -> dict[str, Any]:
    """The imports under way, in the order in which they are served, and the ended, newest first.

    The status `open` narrows them down to those under way or in need of somebody. `more` says
    whether there are ended ones besides.
    """
    only_open = request.args.get("status") == OPEN
    feed, limit = request.args.get("feed", ""), limit_of_query()
    statuses = _statuses(only_open=only_open)
    under_way = list(_with_needs(deployment, _going_on(deployment, statuses, feed)))
    reach = CHECKED_FOR_EACH * limit if only_open else LOOKED_THROUGH
    ended = UpTo(all_in(deployment, [s for s in statuses if s in FINISHED]), reach)
    checked = needs(deployment, _of(feed, ended))
    over = list(islice((one for one in checked if one[1] or not only_open), limit + 1))
    more, over = len(over) > limit or ended.cut, over[:limit]
    return {
        "under_way": [_line(one, need) for one, need in under_way],
        "ended": [_line(one, need) for one, need in over],
        "more": more,
        "needing": sum(need not in SETTLED_NEEDS for _, need in (*under_way, *over)),
        "now": iso_now(),
    }


def _statuses(*, only_open: bool) -> list[Status]:
    """The statuses that the query asks for; raises WrongUse."""
    if only_open:
        return [status for status in STATUSES if status not in SETTLED]
    wanted = request.args.get("status", "")
    if wanted and wanted not in STATUSES:
        raise WrongUse("There is no such status.", hint=f"Use one of: {', '.join(STATUSES)}.")
    return [status for status in STATUSES if wanted in ("", status)]


def _with_needs(deployment: Deployment, going_on: list[Import]) -> Iterator[tuple[Import, Need]]:
    """What those that are served next need; each costs a look at its execution."""
    for one, need in needs(deployment, going_on[:LOOKED_AFTER]):
        just_ended = need == "retry" and _has_ended(deployment, one)
        yield one, "" if just_ended else need
    for one in going_on[LOOKED_AFTER:]:
        yield one, NEEDS.get(one.status, "")


def _has_ended(deployment: Deployment, one: Import) -> bool:
    """Whether it ended just now: the index by status, which it was found in, lags behind."""
    return deployment.imports.get(one.import_id).status in FINISHED


def _going_on(deployment: Deployment, statuses: list[Status], feed: str) -> list[Import]:
    """The imports under way that are served first, in that order: those that wait come last."""
    working = [s for s in statuses if s not in FINISHED and s not in WAITING]
    waiting = [s for s in statuses if s in WAITING]
    oldest = chain(
        all_in(deployment, working, newest_first=False),
        all_in(deployment, waiting, newest_first=False),
    )
    return sorted(islice(_of(feed, UpTo(oldest)), MOST_GOING_ON), key=_served)


def _of(feed: str, found: Iterable[Import]) -> Iterator[Import]:
    """Those of one feed, if it is named; no index knows feeds."""
    return (one for one in found if feed in ("", one.feed))


def _served(one: Import) -> tuple[bool, str]:
    return one.status in WAITING, one.dropped_at or one.registered_at


def _line(one: Import, need: Need) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in DecidedImport.__struct_fields__},
        "needs": need or None,
        "file": PurePosixPath(one.key).name,
        "rejected": one.rejected_local + one.rejected_validation + one.rejected_execution,
        "finished_at": one.finished_at or None,
        "progress": None if one.status in FINISHED else asdict(step_of(one.status, one)),
    }


def feeds(deployment: Deployment) -> list[str]:
    """The feeds that the bucket holds, by name."""
    found = (PurePosixPath(key) for key in deployment.objects.list("feeds/"))
    return sorted(key.stem for key in found if key.suffix == ".toml")


def told(deployment: Deployment, import_id: str) -> dict[str, Any]:
    """The story of one import, as `imports show --json` tells it, and what there is to open."""
    found = deployment.imports.get(import_id)
    report, has_page = _report(deployment, found)
    story = tell(deployment, found)
    return {
        "import": _line(found, next(needs(deployment, [found]))[1]),
        "report": report,
        "parts": parts_of(deployment, found),
        "happened": story.happened,
        "steps": [step for step in story.steps if step.name in DOING],
        "standing": story.standing,
        "has_page": has_page,
        "has_rejects": bool(found.rejects_key and report["rejects"]["count"]),
        "now": iso_now(),
    }


def _report(deployment: Deployment, found: Import) -> tuple[dict[str, Any], bool]:
    """The import's report, or the ledger's figures where there is none or somebody has deleted it;
    and whether it is the report."""
    try:
        return report_of(deployment, found), is_reported(found)
    except ObjectMissing:
        return from_ledger(deployment, found), False
