"""What an operator does with exports by hand: list, start, look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from shlex import quote
from typing import Any

import msgspec

from prefdrop.exporting.definition import Export
from prefdrop.exporting.pinned import FOLDER, read_definition
from prefdrop.exporting.schedule import name_after, slot_name
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.start_exports import Start, start
from prefdrop.feeds.errors import FeedError
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.exports import ExportRun, ExportState, UnknownRun
from prefdrop.ledger.objects import ObjectMissing


class Summary(msgspec.Struct, frozen=True):
    """One export of the bucket. `definition` is None where it can't be used; `error` says why."""

    name: str
    definition: Export | None
    error: str
    state: ExportState
    last: ExportRun | None
    """The newest run, whether it ended or not."""


def list_exports(services: ExportServices) -> Iterator[Summary]:
    """The exports that the bucket defines, by name."""
    for listed in services.files.here(FOLDER, ".toml"):
        name = listed.key.removeprefix(FOLDER).removesuffix(".toml")
        definition, error = None, ""
        try:
            definition, _ = read_definition(services, name)
        except FeedError as wrong:
            error = str(wrong)
        last = next(services.exports.runs(name, limit=1), None)
        yield Summary(name, definition, error, services.exports.state(name), last)


def start_run(
    services: ExportServices,
    name: str,
    machine: str,
    *,
    full: bool = False,
    allow_removals: int = 0,
) -> tuple[str, str]:
    """Start a run now, by the state machine's ARN; returns its id and its execution's ARN.

    `full` brings everything, whatever the definition says, and `allow_removals` is how many
    profiles the run may remove whatever its gate says. Raises ExportMissing and ExportError.
    While another run of the export is under way, the new one ends as Skipped. Its name comes after
    that of the last run, whatever our clock says: readers take the runs in their order.
    """
    read_definition(services, name)
    now = slot_name(datetime.fromtimestamp(now_ms() / 1000, UTC))
    run = max(now, name_after(services.exports.state(name).last_run))
    while True:
        wanted = Start(name, run, full, allow_removals)
        execution, there = start(services, machine, wanted)
        if not there or _was_started_as(services, execution, wanted):
            return run, execution
        run = name_after(run)


def _was_started_as(services: ExportServices, execution: str, wanted: Start) -> bool:
    """Whether the execution there is ours: the AWS client repeats a start whose answer was lost.

    Another's of the same millisecond that asks for the same is as good.
    """
    client = services.step_functions
    try:
        found = client.describe_execution(executionArn=execution)
    except client.exceptions.ExecutionDoesNotExist:  # so new that it cannot be described yet
        return True
    return found.get("input") == wanted.input


def list_runs(services: ExportServices, name: str, *, limit: int = 20) -> list[ExportRun]:
    """The newest runs of an export, newest first."""
    return list(services.exports.runs(name, limit=limit))


def show_run(services: ExportServices, name: str, run: str = "") -> ExportRun:
    """One run, by default the newest; raises UnknownRun, ExportMissing and ExportError."""
    if run:
        return services.exports.get(name, run)
    newest = next(services.exports.runs(name, limit=1), None)
    if newest is not None:
        return newest
    read_definition(services, name)
    raise UnknownRun(
        f"The export {name} has not run yet.",
        hint=f"Start it: `prefdrop exports run {quote(name)}`.",
    )


def manifest_of(services: ExportServices, run: ExportRun) -> dict[str, Any] | None:
    """The manifest of a run; None while it has none, or once somebody has taken it away."""
    if not run.manifest_key:
        return None
    try:
        body = services.files.read(run.manifest_key).body
    except ObjectMissing:
        return None
    manifest: dict[str, Any] = msgspec.json.decode(body)
    return manifest
