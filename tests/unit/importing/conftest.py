"""An import of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.emulated_aws import emulated_aws
from tests.unit.importing.one_import import OneImport


@pytest.fixture
def make_import(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OneImport]]:
    """Makes an import under other settings."""
    with emulated_aws():
        yield lambda **settings: OneImport(monkeypatch, **settings)


@pytest.fixture
def one(make_import: Callable[..., OneImport]) -> OneImport:
    return make_import()
