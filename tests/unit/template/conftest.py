"""The template as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.template.emitted_metrics import Emitted, emitted
from tools.translation import Template, load, translate

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def template(root: Path) -> Template:
    return load(root / "template.yaml")


@pytest.fixture(scope="session")
def translated(root: Path) -> Template:
    """What CloudFormation gets to see; a test must not change it."""
    return translate(root / "template.yaml")


@pytest.fixture(scope="session")
def own() -> Emitted:
    """Our own metrics as they are really written."""
    return emitted()
