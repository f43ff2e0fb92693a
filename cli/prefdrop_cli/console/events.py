"""Events: those of one person, where they are asked for, and what one of them changed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
from flask import request

from prefdrop.auditing.differences import Difference
from prefdrop.auditing.history import Told, of_person, of_types, tell
from prefdrop.ledger.audited import Delivery
from prefdrop.ledger.clock import iso_of
from prefdrop.ledger.persons import Person
from prefdrop_cli.commands.events import in_short
from prefdrop_cli.console.answers import limit_of_query
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.moments import check_window, moment


def listed(deployment: Deployment) -> dict[str, Any]:
    """One person's events, newest first; `more` says whether there are older ones."""
    profile = request.args.get("profile", "").strip()
    if not profile:
        raise WrongUse(
            "No person is named.",
            hint="Give a profile id, or the alternate id that events carry instead.",
        )
    since, until = (request.args.get(name, "").strip() for name in ("since", "until"))
    check_window(since, until, datetime.now(UTC))
    limit = limit_of_query()
    types = request.args.get("type", "").split()
    events = of_person(
        deployment.audit,
        deployment.mentions,
        Person(profile, is_alternate_id=request.args.get("by") == "alternate"),
        since=_iso(since),
        until=_iso(until),
    )
    found = list(islice(of_types(events, types), limit + 1))
    return {"events": [in_short(one) for one in found[:limit]], "more": len(found) > limit}


def told(deployment: Deployment) -> dict[str, Any]:
    """One event whole, and what it changed.

    Values are JSON in text: a browser would round long numbers.
    """
    event_id = request.args.get("id", "")
    if not event_id:
        raise WrongUse("No event is named.", hint="Choose one from a person's events.")
    found = tell(deployment.audit, deployment.audit.get(event_id))
    whole = msgspec.json.format(msgspec.json.encode(found.event), indent=2)
    return {
        **in_short(found.kept),
        "conflicts": found.kept.conflicts,
        "deliveries": [_delivery(one, body, found) for one, body in found.deliveries],
        "changes": [_change(one) for one in found.changes],
        "json": whole.decode(),
    }


def _delivery(one: Delivery, body: bytes | None, found: Told) -> dict[str, Any]:
    return {
        "received_at": one.received_at,
        "source": one.source,
        "shown": one == found.shown,
        "json": None if body is None else body.decode(),
    }


def _change(one: Difference) -> dict[str, str | None]:
    return {
        "path": one.path,
        "kind": one.kind,
        "before": None if one.kind == "added" else _text(one.before),
        "after": None if one.kind == "removed" else _text(one.after),
    }


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _iso(text: str) -> str:
    return iso_of(moment(text, datetime.now(UTC))) if text else ""
