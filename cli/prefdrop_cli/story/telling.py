"""Gathering an import's story from a deployed stack."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from shlex import quote

import msgspec

from prefdrop.importing.turn import status_of
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.options import DEFAULT_STACK
from prefdrop_cli.results import report_of
from prefdrop_cli.story.standing import Standing, Subject, Surroundings, standing
from prefdrop_cli.story.steps import StepSpan, read_trace


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened."""

    at: str
    """When (a moment)."""
    what: str
    """In a sentence."""


def happenings(
    record: Import, parts: Iterable[Part], chunks: dict[int, list[StagedChunk]]
) -> list[Happening]:
    """Everything the ledger tells with a time, oldest first; `chunks` by their part's number."""
    told = [*_of_import(record)]
    for part in parts:
        told += _of_part(part, chunks.get(part.number, []))
    return sorted(told, key=lambda one: one.at)


def _of_import(record: Import) -> Iterator[Happening]:
    name = PurePosixPath(record.key).name
    if record.dropped_at:
        yield Happening(_milliseconds(record.dropped_at), f"{name} was dropped")
    yield Happening(record.registered_at, f"registered as an import of feed {record.feed}")
    if record.started_at:
        yield Happening(record.started_at, "had its turn and began")
    if record.status in FINISHED and record.finished_at:
        reason = record.error.code if record.error else record.gate
        yield Happening(record.finished_at, f"ended {record.status}{_because(reason)}")


def _of_part(part: Part, chunks: list[StagedChunk]) -> Iterator[Happening]:
    name = f"part {part.number}"
    if part.started_at:
        yield Happening(part.started_at, f"{name}: begun")
    yield from _of_chunks(name, chunks)
    if part.executed_at:
        yield Happening(part.executed_at, f"{name}: {part.staged:,} records were put to execution")
    if part.finished_at:
        yield Happening(
            part.finished_at,
            f"{name}: executed ({part.vendor_status}): {part.processed:,} processed, "
            f"{part.rejected_execution:,} refused, {part.not_honored:,} not honoured",
        )
    if part.given_up:
        latest = max((chunk.posted_at for chunk in chunks), default=0)
        at = iso(latest) if latest else part.started_at
        yield Happening(at, f"{name}: given up: {part.given_up}")


def _of_chunks(name: str, chunks: list[StagedChunk]) -> Iterator[Happening]:
    """The chunks that went without trouble as one entry, the others each as its own."""
    smooth = [c for c in chunks if c.state == "settled" and c.attempts == 1 and c.records]
    if smooth:
        records, size = sum(c.records for c in smooth), sum(c.bytes for c in smooth)
        until = iso(max(c.posted_at for c in smooth))
        many = f"{len(smooth)} chunks" if len(smooth) > 1 else "1 chunk"
        yield Happening(
            iso(min(c.posted_at for c in smooth)),
            f"{name}: {many} staged until {until[11:19]}, {records:,} records, {size:,} bytes",
        )
    for chunk in chunks:
        if chunk.attempts > 1 or chunk.state != "settled":
            doing = {"settled": "staged", "posting": "not surely staged", "refused": "refused"}
            sent = f", sent {chunk.attempts} times" if chunk.attempts > 1 else ""
            yield Happening(
                iso(chunk.posted_at),
                f"{name}: chunk {chunk.number} ({chunk.records:,} records) "
                f"{doing[chunk.state]}{sent}",
            )


def _milliseconds(moment: str) -> str:
    """S3's whole seconds in the form of the ledger's times, which sort as text."""
    return moment if "." in moment else moment.replace("Z", ".000Z")


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


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
    status = status_of(deployment, record.execution_arn)
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
    marks = deployment.quota.use()
    return iso(marks.next_slot) if marks.next_slot and not marks.left else ""
