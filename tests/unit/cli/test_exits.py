"""Exit codes are what scripts go by."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from prefdrop.errors import PrefdropError
from prefdrop.exporting.definition import ExportError
from prefdrop.exporting.pinned import ExportMissing
from prefdrop.feeds import FeedError, SourceError
from prefdrop.importing.operate import NotHeld, NothingToRetry
from prefdrop.ledger.audit import UnknownEvent
from prefdrop.ledger.exports import UnknownRun
from prefdrop.ledger.imports import UnknownImport
from prefdrop_cli import main
from prefdrop_cli.exits import WrongUse, exit_for
from prefdrop_cli.functions import FunctionFailed
from prefdrop_cli.shapes.commands import COMMANDS

RUNBOOK = Path(__file__).parents[3] / "docs/operations.md"


def test_import_with_each_status_has_its_exit_code(subtests: pytest.Subtests) -> None:
    for status, code in [
        ("Completed", 0),
        ("Duplicate", 0),
        ("CompletedWithRejects", 3),
        ("Held", 4),
        ("Aborted", 4),
        ("Failed", 5),
        ("Unreconciled", 5),
    ]:
        with subtests.test(status=status):
            assert exit_for(status) == code


def test_error_that_the_user_has_to_correct_is_wrong_use(
    subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in [
        ExportError,
        ExportMissing,
        FeedError,
        NotHeld,
        NothingToRetry,
        SourceError,
        UnknownEvent,
        UnknownImport,
        UnknownRun,
        WrongUse,
    ]:
        with subtests.test(kind=kind):
            assert ended_by(kind, monkeypatch) == 2


def test_what_the_user_cannot_correct_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended_by(FunctionFailed, monkeypatch) == 5


def ended_by(kind: type[PrefdropError], monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of a command that raises such an error."""
    error = kind.__new__(kind)
    error.message, error.hint = "What happened.", ""

    def fail(words: list[str], **_: object) -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as ended:
        main.main(["imports", "list"])
    return ended.value.code


def test_the_runbook_says_of_every_command_how_it_can_end() -> None:
    section = RUNBOOK.read_text(encoding="utf-8").split("\n## Exit codes\n")[1].split("\n## ")[0]
    table = section.split("\nBy command")[1]

    listed = [
        name
        for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    ]

    cases = {f"{name} {case}".strip() for name, told in COMMANDS.items() for case in told}
    watched = {case for case in cases if case.endswith("--watch")}
    assert sorted(listed) == sorted(COMMANDS.keys() | watched)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_output_that_finds_no_room_is_told_without_a_traceback() -> None:
    command = [sys.executable, "-c", "from prefdrop_cli.main import main; main(['--version'])"]

    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert ended.returncode == 5
    assert ended.stderr.startswith("Error: The output cannot be written: No space left on device.")
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
