"""One stack for all accidents; each begins with an empty vendor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.accidents.oncall import OnCall, stack_on_call
from tests.workbench import Workbench


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with stack_on_call(tmp_path_factory.mktemp("stack")) as bench:
        yield bench


@pytest.fixture
def on_call(_running: Workbench, tmp_path: Path) -> OnCall:
    _running.reset_vendor()
    _running.push_feed()
    return OnCall(_running, tmp_path)
