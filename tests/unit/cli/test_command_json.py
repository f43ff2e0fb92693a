"""What is documented of `--json` is what the commands are built to print."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer

from prefdrop_cli.main import app, main
from prefdrop_cli.output import ProblemTold
from prefdrop_cli.shapes.commands import COMMANDS
from tests.shapes import held_to
from tools import command_json


def commands(known: Any, path: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    """Every command that does something, with its whole name."""
    below = getattr(known, "commands", None)
    if below is None:
        return [(" ".join(path), known)]
    return [one for name, each in below.items() for one in commands(each, (*path, name))]


ALL = dict(commands(typer.main.get_command(app)))


def test_every_command_takes_json_and_says_what_it_then_prints() -> None:
    passed_through = {"sandbox"}

    taking = {name for name, one in ALL.items() if any("--json" in p.opts for p in one.params)}

    assert taking | passed_through == ALL.keys() == COMMANDS.keys()


def test_a_case_of_a_command_is_one_of_its_options_or_arguments() -> None:
    for name, told in COMMANDS.items():
        parameters = [*(opt for p in ALL[name].params for opt in p.opts), "DATA"]

        assert [c for c in told if c and c not in parameters and not c.startswith("(")] == []


def test_the_page_lists_every_member_as_it_is() -> None:
    page = command_json.PAGE.read_text(encoding="utf-8")

    assert command_json.rewritten(page) == page, "`make json` writes it anew"


@pytest.mark.parametrize("lost", ["`import_id`", "`next_slot_at`", "`came_back`"])
def test_a_member_that_scripts_rely_on_cannot_be_taken_off_the_page(lost: str) -> None:
    page = command_json.PAGE.read_text(encoding="utf-8")
    with_more = page.replace(f"| {lost} |", f"| `another` | text | Of old. |\n| {lost} |", 1)

    with pytest.raises(ValueError, match=r"\.another: a member stays"):
        command_json.rewritten(with_more)


def test_mistake_with_json_option_is_printed_as_json(
    subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, said in [
        (["imports", "show", "--json"], "Missing argument 'ID'"),
        (["imports", "list", "--jason", "--json"], "No such option: --jason"),
        (["imports", "lst", "--json"], "No such command 'lst'"),
        (["imports", "list", "--limit", "many", "--json"], "--limit"),
        (["feeds", "check", "nowhere.toml", "--json"], "nowhere.toml"),
    ]:
        with subtests.test(words=words):
            with pytest.raises(SystemExit) as ended:
                main(words)

            printed = capsys.readouterr()
            error = held_to(ProblemTold, printed.out)["error"]
            assert ended.value.code == 2
            assert said in error["message"]
            assert "Traceback" not in printed.err


def test_a_member_more_or_less_or_of_another_type_is_noticed() -> None:
    problem = {"code": "A", "message": "B", "hint": "C"}

    assert held_to(ProblemTold, json.dumps({"error": problem}))
    for wrong in ({**problem, "more": 1}, {"code": "A", "message": "B"}, {**problem, "hint": 1}):
        with pytest.raises(AssertionError):
            held_to(ProblemTold, json.dumps({"error": wrong}))
