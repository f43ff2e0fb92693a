"""What strangers name reaches a terminal through one door, which writes out what acts on it."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import prefdrop_cli
from prefdrop.errors import Terminal
from prefdrop_cli import output
from prefdrop_cli.main import main
from prefdrop_cli.progress import LogProgress, Step, TerminalProgress

HOSTILE = "a\x1b[2J\x9b1m\x07\r\nimp-0  Failed\t\u202egpj.\u2066\u2028[bold red]b[/]\U000e0041é✓"
WRITTEN = (
    r"a\u001b[2J\u009b1m\u0007\r\nimp-0  Failed\t\u202egpj.\u2066\u2028[bold red]b[/]\U000e0041é✓"
)
DOORS: dict[str, Callable[[], None]] = {
    "say": lambda: output.say(HOSTILE, HOSTILE),
    "say_formatted": lambda: output.say_formatted({HOSTILE: HOSTILE}),
    "note": lambda: output.note(HOSTILE),
    "table": lambda: output.table([HOSTILE, "n"], [[HOSTILE, 1]]),
    "pairs": lambda: output.pairs({HOSTILE: HOSTILE}),
    "show_error": lambda: output.show_error(Terminal(HOSTILE, hint=HOSTILE), as_json=False),
    "log progress": lambda: _show(LogProgress()),
    "terminal progress": lambda: _show(TerminalProgress()),
}
SOURCES = sorted(Path(prefdrop_cli.__file__).parent.rglob("*.py"))


def _show(progress: LogProgress | TerminalProgress) -> None:
    with progress:
        progress.show(Step("staging", 1, 2, 1, HOSTILE))


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_hostile_text_is_written_out_by_every_printer(
    door: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")

    door()

    out, err = capsys.readouterr()
    lines = (out + err).removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("imp-0") for line in lines)
    assert WRITTEN.split("\\r")[0] in out + err
    assert "[bold red]b[/]" in out + err


def test_question_with_hostile_text_is_written_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"y\n")))

    assert output.ask(f"Remove {HOSTILE}?")

    out, err = capsys.readouterr()
    assert f"Remove {WRITTEN}?" in out + err


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    shown = output.printable(text)

    assert shown.isprintable()
    assert shown == text or not text.isprintable()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_is_exact_and_acts_on_no_terminal(text: str) -> None:
    written = TextIOWrapper(BytesIO(), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", written)
        output.say_json({text: [text]})

    written.seek(0)
    line = written.read().removesuffix("\n")
    assert line.isprintable()
    assert json.loads(line) == {text: [text]}


@pytest.mark.parametrize("at_terminal", [True, False])
def test_file_is_exact_in_a_pipe_and_lines_on_a_terminal(
    *, at_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f"id,first\r\nC-1,{HOSTILE}\r\n".encode() + b"C-2,\xff"
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="utf-8", newline="")
    monkeypatch.setattr(stream, "isatty", lambda: at_terminal, raising=False)
    monkeypatch.setattr(sys, "stdout", stream)

    output.copy_out([body[:20], body[20:]])

    lines = raw.getvalue().decode(errors="replace").split("\n")
    assert (raw.getvalue() == body) is not at_terminal
    assert all(line.isprintable() for line in lines) is at_terminal
    assert lines[0].rstrip("\r") == "id,first"


def test_wrong_word_with_escape_sequence_is_written_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["quota", HOSTILE])

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert all(line.isprintable() for line in err.splitlines())
    assert "prefdrop quota --help" in err


def test_group_without_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["imports"])

    assert ended.value.code == 2
    assert "approve" in capsys.readouterr().out


def test_no_other_module_writes_to_the_terminal() -> None:
    found = {
        f"{path.name}: {said}"
        for path in SOURCES
        if path.name != "output.py"
        for said in _writes(ast.parse(path.read_text(encoding="utf-8")))
    }

    # The bars are drawn by rich; what they show goes through `printable`.
    assert found == {"progress.py: Console"}


def _writes(tree: ast.Module) -> Iterator[str]:
    """Names by which a module would write to the terminal itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            of = getattr(node.func, "value", None)
            owner = getattr(of, "id", getattr(of, "attr", ""))
            asks = owner in ("typer", "click") and name in ("echo", "secho", "confirm", "prompt")
            writes = owner in ("stdout", "stderr", "buffer") and name.startswith("write")
            if asks or writes or name in ("print", "print_exc", "Console"):
                yield name
