"""A stack without a subscription of the vendor's, so that a test is the only sender."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.events.deliveries import Deliveries
from tests.workbench import Workbench, workbench


@pytest.fixture(scope="package")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench(
        tmp_path_factory.mktemp("stack"),
        parameters={"BackfillGraceSeconds": "0", "LogLevel": "DEBUG"},
        allow_http_loopback=True,
    ) as bench:
        yield bench


@pytest.fixture(scope="module")
def bench(_running: Workbench) -> Workbench:
    """The stack with empty tables of events, and a vendor that holds nothing."""
    _running.reset_vendor()
    _running.empty_tables("Audit", "Exceptions")
    return _running


@pytest.fixture
def deliveries(bench: Workbench) -> Deliveries:
    """The stack's webhook with the secret that it was deployed with."""
    return Deliveries(bench)
