"""What every step has in common: its input, its answer, its log lines and its errors.

The state machine never retries `Terminal`, so a Terminal error leaves here under that name, with
its own name in the text. An error that Prefdrop did not foresee leaves as `StepCrashed` without its
message. One of AWS leaves with its code alone, as `AwsUnavailable` where it may pass by itself,
which the state machine retries for hours, else as `AwsFailed`. A message may quote a record, and
neither the execution history nor a log is a place for one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

from prefdrop.errors import PrefdropError, Terminal, Transient
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import FINISHED, AttemptOver, Import
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import frames, logger


class StepCrashed(Transient):
    """A step met an error that nobody foresaw; its log holds where."""


class AwsFailed(Transient):
    """AWS refused a call of a step, as for want of a permission."""


class AwsUnavailable(Transient):
    """AWS did not answer a call of a step, throttled it, or failed."""


class Cancelled(Terminal):
    """An operator cancelled the import."""


class StepInput(msgspec.Struct, frozen=True, rename={"pass_name": "pass"}):
    """What the state machine hands to a step."""

    import_id: str
    execution: str
    step: dict[str, Any] = {}
    task_token: str = ""
    pass_name: str = ""

    @property
    def cursor(self) -> dict[str, Any]:
        """Where the same step's invocation before this one stopped; empty at its first."""
        cursor: dict[str, Any] = self.step.get("cursor") or {}
        return cursor


def import_of(services: Services, request: StepInput) -> Import:
    """Return the import of a step, which its execution must be the one to work on.

    Raises AttemptOver for a step that comes late, after a retry began or the import ended.
    """
    record = import_of_attempt(services, request)
    if record.status in FINISHED:
        reached("a step after the end of its import")
        raise AttemptOver(
            f"Import {record.import_id} has ended {record.status}.",
            hint=f"Run `prefdrop imports show {record.import_id}` to see how.",
        )
    return record


def import_of_attempt(services: Services, request: StepInput) -> Import:
    """As `import_of`, also of an import that has ended."""
    record = services.imports.get(request.import_id)
    if record.execution_arn != request.execution:
        reached("a step that comes late")
        raise AttemptOver(
            f"Another execution works on import {record.import_id}.",
            hint=f"Run `prefdrop imports show {record.import_id}` to see which.",
        )
    return record


def stop_if_cancelled(record: Import) -> None:
    """Raise Cancelled when an operator has cancelled the import."""
    if record.cancelled is not None:
        reached("a step of a cancelled import")
        raise Cancelled(
            f"An operator cancelled import {record.import_id} at {record.cancelled.at}.",
            hint=f"Run `prefdrop imports retry {record.import_id}` to import it after all.",
        )


def answer(next_step: str, *, cursor: dict[str, Any] | None = None, seconds: float = 0) -> Answer:
    """Say what comes next; `seconds` is a wait, rounded up to whole ones."""
    return {
        "next": next_step,
        "resume_at": "",
        "seconds": math.ceil(seconds),
        "cursor": cursor or {},
    }


def wait_until(moment_ms: int) -> Answer:
    """Say that nothing may happen before `moment_ms`."""
    seconds = max(0, moment_ms - now_ms()) / 1000
    resume_at = iso(max(moment_ms, now_ms()))
    return answer("wait", seconds=seconds) | {"resume_at": resume_at}


MOST_ROUNDS = 1666
"""Rounds after which an import continues in another execution: 15,000 events of its history.

A round is 9 events: a step, its choice and its wait. Step Functions ends an execution at 25,000."""

RETRIES_OF_A_ROUND = 3
"""Retries of a step that make as many events as a round."""

UNCOUNTED_RETRIES = 6
"""Retries of a step that the definition of an earlier release may have made unseen."""

LOOPS = frozenset({"stage", "collect", "wait", "poll"})
"""Answers that lead to the same step again. InitiatePart finds the place that they stopped at."""

PASSING = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
"""Codes of AWS's throttling and collisions, whose HTTP status is 400 (AWS's SDK guide, "Retry
behavior")."""

Answer = dict[str, Any]
Run = Callable[[Services, dict[str, Any], Deadline], Answer | None]
Made = TypeVar("Made")


def step(
    run: Run, make_services: Callable[[], Services] = Services
) -> Callable[[dict[str, Any], Any], Answer | None]:
    """Make a step's `run` a Lambda handler; its services are made at its first call."""
    return invoked(run, make_services)


def invoked(
    run: Callable[[Made, dict[str, Any], Deadline], Answer | None],
    make_services: Callable[[], Made],
) -> Callable[[dict[str, Any], Any], Answer | None]:
    """As `step`, for a function that has services of its own."""
    kept: list[Made] = []

    def handler(event: dict[str, Any], context: Any) -> Answer | None:
        logger.append_keys(step=run.__module__.rpartition(".")[2], request=context.aws_request_id)
        try:
            if not kept:
                kept.append(make_services())
            return _counted(event, run(kept[0], event, Deadline(context)))
        except Terminal as error:
            logger.error("step failed", extra={"code": error.code, "text": str(error)})
            # The message may quote a file's name; a line feed in it would begin the hint.
            message = error.message.replace("\n", "\\n")
            raise Terminal(f"{error.code}: {message}\n{error.hint}") from None
        except PrefdropError as error:
            logger.warning("step interrupted", extra={"code": error.code, "text": str(error)})
            raise
        except (ClientError, BotoCoreError) as error:
            failed = _described(error)
            logger.warning("AWS call failed", extra={"code": failed, "where": frames()})
            kind = AwsUnavailable if may_pass(error) else AwsFailed
            raise kind(f"{failed}; the step's log says where.") from None
        except Exception as error:
            logger.error("step crashed", extra={"code": type(error).__name__, "where": frames()})
            raise StepCrashed(f"The step met {type(error).__name__}; its log says where.") from None

    return handler


def _counted(event: dict[str, Any], said: Answer | None) -> Answer | None:
    """Add the rounds of the execution to an answer; one of an earlier release counts none."""
    if said is not None and "step" in event:
        before = event["step"].get("rounds")
        retries = event.get("retries", UNCOUNTED_RETRIES)
        rounds = 1 + math.ceil(retries / RETRIES_OF_A_ROUND)
        said["rounds"] = 0 if before is None else before + rounds
    return said


def may_pass(error: ClientError | BotoCoreError) -> bool:
    """Return whether the same call may succeed later, with nothing changed."""
    if not isinstance(error, ClientError):
        return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError)
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.response["Error"]["Code"] in PASSING


def _described(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']} to {error.operation_name}"
    return type(error).__name__
