"""CheckStatus: ask the vendor how far it is, ever more rarely."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from prefdrop.errors import PrefdropError, Terminal
from prefdrop.importing.step import Answer, StepInput, answer, import_of
from prefdrop.importing.totals import show_progress
from prefdrop.importing.waiting import passes, patient
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part
from prefdrop.mypreferences import ImportStatus, TokenRefused
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.settings import Settings

GROWTH = 1.5
"""Each wait is this much longer than the one before, up to the setting's longest."""


class VendorFailed(Terminal):
    """The vendor could not execute the import; by its documentation nothing was added."""


class TokenDied(Terminal):
    """The vendor's access token died before the outcome of an executed part was known."""


@patient("poll")
def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `poll` with the next wait, or `collect`; raises VendorFailed and TokenDied."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    turn = services.turns.require(request.execution)
    part = services.parts.current(record.import_id, "executing")
    if part is None:
        return answer("initiate")
    try:
        status = services.vendor.status(part.token)
    except TokenRefused:
        reached("a token dead while executing")
        raise died(part) from None
    except PrefdropError as error:
        if passes(error) and part.expires <= now_ms():
            reached("a token that ended unseen while executing")
            raise died(part) from None
        raise
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    suspect = part.suspect_chunk or services.parts.suspect(
        record.import_id, part, status.total_records_received
    )
    part = services.parts.change(record.import_id, part, suspect_chunk=suspect, **counted(status))
    show_progress(services, record, "Executing", part)
    if status.status == "Failed":
        return _failed(services, record, part)
    if status.status == "Completed" and not _may_still_move(services, part, request.cursor):
        return answer("collect")
    return _poll(request.cursor, services.settings)


def _failed(services: Services, record: Import, part: Part) -> Answer:
    """Weigh a failure against the vendor's own counts.

    Where they say that something was added, the part is not begun again unless an operator forces
    it in another attempt. Raises VendorFailed where they say that nothing was.
    """
    forced = record.forced and part.attempt < record.attempt
    if part.failed_partly and not forced:
        reached("a part that failed partly")
        return answer("collect")
    why = "the vendor failed to execute it"
    services.parts.change(record.import_id, part, state="dead", given_up=why)
    if forced:
        reached("a failed part forced")
        return answer("initiate")
    raise VendorFailed(
        f"The vendor reports that part {part.number} failed, and counts nothing as added.",
        hint="Ask the vendor's support, naming the time and the import's name; then "
        "`prefdrop imports retry`.",
    )


def _may_still_move(services: Services, part: Part, cursor: dict[str, Any]) -> bool:
    """Return whether an import that is `Completed` with pending records may still be counting."""
    since = cursor.setdefault("pending_since", now_ms()) if part.pending else now_ms()
    return part.pending > 0 and now_ms() - since < services.settings.longest_wait_seconds * 1000


def counted(status: ImportStatus) -> dict[str, Any]:
    """What the vendor counts, as members of a part."""
    return {
        "vendor_status": status.status,
        "validation_ok": status.validation_successful,
        "rejected_validation": status.validation_failed,
        "processed": status.processed,
        "pending": status.pending,
        "rejected_execution": status.exceptions,
        "not_honored": status.not_honored,
    }


def _poll(cursor: dict[str, Any], settings: Settings) -> Answer:
    polls = int(cursor.get("polls", 0)) + 1
    wait = min(settings.poll_max_seconds, settings.poll_first_seconds * GROWTH**polls)
    wait *= random.uniform(0.8, 1)
    return answer("poll", seconds=wait, cursor={**cursor, "polls": polls})


def died(part: Part) -> TokenDied:
    """The error of a part that was executed, or may have been, when nobody can say any more."""
    executed = "was executed" if part.state == "executing" else "may have been executed"
    return TokenDied(
        f"The vendor's access token of part {part.number} died before its outcome was known. "
        f"The part {executed}.",
        hint="Ask the vendor's support for its outcome; the report names what is known.",
    )
