"""One stack for all tests of this folder; each test begins with an empty vendor.

Its functions log at DEBUG, so a secret that any level would write is seen.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workbench import Workbench, workbench


@pytest.fixture(scope="package")
def _stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench(tmp_path_factory.mktemp("stack"), parameters={"LogLevel": "DEBUG"}) as bench:
        yield bench


@pytest.fixture(scope="module")
def _running(_stack: Workbench) -> Workbench:
    _stack.empty_bucket("feeds/", "configuration/")
    return _stack


@pytest.fixture
def bench(_running: Workbench) -> Workbench:
    _running.reset_vendor()
    _running.push_feed()
    return _running
