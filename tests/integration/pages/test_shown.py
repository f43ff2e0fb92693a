"""No page shows a command that nothing runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from prefdrop_cli.main import app
from tests.integration.pages.elsewhere import ELSEWHERE, NOT_ON_MOTO
from tests.shown_commands import REPOSITORY, Shown, aws_commands, path_of, shown, words_of
from tests.workbench import PATIENCE

TYPING = Path(__file__).with_name("test_pages.py")
SHOWN = list(shown())


def typed() -> set[str]:
    """The commands that `test_pages.py` types, as they stand there."""
    texts = {
        node.value
        for node in ast.walk(ast.parse(TYPING.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    commands = {text.split(";")[0] for text in texts if text.startswith("prefdrop ")}
    return commands | {text.removesuffix(" --json") for text in commands}


TYPED = typed()
NAMED = {path_of(text) for text in (*TYPED, *(one.begins for one in ELSEWHERE))}


def is_a_name(one: Shown) -> bool:
    """Whether a sentence names a command, without all that it takes to call it."""
    return not one.whole and one.text == f"prefdrop {path_of(one.text)}".strip()


def is_run(one: Shown) -> bool:
    """Whether something runs it: by its text, or by its name where it is only named."""
    if one.text.startswith(("make ", "python ")):
        return True  # below
    if one.text in TYPED or any(one.text.startswith(each.begins) for each in ELSEWHERE):
        return True
    return is_a_name(one) and path_of(one.text) in NAMED


def test_every_command_that_a_page_shows_is_run() -> None:
    assert len(SHOWN) > 150

    assert sorted({(one.page, one.text) for one in SHOWN if not is_run(one)}) == []


def test_what_is_said_to_be_run_elsewhere_is_shown_and_is_run_there() -> None:
    for begins, why, test in ELSEWHERE:
        file, _, function = test.partition("::")

        assert why
        assert any(one.text.startswith(begins) for one in SHOWN), f"no page shows {begins}"
        assert (REPOSITORY / file).exists()
        if function:
            assert f"\ndef {function}(" in (REPOSITORY / file).read_text("utf-8")


def test_what_moto_cannot_do_is_shown() -> None:
    commands = aws_commands()

    assert [one for one in NOT_ON_MOTO if not any(c.startswith(one) for c in commands)] == []


def test_every_command_is_typed_with_json_somewhere() -> None:
    served = {"local run", "local up"}  # tests/integration/test_local_run.py
    text = TYPING.read_text(encoding="utf-8")

    asked = {path_of(c) for c in re.findall(r'(?:ask|both)\(\s*f?"(prefdrop [^"]+)"', text)}
    by_shape = {path_of(c) for c in TYPED if c.startswith(("prefdrop console", "prefdrop sandbox"))}
    whole = {"local export"} if "{command} --json" in text else set()

    assert asked | by_shape | whole | served == set(_commands(typer.main.get_command(app)))


def _commands(known: Any, path: tuple[str, ...] = ()) -> list[str]:
    below = getattr(known, "commands", None)
    if below is None:
        return [" ".join(path)]
    return [one for name, each in below.items() for one in _commands(each, (*path, name))]


# --- make and python ------------------------------------------------------------------------------

MAKE = sorted({one.text for one in SHOWN if one.text.startswith("make ")})
PYTHON = sorted({one.text for one in SHOWN if one.text.startswith("python ")})


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_what_to_do(command: str) -> None:
    target, *more = words_of(command)
    tests = [one.removeprefix("TESTS=") for one in more if one.startswith("TESTS=")]
    paths = [path for one in tests for path in one.split()]

    done = subprocess.run(
        ["make", "--dry-run", target, *more],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_make_help_lists_every_target_that_a_page_shows() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    listed = set(re.findall(r"^  make ([\w-]+)", done.stdout, re.MULTILINE))
    assert {words_of(command)[0] for command in MAKE} <= listed | {"help"}


@pytest.mark.parametrize("command", PYTHON)
def test_a_measurement_is_there_and_says_how_it_is_called(command: str) -> None:
    # Measuring takes minutes: that one starts is told by its help, where it takes options.
    file = file_of(words_of(command))
    if "argparse" not in file.read_text("utf-8"):
        return

    done = subprocess.run(
        [sys.executable, *words_of(command), "--help"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def file_of(words: list[str]) -> Path:
    """The file that `python` is told to run."""
    if words[0] != "-m":
        return REPOSITORY / words[0]
    place = REPOSITORY / words[1].replace(".", "/")
    return place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
