"""Each `--parameter-overrides` of the pages is put to SAM's parser; here to one like it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shown_commands import PAGES
from tools.shown_overrides import faults, shown
from tools.translation import Template


def _parse(words: tuple[str, ...]) -> dict[str, str]:
    """Read `Name=value`; a value in quotes of its own has its escapes taken out."""
    values = {}
    for name, value in (word.split("=", 1) for word in words):
        inner = value[1:-1].replace('\\"', '"') if value[:1] == '"' else value.partition('"')[0]
        values[name] = inner
    return values


def _faults(command: str, template: Template) -> list[str]:
    return faults(f"```\n{command}\n```\n", template["Parameters"], _parse)


def test_overrides_of_the_pages_reach_their_parameters(template: Template):
    texts = [page.read_text("utf-8") for page in PAGES]

    assert [fault for text in texts for fault in faults(text, template["Parameters"], _parse)] == []
    assert sum(len(list(shown(text))) for text in texts) >= 5


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("""Routes='{"import.stage": "x"}'""", "does not take what SAM reads"),
        ("""Routes={"import.stage":"x"}""", "does not take what SAM reads"),
        (f"""Routes='"{{{" " * 2500}}}"'""", "does not take what SAM reads"),
        ("RetentionDays=1", "does not take what SAM reads"),
        ("RetentionDays=ninety", "does not take what SAM reads"),
        ("Architecture=riscv", "does not take what SAM reads"),
        ("Retention=90", "no such parameter"),
        ("RetentionDays", "SAM refuses it"),
        ("RetentionDays=90 RetentionDays=91", "1 values of 2 words"),
    ],
)
def test_override_that_does_not_arrive_is_a_fault(template: Template, written: str, said: str):
    (fault,) = _faults(
        f"sam deploy --parameter-overrides {written} --no-confirm-changeset", template
    )

    assert said in fault


def test_override_in_quotes_of_its_own_arrives(template: Template):
    written = """Routes='"{\\"import.stage\\": \\"x\\"}"' QuotaLimit=400"""

    assert _faults(f"sam deploy --parameter-overrides {written}", template) == []


def test_options_are_found_in_blocks_and_in_sentences():
    text = "Type `sam deploy --parameter-overrides A=1 B=2 --guided`.\n```\nsam deploy \\\n"
    text += "    --parameter-overrides C='x y'\n```\n"
    expected: list[Any] = [("C=x y",), ("A=1", "B=2")]

    assert list(shown(text)) == expected
