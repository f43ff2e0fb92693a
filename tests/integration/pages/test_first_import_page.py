"""docs/first-import.md does what it says: its files are written, its commands are typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.pages.desk import Desk
from tests.tiers import second_tier
from tests.workbench import PATIENCE

pytestmark = second_tier("types every command of the page; test_local_run does the same work")

PAGE = Path(__file__).parents[3] / "docs" / "first-import.md"
FILES = {"csv": "members.csv", "toml": "members.toml"}
BEFORE = ("make ", "source ")
"""Commands that make the environment which the tests run in."""
VARYING = re.compile(r"imp-[0-9a-f]{16}|line \d+|\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?\b")
ON_A_STACK = "prefdrop local up"
"""What comes after it on the page is typed while a local stack is up."""


class Typed(NamedTuple):
    """A command of the page, and the lines that are shown below it."""

    command: str
    shown: list[str]


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The page's fenced blocks with their language."""
    for found in re.finditer(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


def typed(block: str) -> Iterator[Typed]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield Typed(command, shown)


@pytest.fixture
def shell(tmp_path: Path) -> Path:
    """A folder to work in, with `prefdrop` beside it as the environment's own."""
    command = tmp_path / "bin" / "prefdrop"
    command.parent.mkdir()
    call = "from prefdrop_cli.main import main; main()"
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{call}' \"$@\"\n")
    command.chmod(0o755)
    folder = tmp_path / "clone"
    folder.mkdir()
    return folder


def type_(command: str, folder: Path, last_code: int, **more: str) -> tuple[int, str]:
    """Type a command; its exit code, and what it prints on both outputs, results first."""
    quiet = {n: v for n, v in os.environ.items() if not n.startswith(("PREFDROP_", "AWS_"))}
    where = {"PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}"}
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        ["bash", "-c", f"(exit {last_code}); {command}"],
        cwd=folder,
        env=quiet | path | where | more,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def assert_shown(shown: list[str], printed: str, command: str) -> None:
    """Every line of the page is printed, in that order; `...` is whatever else is printed."""
    rest = [VARYING.sub("#", line) for line in printed.splitlines()]
    for line in shown:
        if line == "...":
            continue
        wanted = VARYING.sub("#", line)
        begins, whole = wanted.removesuffix("...").rstrip(), not wanted.endswith("...")
        found = [
            n
            for n, one in enumerate(rest)
            if one == wanted or (not whole and one.startswith(begins))
        ]
        assert found, f"`{command}` does not print {line!r}:\n{printed}"
        rest = rest[found[0] + 1 :]


def test_the_commands_of_the_page_print_what_it_shows(shell: Path) -> None:
    first, _ = PAGE.read_text(encoding="utf-8").split(ON_A_STACK)
    code = 0
    for language, block in blocks(first):
        if language in FILES:
            (shell / FILES[language]).write_text(block, encoding="utf-8")
            continue
        for command, shown in typed(block):
            if command.startswith(BEFORE):
                continue
            code, printed = type_(command, shell, code)
            assert_shown(shown, printed, command)


def test_the_commands_for_a_running_stack_work_on_one(shell: Path, desk: Desk) -> None:
    first, last = PAGE.read_text(encoding="utf-8").split(ON_A_STACK)
    for language, block in blocks(first):
        if language in FILES:
            (shell / FILES[language]).write_text(block, encoding="utf-8")

    ends = [
        type_(command, shell, 0, PREFDROP_ENDPOINT=desk.bench.stack.endpoint)
        for _, block in blocks(last)
        for command, _ in typed(block)
    ]

    assert [code for code, _ in ends] == [0, 3, 0]
    assert "CompletedWithRejects" in ends[-1][1]
