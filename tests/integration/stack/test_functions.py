"""Functions run as on Lambda."""

from __future__ import annotations

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from prefdrop_local.stack import Invocation, LocalStack, overlapping
from tests.workbench import PATIENCE

from .conftest import until


def call(stack: LocalStack, function: str = "EchoFunction", **event: Any) -> Any:
    return json.loads(stack.invoke(function, json.dumps(event).encode()).answer)


def test_a_function_has_the_environment_of_the_template_and_of_lambda(stack: LocalStack) -> None:
    environment = call(stack, do="describe")["environment"]

    assert environment["GREETING"] == "moin"
    assert environment["NUMBER"] == "7"
    assert environment["TABLE"] == stack.outputs["TableName"]
    assert environment["QUEUE_ARN"].startswith("arn:aws:sqs:us-east-1:123456789012:")
    assert environment["AWS_ENDPOINT_URL"] == stack.endpoint
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "prefdrop-echo"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["TZ"] == ":UTC"


def test_a_function_sees_nothing_of_the_stack_s_own_environment(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMETHING_OF_THE_DEVELOPER", "1")

    assert "SOMETHING_OF_THE_DEVELOPER" not in call(stack, do="describe")["environment"]


def test_a_function_imports_its_layer_but_nothing_else_of_the_repository(stack: LocalStack) -> None:
    described = call(stack, do="describe")

    assert described["layer"] == "from the layer"
    assert described["modules"] == []
    assert described["importable"] == []
    assert described["foreign_paths"] == []


def test_the_context_object_tells_what_lambda_s_tells(stack: LocalStack) -> None:
    done = stack.invoke("EchoFunction", b'{"do": "describe"}')
    described = json.loads(done.answer)

    assert described["request_id"] == done.request_id
    assert 0 < described["milliseconds"] <= 30_000
    assert described["memory"] == "256"
    assert described["name"] == "prefdrop-echo"
    assert described["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:prefdrop-echo"


def test_an_exception_is_answered_as_lambda_does(stack: LocalStack) -> None:
    response = stack.client("lambda").invoke(
        FunctionName="prefdrop-echo", Payload=b'{"do": "fail", "message": "no such feed"}'
    )
    error = json.load(response["Payload"])

    assert response["FunctionError"] == "Unhandled"
    assert error["errorType"] == "RefusedError"
    assert error["errorMessage"] == "no such feed"
    assert 'raise RefusedError(event.get("message"' in error["stackTrace"][-1]


def test_a_call_over_the_time_limit_is_ended(stack: LocalStack) -> None:
    done = stack.invoke("HastyFunction", b'{"do": "sleep", "seconds": 60}')
    error = json.loads(done.answer)

    assert done.outcome == "timed out"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")


@pytest.mark.parametrize(("do", "status"), [("exit", 3), ("crash", 7)])
def test_a_worker_that_ends_by_itself_is_an_exit_error(
    stack: LocalStack, do: str, status: int
) -> None:
    done = stack.invoke("EchoFunction", json.dumps({"do": do}).encode())
    error = json.loads(done.answer)

    assert done.outcome == "exited"
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith(f"Runtime exited with error: exit status {status}")
    assert call(stack, greeting="still there") == {"greeting": "still there"}


def test_a_killed_worker_is_an_exit_error(stack: LocalStack) -> None:
    until(lambda: all(call.ended for call in stack.invocations))
    assert not stack.kill_worker("EchoFunction")
    running = _call_in_thread(stack, {"do": "sleep", "seconds": 60})

    assert stack.kill_worker("EchoFunction")

    error = json.loads(running().answer)
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_a_suspended_worker_goes_on_when_resumed(stack: LocalStack, tmp_path: Path) -> None:
    running = _call_in_thread(stack, {"do": "meet", "folder": str(tmp_path), "count": 2})
    assert stack.suspend_worker("EchoFunction")
    suspended = stack.invocations[-1]
    (tmp_path / "the other").touch()
    assert call(stack, other=1) == {"other": 1}
    assert suspended.ended is None

    stack.resume_workers("EchoFunction")

    assert running().outcome == "returned"


def test_a_function_that_cannot_start_says_why(stack: LocalStack) -> None:
    for _ in range(2):
        error = call(stack, "BrokenFunction")

        assert error["errorType"] == "Runtime.ImportModuleError"
        assert error["errorMessage"].startswith("Unable to import module 'missing'")


def test_calls_overlap_up_to_the_size_of_the_pool(stack: LocalStack, tmp_path: Path) -> None:
    records: list[Invocation] = []
    stop = stack.on_invoke(lambda record: records.append(record) if record.ended else None)
    event = json.dumps({"do": "meet", "folder": str(tmp_path), "count": 8}).encode()

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: stack.invoke("EchoFunction", event), range(12)))
    stop()

    assert {record.outcome for record in records} == {"returned"}
    assert overlapping(records) == 8


def test_a_worker_that_ended_while_idle_is_not_used(stack: LocalStack) -> None:
    pid = call(stack, do="describe")["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not _alive(pid))

    assert call(stack, greeting="hello") == {"greeting": "hello"}


def test_a_worker_is_used_again(stack: LocalStack) -> None:
    assert call(stack, do="describe")["pid"] == call(stack, do="describe")["pid"]


def test_an_asynchronous_call_that_fails_is_tried_twice_more(
    stack: LocalStack, tmp_path: Any
) -> None:
    file = tmp_path / "attempts"
    event = {"do": "fail-until", "file": str(file), "times": 2}

    response = stack.client("lambda").invoke(
        FunctionName="prefdrop-echo", InvocationType="Event", Payload=json.dumps(event)
    )

    assert response["StatusCode"] == 202
    until(lambda: file.exists() and len(file.read_text()) == 3)


def test_what_a_function_prints_is_in_its_log(stack: LocalStack) -> None:
    done = stack.invoke("EchoFunction", b'{"do": "echo"}')

    log = (stack.logs_dir / "EchoFunction.log").read_text()

    assert f"START RequestId: {done.request_id}" in log
    assert "doing echo" in log


def test_an_unknown_function_is_not_found(stack: LocalStack) -> None:
    client = stack.client("lambda")

    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="prefdrop-missing", Payload=b"{}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _call_in_thread(stack: LocalStack, event: dict[str, Any]) -> Any:
    """Start a call and return once it runs; what is returned waits for its end."""
    started = threading.Event()
    stop = stack.on_invoke(lambda record: started.set())
    with_result: list[Invocation] = []
    body = json.dumps(event).encode()
    thread = threading.Thread(
        target=lambda: with_result.append(stack.invoke("EchoFunction", body)), daemon=True
    )
    thread.start()
    assert started.wait(PATIENCE)
    stop()

    def result() -> Invocation:
        thread.join(PATIENCE)
        return with_result[0]

    return result
