"""The reliability page promises nothing that no test proves."""

from __future__ import annotations

import re

from tests.workbench import ROOT


def test_every_test_that_the_page_names_exists() -> None:
    page = (ROOT / "docs/reliability.md").read_text()
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page))

    sources = [file.read_text() for file in (ROOT / "tests").rglob("test_*.py")]
    written = set(re.findall(r"def (test_[a-z0-9_]+)\(", "\n".join(sources)))
    assert named
    assert named - written == set()
