"""Every function of the template runs in its container, with the sample event that goes with it.

The stack is empty, so most steps of a workflow say that their import or export is not there: in
Prefdrop's own words, which proves packaging, handler, layer, settings and the way to AWS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from tests.workbench import ROOT
from tools.sam_local.running import SamLocal
from tools.translation import load

FUNCTIONS = {
    logical_id: Path(resource["Properties"]["CodeUri"]).name
    for logical_id, resource in load(ROOT / "template.yaml")["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
IMPORT = "Terminal: UnknownImport: There is no import imp-0a1b2c3d4e5f6071."
EXPORT_RUN = (
    "Terminal: UnknownRun: There is no run 20260115T020000.000Z of export newsletter-readers"
)

ANSWERS = {
    "announce_import": IMPORT,
    "apply_gates": IMPORT,
    "await_approval": IMPORT,
    "await_export": EXPORT_RUN,
    "backfill_events": "next done",
    "begin_export": "Terminal: ExportMissing: There is no export 'newsletter-readers'",
    "check_export": EXPORT_RUN,
    "check_status": IMPORT,
    "collect_exceptions": IMPORT,
    "execute_part": IMPORT,
    "fail_export": "next failed",
    "finish_export": EXPORT_RUN,
    "initiate_part": IMPORT,
    "pass_turn": "next report",
    "receive_callback": "status 401",
    "receive_webhook": "status 401",
    "record_failure": IMPORT,
    "refresh_configuration": "written True",
    "register_import": "Terminal: FeedMissing: There is no feed 'crm-contacts'",
    "report_import": IMPORT,
    "retrieve_export": EXPORT_RUN,
    "stage_chunks": IMPORT,
    "start_exports": "nothing",
    "sweep_turns": "nothing",
    "take_turn": IMPORT,
}


LAST = ["BeginExportFunction", "FailExportFunction"]
"""What they write the others would read, whose answers must not depend on who came first."""
SIDE_BY_SIDE = min(4, 1 + (os.cpu_count() or 1))
"""Calls at a time. Each waits about a third of its time for containers to start and to stop."""


@pytest.fixture(scope="module")
def calls(sam: SamLocal) -> Iterator[dict[str, Future[Any]]]:
    """Every function of the template, called with its sample event; by logical id."""

    def call(function: str, after: list[Future[Any]]) -> Any:
        wait(after)
        return sam.invoke(function, ROOT / f"events/{FUNCTIONS[function]}.json")

    started: dict[str, Future[Any]] = {}
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        for function in [name for name in FUNCTIONS if name not in LAST] + LAST:
            after = [*started.values()] if function in LAST else []
            started[function] = pool.submit(call, function, after)
        yield started
    finally:
        pool.shutdown(cancel_futures=True)


def test_every_function_of_the_template_has_its_answer_here() -> None:
    assert sorted(FUNCTIONS.values()) == sorted(ANSWERS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_built_function_answers_its_sample_event(
    function: str, calls: dict[str, Future[Any]]
) -> None:
    answer = calls[function].result()

    assert said(answer).startswith(ANSWERS[FUNCTIONS[function]])


def test_the_functions_that_were_called_are_all_that_were_built(
    calls: dict[str, Future[Any]], built: Path
) -> None:
    folders = {path.name for path in built.parent.iterdir() if (path / "app.py").exists()}

    assert calls.keys() == folders


def said(answer: Any) -> str:
    """An answer in a line: an error with its type, or what it says first of what comes next."""
    if answer is None:
        return "nothing"
    if "errorType" in answer:
        return f"{answer['errorType']}: {answer['errorMessage']}"
    names = {"statusCode": "status", "next": "next", "written": "written"}
    name = next(name for name in names if name in answer)
    return f"{names[name]} {answer[name]}"
