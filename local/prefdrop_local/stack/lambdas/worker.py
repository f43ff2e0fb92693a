"""What runs inside a worker: one function's handler, called once per message.

It behaves as the Lambda runtime for Python does: the environment is set before the handler's
module is imported, errors are answered as `errorType`, `errorMessage`, `stackTrace`, and the
worker serves one call at a time.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from prefdrop_local.stack.lambdas import framing

Handler = Callable[[Any, "LambdaContext"], Any]


class LambdaContext:
    """The `context` argument of a handler: what Lambda offers, as far as it exists locally."""

    identity = None
    client_context = None

    def __init__(self, call: Mapping[str, Any]) -> None:
        self.aws_request_id: str = call["request_id"]
        self.invoked_function_arn: str = call["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = time.monotonic() + call["seconds"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until this call's time limit; never below 0."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def serve(spec: Mapping[str, Any], channel: socket.socket, life: int) -> None:
    """Answer calls from `channel` until the stack closes it. Never returns to the zygote."""
    _end_with_the_stack(life)
    _prepare_process(spec)
    handler, failure = _load(spec["handler"])
    while (call := framing.receive(channel)) is not None:
        print(f"START RequestId: {call['request_id']} Version: $LATEST", flush=True)
        started = time.monotonic()
        answer = failure or _call(handler, call)
        milliseconds = (time.monotonic() - started) * 1000
        print(f"END RequestId: {call['request_id']}")
        print(
            f"REPORT RequestId: {call['request_id']}\tDuration: {milliseconds:.2f} ms", flush=True
        )
        framing.send(channel, {**answer, "last": failure is not None})
        if failure:
            break  # as on Lambda, an environment whose start failed is not used again
    os._exit(0)


def _end_with_the_stack(life: int) -> None:
    """A busy handler does not read its channel, so a thread waits for the stack's end instead."""

    def watch() -> None:
        os.read(life, 1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _prepare_process(spec: Mapping[str, Any]) -> None:
    log = os.open(spec["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(spec["environment"])
    time.tzset()
    sys.path[:] = spec["paths"] + _library_paths(spec["root"])
    # The editable installation of this repository must not stand in for a layer that is missing.
    sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in repr(f)]
    # The runtime gives the root logger the function's log level, so libraries log at it too.
    logging.basicConfig(
        stream=sys.stdout,
        format="[%(levelname)s]\t%(asctime)s\t%(message)s",
        level=os.environ.get("AWS_LAMBDA_LOG_LEVEL", "WARNING"),
    )


def _library_paths(root: str) -> list[str]:
    """`sys.path` without the folders of this repository, but with its virtual environment."""
    ours = (root, str(Path(__file__).resolve().parents[4]))
    return [
        path for path in sys.path if path and ("site-packages" in path or not path.startswith(ours))
    ]


def _load(handler: str) -> tuple[Handler, dict[str, Any] | None]:
    module_name, _, attribute = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
        found: Handler = getattr(module, attribute)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        return _nothing, _failure("Runtime.ImportModuleError", message, [])
    except AttributeError as error:
        message = f"Handler '{attribute}' missing on module '{module_name}': {error}"
        return _nothing, _failure("Runtime.HandlerNotFound", message, [])
    except Exception as error:
        return _nothing, _raised(error)
    return found, None


def _nothing(_event: Any, _context: LambdaContext) -> None:
    raise AssertionError("A function whose start failed is never called.")


def _call(handler: Handler, call: Mapping[str, Any]) -> dict[str, Any]:
    try:
        result = handler(json.loads(call["payload"]), LambdaContext(call))
    except Exception as error:
        return _raised(error)
    try:
        return {"payload": json.dumps(result, default=_plain)}
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return _failure("Runtime.MarshalError", message, [])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _raised(error: Exception) -> dict[str, Any]:
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return _failure(type(error).__name__, str(error), trace)


def _failure(error_type: str, message: str, trace: list[str]) -> dict[str, Any]:
    print(f"[ERROR] {error_type}: {message}\n{''.join(trace)}", end="", flush=True)
    error = {"errorMessage": message, "errorType": error_type, "stackTrace": trace}
    return {"payload": json.dumps(error), "error": error_type}
