"""Every command that README and the pages show is one that the real command line takes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from prefdrop_cli.main import app
from tests.shown_commands import PAGES, REPOSITORY, fenced, inline, words_of
from tests.workbench import PATIENCE


@cache
def command_line() -> Any:
    """Return the whole tree of commands, which takes a while to build."""
    return typer.main.get_command(app)


def objection(words: list[str], *, whole: bool) -> str:
    """What the command line has against words, or nothing; nothing is run.

    A file that is not there is no objection: the pages name files of their readers. A command in a
    sentence may be named without what it needs, unless it is to be `whole`.
    """
    command: Any = command_line()
    context = command.make_context("prefdrop", [], resilient_parsing=True)
    rest = list(words)
    while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
        name = rest.pop(0)
        if name not in command.commands:
            return f"there is no command {name}"
        command = command.commands[name]
    if hasattr(command, "commands"):
        known = {option for each in command.params for option in each.opts} | {"--help"}
        return "" if set(rest) <= known else f"there is no option {rest}"
    try:
        command.make_context(command.name, rest, parent=context)
    except Exception as error:
        kind, message = type(error).__name__, str(getattr(error, "message", error))
        missing = kind == "MissingParameter" and not whole
        return "" if missing or "does not exist" in message else f"{kind}: {message}"
    return ""


def test_commands_of_each_page_are_taken_with_their_options(subtests: pytest.Subtests) -> None:
    for page in PAGES:
        with subtests.test(page=page.name):
            text = page.read_text(encoding="utf-8")

            wrong = {
                command: why
                for commands, whole in ((fenced(text), True), (inline(text), False))
                for command in commands
                if command.startswith("prefdrop ")
                if (why := objection(words_of(command), whole=whole))
            }

            assert wrong == {}


def texts_of(file: Path) -> Iterator[str]:
    """The texts of a module, joined where they are written in pieces; a value reads as `1`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(getattr(part, "value", "1")) for part in _plain(node))


def _plain(node: ast.JoinedStr) -> Iterator[ast.Constant]:
    for part in node.values:
        yield part if isinstance(part, ast.Constant) else ast.Constant("1")


@pytest.mark.parametrize("folder", ["layers/prefdrop/prefdrop", "cli/prefdrop_cli"])
def test_the_commands_that_messages_name_are_taken(folder: str) -> None:
    wrong = {
        (file.name, command): why
        for file in sorted((REPOSITORY / folder).rglob("*.py"))
        for text in texts_of(file)
        for command in inline(re.sub(r"\{\w+\}", "1", " ".join(text.split())))
        if command.startswith("prefdrop ")
        if (why := objection(words_of(command), whole=False))
    }

    assert wrong == {}


def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it, with their whole names."""
    yield name, command
    for each, below in getattr(command, "commands", {}).items():
        yield from walk(below, f"{name} {each}")


def test_command_and_each_of_its_options_have_a_help_text(subtests: pytest.Subtests) -> None:
    for name, command in walk(command_line(), "prefdrop"):
        with subtests.test(name=name):
            prefix, _, example = (command.epilog or "").partition("Example: ")

            assert command.help
            assert name == "prefdrop" or not prefix
            assert not example or objection(words_of(example), whole=True) == ""
            unexplained = [
                parameter.opts
                for parameter in command.params
                if not getattr(parameter, "help", None) and parameter.name != "help"
            ]
            assert name == "prefdrop sandbox" or unexplained == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_the_command(shell: str) -> None:
    variable = "_PREFDROP_COMPLETE"
    call = "from prefdrop_cli.main import app; app(prog_name='prefdrop')"
    asked = {"COMP_WORDS": "prefdrop im", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "prefdrop im"}
    more = {"_TYPER_COMPLETE_FISH_ACTION": "get-args", variable: f"complete_{shell}"}
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run(
        [sys.executable, "-c", call],
        env=dict(os.environ) | path | asked | more,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert "imports" in done.stdout
