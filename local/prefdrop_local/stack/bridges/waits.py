"""Step Functions time: exact waits in UTC, waits that end with the execution, shorter on request.

moto compares timestamps with the local clock and cuts waits to whole seconds; a retry's pause goes
on after the execution has been stopped. `scale` shortens `Seconds` and `SecondsPath` waits and
retry pauses, which a definition can only give in whole seconds; it leaves timestamps and time
limits alone.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import (
    seconds,
    seconds_path,
    timestamp,
    wait_function,
)
from moto.stepfunctions.parser.backend.execution import Execution

from prefdrop_local.stack.patching import Patches

_STEP = 0.2
"""How long a wait goes on at most after its execution was stopped."""


def install(patches: Patches, *, scale: float) -> None:
    """Replace the clock work of Wait and Retry."""
    for owner in (seconds.Seconds, seconds_path.SecondsPath):
        patches.set(owner, "_get_wait_seconds", _scaled(owner._get_wait_seconds, scale))
    patches.set(timestamp.Timestamp, "_get_wait_seconds", _until)
    patches.set(wait_function.WaitFunction, "_wait_interval", _wait)
    patches.set(
        retrier_decl, "time", SimpleNamespace(sleep=lambda pause: time.sleep(pause * scale))
    )
    start_details = Execution.get_start_execution_details

    def with_text_time(execution: Any) -> Any:
        details: Any = start_details(execution)
        details.start_time = execution.start_date.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        )
        return details

    patches.set(Execution, "get_start_execution_details", with_text_time)


def _scaled(original: Any, scale: float) -> Any:
    def get_wait_seconds(wait: Any, env: Any) -> float:
        return float(original(wait, env)) * scale

    return get_wait_seconds


def _until(wait: Any, env: Any) -> float:
    wait.string.eval(env=env)
    text = env.stack.pop()
    if wait._from_timestamp_string(timestamp=text) is None:
        raise FailureEventException(wait._create_failure_event(env, text))
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _wait(_: Any, env: Any, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while env.is_running() and (left := deadline - time.monotonic()) > 0:
        env.program_state_event.wait(min(left, _STEP))
