"""The vendor's callback wakes the run that waits, and nobody else learns or changes anything."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from prefdrop.exporting import await_export, receive_callback
from prefdrop.exporting.receive_callback import callback
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger.exports import ExportRun
from tests.call_watch import calls_of
from tests.unit.exporting.conftest import SETTINGS, StepFunctions

TOKEN = "704421"
STATUS = {"AccessToken": int(TOKEN), "Status": "Complete", "RowCount": 12}


@pytest.fixture
def run(services: ExportServices) -> ExportRun:
    new = ExportRun(export="readers", run="1", execution="arn", started_at="2026-01-15T00:00:00Z")
    return services.exports.initiated(services.exports.begin(new), TOKEN)


def call(
    services: ExportServices, body: Any, *, key: str = "k" * 32, method: str = "POST"
) -> dict[str, Any]:
    event = {
        "headers": {"content-type": "application/json; charset=utf-8"},
        "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.10"}},
        "pathParameters": {"key": key},
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    context = SimpleNamespace(aws_request_id="request")
    with calls_of("ReceiveCallbackFunction", SETTINGS):
        return callback(lambda: services)(event, context)


def wait(services: ExportServices, run: ExportRun, task_token: str) -> None:
    event = {"export": run.export, "run": run.run, "execution": "arn", "task_token": task_token}
    with calls_of("AwaitExportFunction", SETTINGS):
        await_export.run(services, event, None)  # type: ignore[arg-type]


def test_a_callback_wakes_the_run_that_waits(
    services: ExportServices, machine: StepFunctions, run: ExportRun
) -> None:
    wait(services, run, "task")

    answer = call(services, STATUS)

    assert (answer["statusCode"], machine.woken) == (204, ["task"])


def test_a_callback_that_comes_before_the_wait_ends_it_at_once(
    services: ExportServices, machine: StepFunctions, run: ExportRun
) -> None:
    call(services, STATUS)

    wait(services, run, "task")

    assert machine.woken == ["task"]


def test_members_may_be_written_in_any_case_and_tokens_as_texts(
    services: ExportServices, machine: StepFunctions, run: ExportRun
) -> None:
    wait(services, run, "task")

    assert call(services, {"accesstoken": TOKEN})["statusCode"] == 204
    assert machine.woken == ["task"]


def test_callback_of_any_other_form_is_refused_without_a_trace(
    subtests: pytest.Subtests,
    services: ExportServices,
    machine: StepFunctions,
    run: ExportRun,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wait(services, run, "task")
    before = services.exports.get("readers", "1")

    for body, options, status in [
        (STATUS, {"key": "wrong"}, 401),
        (STATUS, {"method": "GET"}, 405),
        (STATUS, {"method": "DELETE"}, 405),
        ({"AccessToken": 1}, {}, 404),
        ({"AccessToken": True}, {}, 404),
        ([STATUS], {}, 404),
        ("not JSON", {}, 404),
        ("", {}, 404),
        (json.dumps(STATUS) + " " * (1 << 20), {}, 413),
    ]:
        with subtests.test(body=body, options=options):
            answer = call(services, body, **options)

            assert answer["statusCode"] == status
            assert machine.woken == []
            assert services.exports.get("readers", "1") == before
            assert TOKEN not in capsys.readouterr().out


def test_the_token_of_an_earlier_attempt_wakes_nobody(
    services: ExportServices, machine: StepFunctions, run: ExportRun
) -> None:
    wait(services, services.exports.initiated(run, "704422"), "task")

    assert call(services, STATUS)["statusCode"] == 404
    assert machine.woken == []


@pytest.mark.parametrize("body", [b"[" * 5000, b"\xff", b'{"\xff":1}'])
def test_a_body_that_nobody_can_read_names_no_run(body: bytes) -> None:
    assert receive_callback._token(body) == ""
