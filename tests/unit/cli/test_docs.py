"""The documentation keeps up with the code, and its links lead somewhere."""

from __future__ import annotations

import pkgutil
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import prefdrop
from prefdrop.errors import Terminal
from prefdrop.feeds import load_feed
from prefdrop_cli import exits
from prefdrop_cli.main import app

REPOSITORY = Path(__file__).parents[3]
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *REPOSITORY.glob("docs/**/*.md")]
FAMILIES = {"Terminal", "Refused"}
"""Names of groups of errors: only what is raised needs a remedy."""
ANSWERED_AT_ONCE = {
    "NotACorrection",
    "NotHeld",
    "NothingToRetry",
    "SnapshotUnreadable",
    "TooLate",
    "TooManyMatches",
    "UnknownImport",
    "UnknownRun",
}
"""What the command answers when it is asked for something impossible; no import ends with it."""


def kinds_below(kind: type[Exception]) -> Iterator[type[Exception]]:
    """`kind` and every class that descends from it."""
    yield kind
    for below in kind.__subclasses__():
        yield from kinds_below(below)


def test_the_runbook_has_a_remedy_for_every_error_that_can_end_an_import() -> None:
    runbook = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")
    for module in pkgutil.walk_packages(prefdrop.__path__, "prefdrop."):
        import_module(module.name)

    ours = {k.__name__ for k in kinds_below(Terminal) if k.__module__.startswith("prefdrop.")}

    named = {name for name in ours if re.search(rf"\b{name}\b", runbook)}
    assert ours - named == FAMILIES | ANSWERED_AT_ONCE


def test_the_runbook_lists_every_exit_code() -> None:
    runbook = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")

    for code in exits.Exit:
        assert f"| {int(code)} |" in runbook


def test_the_runbook_has_every_alarm_of_the_template() -> None:
    runbook = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")
    template = (REPOSITORY / "template.yaml").read_text(encoding="utf-8")

    alarms = re.findall(r"^  (\w+):\n    Type: AWS::CloudWatch::Alarm", template, re.MULTILINE)

    assert alarms
    assert [alarm for alarm in alarms if f"| {alarm} |" not in runbook] == []


def test_every_command_that_the_pages_show_exists() -> None:
    commands = {
        " ".join(path)
        for page in PAGES
        for path in re.findall(
            r"prefdrop (local|imports|feeds|events|exports|subscriptions|configuration) ([a-z]+)",
            page.read_text(encoding="utf-8"),
        )
    }

    known = {
        f"{group.name} {command.name or command.callback.__name__}"
        for group in app.registered_groups
        for command in group.typer_instance.registered_commands
        if command.callback
    }
    assert commands - known == set()


def test_the_feed_in_the_readme_is_a_feed() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```toml\n(.*?)^ *```", readme, re.MULTILINE | re.DOTALL)

    feeds = [load_feed(textwrap.dedent(block).encode(), file="readme.toml") for block in blocks]

    assert [feed.import_.match_alternate_id for feed in feeds] == ["CrmContactId"]


def test_link_between_pages_leads_to_a_file_that_is_there(subtests: pytest.Subtests) -> None:
    for page in PAGES:
        with subtests.test(page=str(page.relative_to(REPOSITORY))):
            text = page.read_text(encoding="utf-8")
            links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)

            missing = [link for link in links if not (page.parent / link).exists()]

            assert missing == []
