"""Waiting for a vendor who is away, in any step, for as long as it takes.

A step that meets a Transient error of the vendor answers `wait`. The ledger says what the import
waits for and since when. The import keeps the turn, because every other import would meet the same
vendor. Only if the vendor answers other calls, and not this import's, is the import given up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec

from prefdrop.errors import PrefdropError, Terminal, Transient
from prefdrop.importing.step import (
    LOOPS,
    MOST_ROUNDS,
    Answer,
    StepInput,
    answer,
    import_of,
)
from prefdrop.importing.totals import count_requests
from prefdrop.importing.vendor_errors import CredentialsRefused, VendorAway
from prefdrop.ledger.clock import iso, iso_now, milliseconds_of, now_ms
from prefdrop.ledger.imports import Import, Waiting, WaitingFor
from prefdrop.ledger.parts import Part
from prefdrop.ledger.quota import WINDOW_MS
from prefdrop.mypreferences import Forbidden, MyPreferencesError, NotFound, TooManyRequests
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.settings import Settings
from prefdrop.telemetry import logger

MOST_THROTTLES = 8
"""A run of 429 without Retry-After that is still taken for a throttle: more than an hour."""

READS = ("import.status", "import.exceptions")
"""Routes that name an access token which the vendor gave out: a 404 or 403 there is no answer."""

Run = Callable[[Services, dict[str, Any], Deadline], Answer]


class CallFails(Terminal):
    """The vendor answers other calls, and has not answered this import's for 15 minutes."""


def patient(next_step: str = "wait") -> Callable[[Run], Run]:
    """Return a decorator of a step's `run`: where the vendor fails, it answers `next_step`.

    A loop that grew too long for the history of its execution goes to InitiatePart, which hands the
    import on. It finds the place that the loop stopped at.
    """

    def decorate(run: Run) -> Run:
        @wraps(run)
        def guarded(services: Services, event: dict[str, Any], deadline: Deadline) -> Answer:
            try:
                return _at_most(MOST_ROUNDS, event, run(services, event, deadline))
            except PrefdropError as error:
                if not passes(error):
                    raise
                return _at_most(
                    MOST_ROUNDS, event, wait_for_vendor(services, event, error, next_step)
                )
            finally:
                count_requests(services, event["import_id"])

        return guarded

    return decorate


def _at_most(rounds: int, event: dict[str, Any], said: Answer) -> Answer:
    request = msgspec.convert(event, StepInput)
    if request.step.get("rounds", 0) >= rounds and said["next"] in LOOPS:
        reached("a loop too long for its history")
        said["next"] = "initiate"
    return said


def passes(error: PrefdropError) -> bool:
    """Return whether an error of a vendor call may pass by itself."""
    if isinstance(error, CredentialsRefused | VendorAway):
        return True
    if isinstance(error, NotFound | Forbidden):
        return error.route in READS
    return isinstance(error, MyPreferencesError) and isinstance(error, Transient)


def wait_for_vendor(
    services: Services, event: dict[str, Any], error: PrefdropError, next_step: str = "wait"
) -> Answer:
    """Write down what the import waits for, and return the wait; raises CallFails."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    part = next(iter(services.parts.all(record.import_id)[-1:]), None)
    waiting = _waiting(record, _kind(services, error), error)
    if waiting.kind == "call" and not _may_be_executing(part):
        _give_up_after_a_while(services.settings, waiting, error)
    services.imports.update_open(record, waiting=waiting)
    logger.warning("waiting for the vendor", extra={"code": error.code, "kind": waiting.kind})
    seconds = _seconds(services.settings, waiting, error, part)
    said = answer(next_step, cursor=request.cursor, seconds=seconds)
    return said | {"resume_at": iso(now_ms() + int(seconds * 1000))}


def _kind(services: Services, error: PrefdropError) -> WaitingFor:
    if isinstance(error, CredentialsRefused):
        reached("credentials refused on every call")
        return "credentials"
    if isinstance(error, VendorAway):
        reached("the vendor away on every call")
        return "away"
    if isinstance(error, TooManyRequests):
        reached("a throttled read")
        return "throttled"
    try:
        services.vendor.require()
    except CredentialsRefused:
        return "credentials"
    except VendorAway:
        reached("a call failed and the vendor is away")
        return "away"
    return "call"


def _waiting(record: Import, kind: WaitingFor, error: PrefdropError) -> Waiting:
    before = record.waiting
    if before is None or before.kind != kind:
        return Waiting(kind, iso_now(), text=error.message)
    return msgspec.structs.replace(before, looks=before.looks + 1, text=error.message)


def _may_be_executing(part: Part | None) -> bool:
    """Return whether the vendor was, or may have been, told to execute the part.

    Then the turn cannot pass before the vendor says how it ended, or the token is dead.
    """
    return part is not None and (part.state == "executing" or part.execute_until > 0)


def _give_up_after_a_while(settings: Settings, waiting: Waiting, error: PrefdropError) -> None:
    waited = now_ms() - milliseconds_of(waiting.since)
    if waited < settings.longest_wait_seconds * 1000:
        return
    reached("only this import's call fails")
    raise CallFails(
        f"The vendor answers other calls, but not this import's, for {waited // 60_000} minutes: "
        f"{error.message}",
        hint="Nothing of its last part was executed. Ask the vendor's support about the call, then "
        "run `prefdrop imports retry`.",
    )


def _seconds(
    settings: Settings, waiting: Waiting, error: PrefdropError, part: Part | None
) -> float:
    seconds = _growing(settings, waiting.looks)
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        seconds = max(seconds, error.retry_after)
    if part is not None and part.expires > now_ms():  # what becomes of it is known by then
        reached("a wait that ends with the token")
        seconds = min(seconds, (part.expires - now_ms()) / 1000 + 1)
    return seconds


def _growing(settings: Settings, waits: int) -> float:
    """Return how long to wait after so many waits, in seconds."""
    growing = settings.first_wait_seconds * float(2 ** min(waits, 10))
    return min(settings.longest_wait_seconds, growing)


def slot_after_refusal(services: Services, record: Import, refused: TooManyRequests) -> int:
    """Return when to ask again after a 429, in ms since 1970.

    While our count leaves slots, a 429 without Retry-After is a throttle: the waits grow. Only a
    run of them is taken for the vendor's 24-hour limit (O-7).
    """
    if refused.retry_after is not None:
        return now_ms() + int(refused.retry_after * 1000)
    use, settings = services.quota.use(), services.settings
    if use.left and record.throttles < MOST_THROTTLES:
        reached("a throttle without Retry-After")
        services.imports.update(record, throttles=record.throttles + 1)
        return now_ms() + int(_growing(settings, record.throttles) * 1000)
    return use.next_slot or now_ms() + WINDOW_MS
