"""Each control that `SECURITY.md` claims is proven by a test that exists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "SECURITY.md").read_text("utf-8")


@pytest.fixture(scope="module")
def tests(root) -> set[str]:
    found: set[str] = set()
    for path in root.glob("tests/**/test_*.py"):
        found.update(re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.M))
    return found


def _threats(page: str) -> Iterator[list[str]]:
    """Threat, control and proof of each row."""
    for line in page.split("\n## Threats\n")[1].split("\n## ")[0].splitlines():
        if line.startswith("| ") and not line.startswith("| threat |"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_each_threat_has_a_control_and_a_proof(page):
    rows = list(_threats(page))

    assert len(rows) > 30
    for threat, control, proof in rows:
        assert control, threat
        assert re.search(r"`test_\w+`", proof), threat


def test_each_proof_is_a_test_that_exists(page, tests):
    assert set(re.findall(r"`(test_\w+)`", page)) - tests == set()


def test_the_policy_for_droppers_lets_nobody_write_feeds_or_read(page):
    (policy,) = re.findall(r"```json\n(.*?)```", page, re.S)
    statements = json.loads(policy)["Statement"]

    actions = {s["Resource"]: s["Action"] for s in statements}

    assert actions == {
        "arn:aws:s3:::BUCKET/inbox/FEED/*": "s3:PutObject",
        "KEY_ARN": ["kms:GenerateDataKey", "kms:Decrypt"],
    }
