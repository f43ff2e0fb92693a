"""Step Functions' limits that moto does not check: names and sizes sent, and the history.

moto checks the size of what states pass on.
Limits: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
History: https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.stepfunctions.exceptions import InvalidName, ValidationException
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from prefdrop_local.stack.limits.refusal import constraint
from prefdrop_local.stack.patching import Patches

MOST_DATA_BYTES = 256 * 1024
MOST_NAME, MOST_ERROR, MOST_CAUSE = 80, 256, 32_768
MOST_EVENTS = 25_000
_NOT_IN_NAMES = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""


def install(patches: Patches) -> None:
    """Check what is sent, and end an execution whose history is full."""
    start = StepFunctionsParserBackend.start_execution

    def start_execution(
        backend: Any, arn: str, name: Any = None, execution_input: Any = None, *rest: Any, **n: Any
    ) -> Any:
        _check("input", execution_input, MOST_DATA_BYTES)
        _check("name", name, MOST_NAME)
        if name is not None and _NOT_IN_NAMES.search(name):
            raise InvalidName(f"Invalid Name: '{name}'")
        return start(backend, arn, name, execution_input, *rest, **n)

    patches.set(StepFunctionsParserBackend, "start_execution", start_execution)
    _check_answer(patches, "send_task_success", output=MOST_DATA_BYTES)
    for action in ("send_task_failure", "stop_execution"):
        _check_answer(patches, action, error=MOST_ERROR, cause=MOST_CAUSE)
    enter = CommonStateField._eval_body

    def enter_unless_full(state: Any, env: Any) -> None:
        # Events of retries inside one state come on top, as moto has no place to stop those.
        if len(env.event_manager._history_event_list) >= MOST_EVENTS - 1:
            raise _history_is_full(env)
        enter(state, env)

    patches.set(CommonStateField, "_eval_body", enter_unless_full)


def _check_answer(patches: Patches, action: str, **limits: int) -> None:
    answer = getattr(StepFunctionResponse, action)

    def checked(response: Any) -> Any:
        for name, most in limits.items():
            _check(name, response._get_param(name), most)
        return answer(response)

    patches.set(StepFunctionResponse, action, checked)


def _check(name: str, text: Any, most: int) -> None:
    if text is not None and len(str(text).encode()) > most:
        must = f"Member must have length less than or equal to {most}"
        raise ValidationException(constraint(name, must))


def _history_is_full(env: Any) -> FailureEventException:
    error = StatesErrorNameType.StatesRuntime
    cause = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
    details: Any = {"executionFailedEventDetails": {"error": error.to_name(), "cause": cause}}
    event = FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=error),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=details,
    )
    return FailureEventException(failure_event=event)
