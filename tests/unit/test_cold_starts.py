"""Somebody waits while a function starts, so it loads nothing that it does not need.

What counts is what a handler's module loads beyond boto3. `python -m bench.imports` measures how
long that takes; here no time is measured.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(app.parent.name for app in ROOT.glob("functions/*/app.py"))

LIBRARIES = {
    "app",
    "aws_lambda_powertools",
    "boto3",
    "certifi",
    "charset_normalizer",
    "idna",
    "jmespath",
    "msgspec",
    "mypreferences_assumptions",
    "prefdrop",
    "requests",
    "typing_extensions",
    "urllib3",
}
"""boto3, what the layer holds, and the function itself."""

NOT_LIBRARIES = {
    "cython_runtime",  # what a compiled module makes of itself
    "socks",  # urllib3 takes it where it is installed; the tests' browser driver brings it
}

HEAVY = {
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk",
    "ctypes",
    "html.parser",
    "http.server",
    "multiprocessing",
    "pydoc",
    "sqlite3",
    "unittest",
    "xml.dom",
}
"""Parts of the libraries above and of the standard library that take tens of milliseconds."""

BEGIN_AT_THE_VENDOR = {
    "backfill_events",
    "begin_export",
    "execute_part",
    "initiate_part",
    "pass_turn",
    "refresh_configuration",
    "sweep_turns",
}
"""Functions that may load the HTTP client at once, since nearly every call of theirs needs it."""

SCRIPT = """
import json, os, sys
import boto3, botocore.session
loaded = set(sys.modules)
for function in json.load(sys.stdin):
    if (child := os.fork()) == 0:
        sys.path.insert(0, os.path.join("functions", function))
        import app
        print(json.dumps([function, sorted(set(sys.modules) - loaded)]), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """The modules that each function loads beyond boto3 before its first call."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(FUNCTIONS),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    told = dict(json.loads(line) for line in done.stdout.splitlines())
    assert sorted(told) == FUNCTIONS, done.stderr
    return {function: set(modules) for function, modules in told.items()}


def packages_of(modules: set[str]) -> set[str]:
    """The packages that modules belong to, but for the standard library's."""
    names = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
    return {name for name in names if not name.startswith("_") and "__" not in name}


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_a_function_loads_the_libraries_of_its_layer_and_no_other(
    loaded: dict[str, set[str]],
) -> None:
    for function, modules in loaded.items():
        assert packages_of(modules) - NOT_LIBRARIES <= LIBRARIES, function


def test_a_function_loads_nothing_heavy(loaded: dict[str, set[str]]) -> None:
    assert {function: found for function, m in loaded.items() if (found := m & HEAVY)} == {}


def test_only_what_begins_with_a_request_to_the_vendor_loads_the_http_client(
    loaded: dict[str, set[str]],
) -> None:
    assert {function for function, m in loaded.items() if "requests" in m} <= BEGIN_AT_THE_VENDOR


def test_a_step_of_an_import_loads_nothing_of_exports_and_events(
    loaded: dict[str, set[str]],
) -> None:
    definition = (ROOT / "statemachine/import.asl.json").read_text("utf-8")
    steps = {snake_case(name) for name in re.findall(r"\$\{(\w+)FunctionArn\}", definition)}

    assert {"take_turn", "stage_chunks", "report_import"} <= steps <= loaded.keys()
    for step in steps:
        assert not loaded[step] & {"prefdrop.auditing", "prefdrop.exporting"}, step


def test_the_webhook_loads_nothing_of_imports_and_feeds(loaded: dict[str, set[str]]) -> None:
    unwanted = {"prefdrop.exporting", "prefdrop.feeds", "prefdrop.importing", "zoneinfo"}

    assert not loaded["receive_webhook"] & unwanted
