"""Gathering an import's story from a deployed stack."""

from __future__ import annotations

import os
import re
from shlex import quote
from typing import Any

import msgspec

from prefdrop.importing.turn import status_of
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.ledger.quota import Quota
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.operator_services import OperatorServices
from prefdrop_cli.options import DEFAULT_STACK
from prefdrop_cli.results import report_of
from prefdrop_cli.story.happenings import Happening, happenings
from prefdrop_cli.story.standing import Standing, Subject, Surroundings, standing
from prefdrop_cli.story.steps import StepSpan, read_trace


class Story(msgspec.Struct, frozen=True):
    """What happened, what the workflow did, and how it stands."""

    happened: list[Happening]
    """What happened, in order of time."""
    steps: list[StepSpan]
    """The workflow's states, in order of first entry; empty once AWS has forgotten them."""
    standing: Standing
    """How it stands now."""


def tell(deployment: Deployment, record: Import) -> Story:
    """The story of an import as it is now."""
    parts = deployment.parts.all(record.import_id)
    chunks = {p.number: list(deployment.parts.chunks(record.import_id, p.number)) for p in parts}
    trace = read_trace(deployment.client("stepfunctions"), record.execution_arn)
    around = _surroundings(deployment, record)
    last = parts[-1] if parts else None
    in_doubt = last is not None and any(c.state == "posting" for c in chunks[last.number])
    subject = Subject(record, last, around, in_doubt)
    return Story(
        happenings(record, parts, chunks),
        trace.spans if trace else [],
        _addressed(standing(subject, trace), deployment.stack),
    )


def _addressed(told: Standing, stack: str) -> Standing:
    """With the stack in each command, where that is another than a command takes by itself."""
    if stack in ("", os.environ.get("PREFDROP_STACK", DEFAULT_STACK)):
        return told
    more = f" --stack {quote(stack)}"
    coming = re.sub(r"`(prefdrop [^`]+)`", lambda found: f"`{found[1]}{more}`", told.next)
    return msgspec.structs.replace(told, next=coming)


def _surroundings(deployment: Deployment, record: Import) -> Surroundings:
    status = status_of(OperatorServices(deployment), record.execution_arn)
    secret = deployment.outputs.get("VendorSecretArn", "")
    if record.status in FINISHED:
        return Surroundings(
            execution_status=status, secret=secret, cause=_cause(deployment, record)
        )
    queue = [ticket.import_id for ticket in deployment.turns.queue()]
    turn = deployment.turns.holder()
    waiting = [one for one in queue if one != turn.import_id]
    ahead = waiting.index(record.import_id) if record.import_id in waiting else 0
    return Surroundings(
        execution_status=status,
        secret=secret,
        holder=turn.import_id,
        holder_held=_is_held(deployment, turn.import_id),
        ahead=ahead,
        next_slot=_next_slot(deployment),
        not_before=iso(turn.not_before) if turn.not_before > now_ms() else "",
    )


def _is_held(deployment: Deployment, import_id: str) -> bool:
    found = deployment.imports.find(import_id) if import_id else None
    return found is not None and found.status == "Held"


def _cause(deployment: Deployment, record: Import) -> str:
    """What the report says does not add up; the ledger does not keep it."""
    if record.status != "Unreconciled":
        return ""
    try:
        return str(report_of(deployment, record)["cause"])
    except ObjectMissing:
        return ""


def _next_slot(deployment: Deployment) -> str:
    settings: Any = deployment.parameters
    marks = Quota(
        deployment.table,
        settings["ClientId"],
        limit=int(settings["QuotaLimit"]),
        reserve=int(settings["QuotaReserve"]),
    ).use()
    return iso(marks.next_slot) if marks.next_slot and not marks.left else ""
