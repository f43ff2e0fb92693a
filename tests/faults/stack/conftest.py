"""Each test has a stack of its own: what it kills, stops and leaves behind is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stack.breakable import Breakable, breakable


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Breakable]:
    with breakable(tmp_path) as running:
        yield running
