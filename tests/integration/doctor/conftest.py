"""One stack for the checks of a stack, and how to examine it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.doctor.ward import Ward
from tests.workbench import workbench


@pytest.fixture(scope="package")
def _ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with workbench(
        tmp_path_factory.mktemp("stack"), allow_http_loopback=True, handshake="none"
    ) as bench:
        yield Ward(bench)


@pytest.fixture
def ward(_ward: Ward) -> Ward:
    """The stack as it is when nothing is the matter with it."""
    _ward.make_well()
    return _ward
