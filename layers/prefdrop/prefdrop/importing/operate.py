"""What an operator does to an import by hand: approve, cancel, retry."""

from __future__ import annotations

import msgspec

from prefdrop.errors import Terminal
from prefdrop.importing.correcting import add_correction
from prefdrop.importing.services import Services
from prefdrop.importing.step import answer
from prefdrop.importing.turn import is_running, send
from prefdrop.ledger.imports import FINISHED, Import


class NotHeld(Terminal):
    """The import is not held, so there is nothing to decide."""


class NothingToRetry(Terminal):
    """The import is still running, or it completed."""


def approve(
    services: Services, import_id: str, corrected: bytes | None = None, file: str = ""
) -> Import:
    """Let a held import go on; the approval stays with it.

    `corrected` is its rejects file with rows corrected, `file` its name: these rows are staged
    into the import before it is executed. Raises NotHeld, NotACorrection and SourceError.
    """
    record = _held(services, import_id)
    if corrected is not None:
        add_correction(services, record, corrected, file)
    services.imports.update(import_id, approved=True)
    try:
        return _decide(services, record, "approve")
    except NotHeld:  # too late: nothing must be left that a later attempt would go by
        services.imports.update(import_id, approved=False, corrections=record.corrections)
        raise


def cancel(services: Services, import_id: str) -> Import:
    """Stop a held import; nothing of its last part is executed. Raises NotHeld."""
    return _decide(services, _held(services, import_id), "cancel")


def retry(services: Services, import_id: str, state_machine: str, *, force: bool = False) -> str:
    """Go on with a stopped import in a new execution, from the ledger; returns its ARN.

    `force` lets it overwrite what a newer version of the same file brought. Raises NothingToRetry.
    """
    record = services.imports.get(import_id)
    done = record.status in ("Completed", "CompletedWithRejects", "Duplicate")
    if done or (record.status not in FINISHED and is_running(services, record.execution_arn)):
        raise NothingToRetry(
            f"The import {import_id} is {record.status}.",
            hint="Only an import that failed, was aborted or is unreconciled can be retried.",
        )
    attempt = record.attempt + 1
    name = f"{import_id}-{attempt}"
    execution = state_machine.replace(":stateMachine:", ":execution:") + f":{name}"
    services.imports.update(
        import_id,
        attempt=attempt,
        forced=force,
        execution_arn=execution,
        status="Registered",
        error=None,
        gate=None,
        initiate_after=None,
        finished_at=None,
    )
    started = services.step_functions.start_execution(
        stateMachineArn=state_machine,
        name=name,
        input=msgspec.json.encode({"retry": {"import_id": import_id}}).decode(),
    )
    return started["executionArn"]


def _held(services: Services, import_id: str) -> Import:
    record = services.imports.get(import_id)
    if record.status == "Held" and not record.approval_token:
        raise NotHeld(f"The import {import_id} is about to be held.", hint="Try again in a moment.")
    if record.status != "Held":
        raise NotHeld(
            f"The import {import_id} is {record.status}, not Held.",
            hint="`prefdrop imports show` tells what it is waiting for.",
        )
    return record


def _decide(services: Services, record: Import, decision: str) -> Import:
    said = send(services, record.approval_token, answer(decision))
    if not said:
        raise NotHeld(
            f"The hold of import {record.import_id} has ended.",
            hint="Drop the file again, or `prefdrop imports retry`.",
        )
    return services.imports.update(record.import_id, approval_token=None)
