"""What a report says besides counts: where the time went, and which settings were in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefdrop.feeds import Feed
from prefdrop.importing.report_members import Timing
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part
from prefdrop.settings import Settings

STACK_SETTINGS = (
    "part_records",
    "part_seconds",
    "quota_limit",
    "quota_unit",
    "quota_reserve",
    "request_seconds",
    "lease_seconds",
    "ghost_seconds",
    "max_torn_parts",
    "max_poison_records",
)
"""The settings of the stack that shape an import; none of them is secret."""


def settings_used(settings: Settings, feed: Feed | None, record: Import) -> dict[str, Any]:
    """The feed's import settings and gates that are set, and the stack's, by name."""
    used: dict[str, Any] = {}
    if feed is not None:
        used["action"] = feed.import_.action
        used["match"] = feed.import_.match_alternate_id or feed.import_.match
        used |= dict.fromkeys(feed.import_.refreshes, True)
        if feed.import_.allow_prior_consents:
            used["allow_prior_consents"] = True
        used["max_rejected_percent"] = feed.gates.max_rejected_percent
        used["min_records"] = feed.gates.min_records
        used["over_gate"] = feed.gates.over_gate
    used["chunk_bytes"] = record.chunk_bytes or settings.chunk_bytes
    return used | {name: getattr(settings, name) for name in STACK_SETTINGS}


def timings(record: Import, parts: list[Part], ended: str) -> list[Timing]:
    """Return seconds by step, in their order."""
    steps = [("waiting for its turn", record.registered_at, record.started_at)]
    last = record.started_at
    for part in parts:
        name = f"part {part.number}"
        steps.append((f"{name}: staging and gates", part.started_at, part.executed_at))
        steps.append((f"{name}: execution at the vendor", part.executed_at, part.finished_at))
        last = part.finished_at or part.executed_at or part.started_at or last
    steps.append(("exceptions, rejects and report", last, ended))
    return [
        Timing(name, seconds_between(began, until))
        for name, began, until in steps
        if began and until
    ]


def seconds_between(began: str, ended: str) -> float:
    """Seconds from one ISO 8601 moment to another, to the millisecond."""
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return round(took.total_seconds(), 3)
