"""Lambda calls reach the worker processes, from the Lambda API and from state machines.

moto without Docker gives canned answers. State machines call the workers directly: moto would make
a new client and an HTTP request to itself for each step.
"""

from __future__ import annotations

import io
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from prefdrop_local.stack.lambdas.pool import Pool
from prefdrop_local.stack.lambdas.service import Functions
from prefdrop_local.stack.patching import Patches


def install(patches: Patches, functions: Functions) -> None:
    """Route every invocation to `functions`."""
    through_api = lambda_eval_utils._invoke_lambda_function

    def invoke(
        _: Any, function_name: str, _qualifier: str | None, body: Any, headers: Any, answer: Any
    ) -> bytes:
        pool = functions.find(function_name)
        if pool is None:
            raise UnknownFunctionException(function_name)
        return _call(functions, pool, _bytes(body), headers, answer)

    def invoke_from_state(parameters: dict[str, Any], region: str, credentials: Any) -> Any:
        pool = functions.find(parameters["FunctionName"])
        if pool is None or parameters.get("InvocationType", "RequestResponse") != "RequestResponse":
            return through_api(parameters, region, credentials)
        done = functions.invoke(pool, _bytes(parameters.get("Payload")))
        response: dict[str, Any] = {"ExecutedVersion": "$LATEST", "StatusCode": 200}
        if done.error:
            response["FunctionError"] = "Unhandled"
        response["Payload"] = lambda_eval_utils._from_payload(io.BytesIO(done.answer))
        return response

    patches.set(LambdaSimpleBackend, "invoke", invoke)
    patches.set(
        lambda_eval_utils,
        "_invoke_lambda_function",
        lambda parameters, region, state_credentials: invoke_from_state(
            parameters, region, state_credentials
        ),
    )


def _call(functions: Functions, pool: Pool, body: bytes, headers: Any, answer: Any) -> bytes:
    kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "DryRun":
        return b""
    if kind == "Event":
        functions.invoke_later(pool, body)
        return b""
    done = functions.invoke(pool, body)
    answer["x-amz-executed-version"] = "$LATEST"
    if done.error:
        answer["x-amz-function-error"] = "Unhandled"
    return done.answer


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        body = body.encode()
    return bytes(body or b"{}")
