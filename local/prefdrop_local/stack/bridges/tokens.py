"""Task tokens as on AWS: each attempt of a task has its own, and a dead one is refused.

moto gives a retried task the token of the attempt before, takes answers to tokens that have timed
out, and drops the `cause` of SendTaskFailure.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import EmptyResult
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from prefdrop_local.stack.patching import Patches

_GONE = "Task Timed Out: 'Provided task does not exist anymore'"


class TaskTimedOutError(AWSError):
    """The token's task waits no more: it was answered, timed out, tried again or stopped."""

    TYPE = "TaskTimedOut"
    STATUS = 400


class InvalidOutputError(AWSError):
    """The output given with a token is not JSON."""

    TYPE = "InvalidOutput"
    STATUS = 400


class _Tokens:
    """Tokens that wait for an answer, and those that did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Any, Any]] = {}
        self._dead: set[str] = set()

    def open(self, token: str, env: Any, endpoint: Any) -> None:
        with self._lock:
            self._open[token] = (env, endpoint)

    def close(self, token: str) -> None:
        with self._lock:
            self._open.pop(token, None)
            self._dead.add(token)

    def answer(self, token: str, use: Callable[[Any], None], *, last: bool = True) -> None:
        """Give the waiting task its answer; TaskTimedOut when nobody waits any more."""
        with self._lock:
            if token in self._dead:
                raise TaskTimedOutError(_GONE)
            if token not in self._open:
                raise InvalidToken()
            env, endpoint = self._open[token]
            if not env.is_running():
                raise TaskTimedOutError(_GONE)
            if last:
                del self._open[token]
                self._dead.add(token)
            use(endpoint)


def install(patches: Patches) -> None:
    """Replace how tokens are made, answered and retired."""
    tokens = _Tokens()
    patches.set(StateTaskServiceCallback, "_eval_execution", _attempt(tokens))
    backend = StepFunctionsParserBackend

    def succeed(_: Any, task_token: str, outcome: str) -> None:
        try:
            json.loads(outcome)
        except ValueError as error:
            raise InvalidOutputError(f"Invalid Output: '{error}'") from None
        answer = CallbackOutcomeSuccess(callback_id=task_token, output=outcome)
        tokens.answer(task_token, lambda endpoint: endpoint.notify(outcome=answer))

    def fail(_: Any, task_token: str, error: str | None = None, cause: str | None = None) -> None:
        answer = CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause)
        tokens.answer(task_token, lambda endpoint: endpoint.notify(outcome=answer))

    def heartbeat(_: Any, task_token: str) -> None:
        tokens.answer(task_token, lambda endpoint: endpoint.notify_heartbeat(), last=False)

    def fail_response(response: Any) -> EmptyResult:
        token, error = response._get_param("taskToken"), response._get_param("error")
        cause = response._get_param("cause")
        response.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    patches.set(backend, "send_task_success", succeed)
    patches.set(backend, "send_task_failure", fail)
    patches.set(backend, "send_task_heartbeat", heartbeat)
    patches.set(StepFunctionResponse, "send_task_failure", fail_response)


def _attempt(tokens: _Tokens) -> Callable[[Any, Any], None]:
    evaluate = StateTaskServiceCallback._eval_execution

    def with_own_token(task: Any, env: Any) -> None:
        if task.resource.condition != ResourceCondition.WaitForTaskToken:
            evaluate(task, env)
            return
        token = env.states.context_object.update_task_token()
        tokens.open(token, env, env.callback_pool_manager.add(token))
        try:
            evaluate(task, env)
        finally:
            tokens.close(token)

    return with_own_token
