"""Every example of docs/client.md runs as it stands and prints what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from prefdrop.mypreferences import errors

PAGE = Path(__file__).parents[3] / "docs" / "client.md"
TEXT = PAGE.read_text(encoding="utf-8")


class Example(NamedTuple):
    """One block of Python: the heading that it stands under, and its code at its own lines."""

    section: str
    code: str

    @property
    def said(self) -> list[str]:
        """What its comments say that it prints."""
        return re.findall(r"^ *print\(.*\)  # (.+)$", self.code, flags=re.MULTILINE)


def examples() -> Iterator[Example]:
    section = ""
    pattern = r"^## (?P<title>[^\n]+)$|^```python\n(?P<code>.*?)^```$"
    for found in re.finditer(pattern, TEXT, flags=re.MULTILINE | re.DOTALL):
        if found["code"] is None:
            section = found["title"]
        else:
            above = TEXT.count("\n", 0, found.start("code"))
            yield Example(section, "\n" * above + found["code"])


EXAMPLES = list(examples())
FIRST = EXAMPLES[0].section
SECTIONS = list(dict.fromkeys(example.section for example in EXAMPLES))


def test_example_of_each_section_prints_what_it_says(
    subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    try:
        assert_printed(FIRST, names, capsys)
        for section in SECTIONS[1:]:
            with subtests.test(section):
                requests.post(names["sandbox"].admin_url + "reset", timeout=10).raise_for_status()
                assert_printed(section, dict(names), capsys)
    finally:
        names["client"].close()
        names["sandbox"].stop()


def assert_printed(section: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Run the examples of a section, and expect each to print what its comments say."""
    for example in EXAMPLES:
        if example.section == section:
            exec(compile(example.code, str(PAGE), "exec"), names)

            assert capsys.readouterr().out.splitlines() == example.said


def test_the_page_draws_the_errors_as_they_are() -> None:
    drawn = re.search(r"```text\n(.*?)```", TEXT, flags=re.DOTALL)
    tree = re.search(r"^( *)PrefdropError\n.*?\n\n", errors.__doc__ or "", re.DOTALL | re.MULTILINE)

    assert drawn
    assert tree
    lines = tree[0].rstrip().splitlines()
    assert drawn[1].splitlines() == [line.removeprefix(tree[1]) for line in lines]
