"""The sandbox as a process: starting, stopping, keeping data, and what it may import."""

from __future__ import annotations

import ast
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import prefdrop_local.sandbox
from prefdrop_local.sandbox.process import SandboxFailedError, start_sandbox
from tests.integration.sandbox.caller import Vendor
from tests.workbench import PATIENCE

PACKAGE = Path(prefdrop_local.sandbox.__file__).parent


def test_no_module_of_the_sandbox_imports_the_library() -> None:
    imported = {
        (file.name, name.partition(".")[0])
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in _imported_names(node)
    }

    assert len({file for file, _ in imported}) > 20
    assert {
        (file, name) for file, name in imported if name in ("prefdrop", "prefdrop_cli")
    } == set()


def test_a_running_sandbox_has_not_loaded_the_library() -> None:
    code = (
        "import sys, prefdrop_local.sandbox.cli;"
        "print([name for name in sys.modules if name.split('.')[0] == 'prefdrop'])"
    )

    answer = _python("-c", code)

    assert answer.stdout.strip() == "[]", answer.stderr


def test_starting_it_imports_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; known = set(sys.modules); import prefdrop_local.sandbox.process;"
        "new = {name.split('.')[0] for name in set(sys.modules) - known};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )

    answer = _python("-c", code)

    assert answer.stdout.strip() == "['prefdrop_local']", answer.stderr


def test_data_in_a_file_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    record = {"AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "C-1"}]}
    with start_sandbox(database=file, queued_seconds=3600) as process:
        first = Vendor(process)
        token = first.initiate()
        first.stage(token, record)
        first.execute(token)

    with start_sandbox(database=file, queued_seconds=0) as process:
        second = Vendor(process)
        assert second.status(token)["Status"] == "Completed"
        assert len(second.profiles()) == 1
        assert len(second.books()["requests"]) == 4


def test_what_a_killed_sandbox_had_answered_for_is_still_there(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    record = {"AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "C-1"}]}
    with start_sandbox(database=file) as process:
        token = Vendor(process).initiate()
        Vendor(process).stage(token, record)
        os.kill(process.pid, signal.SIGKILL)

    with start_sandbox(database=file) as process:
        assert Vendor(process).status(token)["TotalRecordsReceived"] == 1


def test_stopping_ends_it_cleanly() -> None:
    process = start_sandbox()

    assert process.stop() == 0
    assert process.stop() == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(process.admin_url + "health", timeout=PATIENCE)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process by its descriptor")
def test_it_ends_when_its_parent_dies() -> None:
    code = (
        "from prefdrop_local.sandbox.process import start_sandbox;"
        "import time; process = start_sandbox(); print(process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=_environment()
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    watched = os.pidfd_open(child)

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    assert select.select([watched], [], [], PATIENCE)[0], "the sandbox outlived its parent"
    os.close(watched)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"queued_seconds": "soon"}, "queued_seconds"),
        ({"daily_unit": "minute"}, "daily_unit"),
        ({"account": "/no/such/file.toml"}, "/no/such/file.toml"),
    ],
)
def test_a_wrong_option_ends_the_start_with_a_reason(
    capfd: pytest.CaptureFixture[str], options: dict[str, str], text: str
) -> None:
    with pytest.raises(SandboxFailedError):
        start_sandbox(**options)

    printed = capfd.readouterr().err
    assert text in printed
    assert "Traceback" not in printed


def test_a_taken_port_ends_the_start_with_a_reason(capfd: pytest.CaptureFixture[str]) -> None:
    with start_sandbox() as process:
        port = process.url.split(":")[2].split("/")[0]
        with pytest.raises(SandboxFailedError):
            start_sandbox(port=port)

    assert "in use" in capfd.readouterr().err


def test_help_names_every_setting() -> None:
    answer = _python("-m", "prefdrop_local.sandbox", "--help")

    assert answer.returncode == 0
    assert "--records-per-second" in answer.stdout
    assert "--token-hours" in answer.stdout


def _imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE,
        env=_environment(),
    )  # fmt: skip
