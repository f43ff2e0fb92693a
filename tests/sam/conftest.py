"""The built functions in containers, against moto and the sandbox on this machine.

To build takes the SAM CLI and python3.13, to run takes a container engine besides. A test whose
machine lacks one is skipped with the reason; with `PREFDROP_SAM_REQUIRED` set, that is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workbench import Workbench, workbench
from tools.sam_local.engine import Engine, why_not, why_not_build
from tools.sam_local.localising import localised
from tools.sam_local.relays import HOST_NAME
from tools.sam_local.running import PATIENCE, SamLocal


def skip_for(reason: str) -> None:
    """Skip what this machine cannot do, or fail where it must."""
    if reason and os.environ.get("PREFDROP_SAM_REQUIRED"):
        pytest.fail(f"PREFDROP_SAM_REQUIRED is set, but {reason}")
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as `sam build` leaves it, with its artefacts beside it."""
    skip_for(why_not_build())
    return Engine().build(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def engine() -> Engine:
    skip_for(why_not())
    return Engine()


@pytest.fixture(scope="session")
def bench(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The local stack that stands in for AWS, with its sandbox."""
    with workbench(tmp_path_factory.mktemp("stack"), allow_hosts=(HOST_NAME,)) as running:
        # The first call of each step starts a container.
        running.patience = 3 * PATIENCE
        running.push_feed()
        yield running


@pytest.fixture(scope="session")
def sam(
    engine: Engine, built: Path, bench: Workbench, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SamLocal]:
    """The built functions with the stack's environment, seen from inside a container."""
    folder = tmp_path_factory.mktemp("sam")
    with localised(engine, built, bench.stack, bench.sandbox.url, folder) as running:
        yield running
