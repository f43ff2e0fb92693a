"""Executions end as on AWS: stop ends any wait, and every change of status is an event.

moto leaves a stopped execution RUNNING while it waits for a token, drops `error` and `cause` of
StopExecution, and tells nobody about status changes.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from prefdrop_local.stack.patching import Patches

_PATIENCE = 60.0
"""Seconds after which something is wrong, however busy the machine is."""
Publish = Callable[[dict[str, Any]], None]


def install(patches: Patches, publish: Publish) -> None:
    """Replace stop, start and end of executions; `publish` gets each status change as an event."""
    ends = threading.Lock()
    start = Execution.start
    terminated = BaseExecutionWorkerCommunication.terminated
    start_named = StepFunctionsParserBackend.start_execution

    def start_and_tell(execution: Any) -> None:
        # A short execution may end before its start has been told.
        execution.start_is_told = threading.Event()
        try:
            start(execution)
            publish(status_change(execution, started=True))
        finally:
            execution.start_is_told.set()

    def end_and_tell(communication: Any) -> None:
        execution = communication.execution
        with ends:
            if execution.exec_status == ExecutionStatus.ABORTED:
                return
            terminated(communication)
            if execution.exec_status == ExecutionStatus.SUCCEEDED:
                # JSON text in every case; moto's API would give a string without its quotes.
                execution.output = json.dumps(execution.output)
            _wake_token_waits(execution)
        execution.start_is_told.wait(_PATIENCE)
        publish(status_change(execution))

    def stop(response: Any) -> ActionResult:
        arn = response._get_param("executionArn")
        execution = response.stepfunction_backend.describe_execution(arn)
        error, cause = response._get_param("error"), response._get_param("cause")
        if abort(execution, ends, error=error, cause=cause):
            publish(status_change(execution))
        return ActionResult({"stopDate": execution.stop_date})

    def start_execution(
        backend: Any, state_machine_arn: str, name: str | None = None, *rest: Any, **named: Any
    ) -> Any:
        return start_named(backend, state_machine_arn, name or str(uuid.uuid4()), *rest, **named)

    patches.set(Execution, "start", start_and_tell)
    patches.set(BaseExecutionWorkerCommunication, "terminated", end_and_tell)
    patches.set(StepFunctionResponse, "stop_execution", stop)
    patches.set(StepFunctionsParserBackend, "start_execution", start_execution)


def abort(
    execution: Any, ends: threading.Lock, *, error: str | None = None, cause: str | None = None
) -> bool:
    """End a running execution as ABORTED at once; False when it had ended already."""
    env = _environment(execution)
    with ends:
        if execution.exec_status != ExecutionStatus.RUNNING:
            return False
        stop_date = datetime.now(UTC)
        if env is not None:
            env.set_stop(stop_date=stop_date, cause=cause, error=error)
            _close_history(env, error, cause)
        execution.exec_status = ExecutionStatus.ABORTED
        execution.stop_date = stop_date
        execution.error, execution.cause = error, cause
        _wake_token_waits(execution)
    return True


def status_change(execution: Any, *, started: bool = False) -> dict[str, Any]:
    """The event `Step Functions Execution Status Change` for the execution as it stands.

    With `started`, as it stood when it had just begun.
    """
    ended = None if started else execution.stop_date
    succeeded = not started and execution.exec_status == ExecutionStatus.SUCCEEDED
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "resources": [execution.exec_arn],
        "detail": {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": "RUNNING" if started else execution.status,
            "startDate": int(execution.start_date.timestamp() * 1000),
            "stopDate": int(ended.timestamp() * 1000) if ended else None,
            "input": execution.execution_input,
            "inputDetails": {"included": True},
            "output": execution.output if succeeded else None,
            "outputDetails": {"included": True} if succeeded else None,
            "error": None if started else execution.error,
            "cause": None if started else execution.cause,
        },
    }


def _environment(execution: Any) -> Any:
    """The interpreter's state; an execution that was started a moment ago has none yet."""
    deadline = time.monotonic() + _PATIENCE
    while execution.exec_worker.env is None and time.monotonic() < deadline:
        time.sleep(0.005)
    return execution.exec_worker.env


def _close_history(env: Any, error: str | None, cause: str | None) -> None:
    """Write the last event; what still winds down behind it is not history any more."""
    details: Any = {"executionAbortedEventDetails": {"error": error, "cause": cause}}
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.ExecutionAborted,
        event_details=details,
    )
    env.event_manager.add_event = lambda *_, **__: 0


def _wake_token_waits(execution: Any) -> None:
    env = execution.exec_worker.env
    if env is not None:
        for endpoint in list(env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()
