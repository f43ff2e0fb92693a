"""The tests of this folder take turns on a stack; what a test kills, stops and leaves is its own.

A stack on which something still runs or waits when a test has ended is not used again.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.local_stack.breakable import Breakable, SharedPlace


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedPlace]:
    shared = SharedPlace(lambda: tmp_path_factory.mktemp("stack"))
    yield shared
    shared.close()


@pytest.fixture
def bench(place: SharedPlace) -> Iterator[Breakable]:
    with place.taken() as running:
        yield running
