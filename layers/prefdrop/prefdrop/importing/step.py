"""What every step has in common: its input, its answer, its log lines and its errors.

The state machine retries every error but `Terminal`, so a Terminal error leaves here under that
name, with its own name in the text. An error that Prefdrop did not foresee leaves as `StepCrashed`
without its message, and one of AWS as `AwsFailed` with its code alone: the message may quote a
record, and neither the execution history nor a log is a place for one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.errors import PrefdropError, Terminal, Transient
from prefdrop.importing.services import Deadline, Services
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.telemetry import frames, logger


class StepCrashed(Transient):
    """A step met an error that nobody foresaw; its log holds where."""


class AwsFailed(Transient):
    """AWS refused a call of a step, or did not answer it."""


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
    return {"next": "wait", "resume_at": iso(max(moment_ms, now_ms())), "seconds": 0, "cursor": {}}


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
            return run(kept[0], event, Deadline(context))
        except Terminal as error:
            logger.error("step failed", extra={"code": error.code, "text": str(error)})
            raise Terminal(f"{error.code}: {error.message}\n{error.hint}") from None
        except PrefdropError as error:
            logger.warning("step interrupted", extra={"code": error.code, "text": str(error)})
            raise
        except (ClientError, BotoCoreError) as error:
            failed = _described(error)
            logger.warning("AWS call failed", extra={"code": failed, "where": frames()})
            raise AwsFailed(f"{failed}; the step's log says where.") from None
        except Exception as error:
            logger.error("step crashed", extra={"code": type(error).__name__, "where": frames()})
            raise StepCrashed(f"The step met {type(error).__name__}; its log says where.") from None

    return handler


def _described(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']} to {error.operation_name}"
    return type(error).__name__
