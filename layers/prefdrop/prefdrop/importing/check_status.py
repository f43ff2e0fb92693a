"""CheckStatus: ask the vendor how far it is, ever more rarely."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from prefdrop.errors import PrefdropError, Terminal, Transient
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.step import Answer, StepInput, answer
from prefdrop.importing.totals import count_requests, show_progress
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.parts import Part
from prefdrop.mypreferences import ImportStatus, NotFound, TokenRefused
from prefdrop.settings import Settings
from prefdrop.telemetry import logger

GROWTH = 1.5
"""Each wait is this much longer than the one before, up to the setting's longest."""


class VendorFailed(Terminal):
    """The vendor could not execute the import; by its documentation nothing was added."""


class TokenDied(Terminal):
    """The vendor's access token died before the outcome of an executed part was known."""


def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `poll` with the next wait, or `collect`; raises VendorFailed and TokenDied."""
    request = msgspec.convert(event, StepInput)
    turn = services.turns.require(request.execution)
    record = services.imports.get(request.import_id)
    part = services.parts.current(record.import_id, "executing")
    if part is None:
        return answer("initiate")
    try:
        status = services.vendor.status(part.token)
    except TokenRefused:
        raise died(part) from None
    except (Transient, NotFound) as error:
        return _look_later(part, error, request.cursor, services.settings)
    finally:
        count_requests(services, record.import_id)
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    suspect = part.suspect_chunk or services.parts.suspect(
        record.import_id, part, status.total_records_received
    )
    part = services.parts.change(record.import_id, part, suspect_chunk=suspect, **counted(status))
    show_progress(services, record, "Executing", part)
    if status.status == "Failed":
        why = "the vendor failed to execute it"
        services.parts.change(record.import_id, part, state="dead", given_up=why)
        raise VendorFailed(
            f"The vendor reports that part {part.number} failed; nothing of it was added.",
            hint="Ask the vendor's support, naming the time and the import's name; then "
            "`prefdrop imports retry`.",
        )
    if status.status == "Completed":
        return answer("collect")
    return _poll(request.cursor, services.settings)


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


def _look_later(
    part: Part, error: PrefdropError, cursor: dict[str, Any], settings: Settings
) -> Answer:
    """A status that stays away for a while is no failure of the import, while the token lives."""
    if part.expires <= now_ms():
        raise died(part) from None
    logger.warning("the status stays away", extra={"part": part.number, "code": error.code})
    return _poll(cursor, settings)


def _poll(cursor: dict[str, Any], settings: Settings) -> Answer:
    polls = int(cursor.get("polls", 0)) + 1
    wait = min(settings.poll_max_seconds, settings.poll_first_seconds * GROWTH**polls)
    return answer("poll", seconds=wait * random.uniform(0.8, 1), cursor={"polls": polls})


def died(part: Part) -> TokenDied:
    """The error of a part that was executed, or may have been, when nobody can say any more."""
    executed = "was executed" if part.state == "executing" else "may have been executed"
    return TokenDied(
        f"The vendor's access token of part {part.number} died before its outcome was known. "
        f"The part {executed}.",
        hint="Ask the vendor's support for its outcome; the report names what is known.",
    )
