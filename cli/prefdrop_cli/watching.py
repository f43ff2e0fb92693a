"""Following an import in the ledger until it ends or is held."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from prefdrop.errors import Transient
from prefdrop.ledger.imports import FINISHED, Import, Status, UnknownImport
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.progress import Progress, Step

VENDOR = {
    "away": "vendor away",
    "credentials": "credentials refused",
    "throttled": "vendor asked for a pause",
    "call": "vendor refuses this import's call",
}
"""What an import waits for at the vendor, as a label."""
NOTICED_SECONDS = 60.0
"""How long a drop may take to become an import: S3 and EventBridge promise no time."""
EXECUTION_EVERY = 10.0
"""Seconds between two looks at the execution itself, in case it died without a word."""
ALIVE = ("RUNNING", "PENDING_REDRIVE")
"""Statuses of an execution that goes on."""
EXECUTION_GRACE = 2
"""Looks at an ended execution before believing that the ledger will not hear of its end."""


class NotNoticed(Transient):
    """A file was dropped but no import came of it."""


class ExecutionGone(Transient):
    """The workflow's execution ended without leaving a verdict in the ledger."""


def follow(deployment: Deployment, import_id: str, progress: Progress) -> Import:
    """Show how an import gets on; return it once it has ended or is held."""
    watched = wait_until_noticed(deployment, import_id, progress)
    alive = _Execution(deployment)
    while True:
        progress.show(step_of(watched.status, watched))
        if watched.status in FINISHED or awaits_decision(watched):
            return watched
        alive.check(watched)
        time.sleep(deployment.poll_seconds)
        before, watched = watched.status, deployment.imports.get(import_id)
        if before != watched.status:
            # The phase that has ended is shown with its last figures.
            progress.show(step_of(before, watched))


def awaits_decision(watched: Import) -> bool:
    """Whether a gate holds the import and nobody has decided yet."""
    hold = watched.last_hold
    pending = hold is not None and hold.state == "pending" and watched.cancelled is None
    return watched.status == "Held" and bool(watched.approval_token) and pending


def wait_until_noticed(deployment: Deployment, import_id: str, progress: Progress) -> Import:
    """The import, once the ledger knows it; raises NotNoticed when it never does."""
    deadline = time.monotonic() + NOTICED_SECONDS
    while True:
        try:
            return deployment.imports.get(import_id)
        except UnknownImport:
            if time.monotonic() > deadline:
                raise NotNoticed(
                    f"The file was dropped, but no import began in {NOTICED_SECONDS:.0f} seconds.",
                    hint="Look into the stack's drop rule and its dead letter queue, then drop "
                    "the file again.",
                ) from None
        progress.show(Step("waiting", note="for the drop to be noticed"))
        time.sleep(deployment.poll_seconds)


def step_of(status: Status, watched: Import) -> Step:
    """Where an import with these figures is while it has `status`."""
    if watched.waiting is not None and status not in FINISHED:
        return Step("waiting", note=waiting_words(watched))
    return _STEPS.get(status, _ended)(watched)


def waiting_words(watched: Import) -> str:
    """Return what the import waits for at the vendor, and since when; empty for nothing."""
    waiting = watched.waiting
    return f"{VENDOR[waiting.kind]} since {waiting.since[11:16]} UTC" if waiting else ""


def _waiting(_: Import) -> Step:
    return Step("waiting", note="for its turn")


def _staging(watched: Import) -> Step:
    note = f"{watched.staged:,} staged"
    if rejected := watched.rejected_local + watched.rejected_validation:
        note += f", {rejected:,} rejected"
    return Step("staging", watched.read_bytes, watched.bytes, watched.rows_read, note)


def _held(watched: Import) -> Step:
    return replace(_staging(watched), note="held by a gate")


def _executing(watched: Import) -> Step:
    total = watched.staged - watched.rejected_validation
    done = watched.processed + watched.rejected_execution + watched.not_honored
    return Step("executing", done, total, done, f"{done:,} of {total:,}")


def _collecting(watched: Import) -> Step:
    """The vendor's exceptions are read twice: before execution and after it."""
    executed = watched.processed or watched.rejected_execution or watched.not_honored
    return Step("completing", note="reading exceptions") if executed else _staging(watched)


def _reporting(_: Import) -> Step:
    return Step("completing", note="writing the report")


def _ended(_: Import) -> Step:
    return Step("completing", 1, 1)


_STEPS: dict[Status, Callable[[Import], Step]] = {
    "Registered": _waiting,
    "Queued": _waiting,
    "Staging": _staging,
    "Held": _held,
    "Executing": _executing,
    "Collecting": _collecting,
    "Reporting": _reporting,
}


class _Execution:
    """Looks now and then whether the workflow's execution still lives."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._client = deployment.client("stepfunctions")
        self._next = time.monotonic() + EXECUTION_EVERY
        self._ended = 0

    def check(self, watched: Import) -> None:
        """Raise ExecutionGone when the execution has ended and the ledger does not know."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EXECUTION_EVERY
        answer = self._client.describe_execution(executionArn=watched.execution_arn)
        if answer["status"] in ALIVE:
            self._ended = 0
            return
        self._ended += 1
        if self._ended >= EXECUTION_GRACE:
            raise ExecutionGone(
                f"Import {watched.import_id} is {watched.status}, but its execution has ended "
                f"({answer['status']}).",
                hint=f"Resume it with `prefdrop imports retry {watched.import_id}`.",
            )
