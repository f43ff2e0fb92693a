"""The built functions in containers, against moto and the sandbox on this machine.

Everything here needs a container engine. Where there is none, the tests are skipped with the
reason; with `PREFDROP_SAM_REQUIRED` set, that is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workbench import Workbench, workbench
from tools.sam_local.engine import Engine, why_not
from tools.sam_local.localising import localised
from tools.sam_local.running import SamLocal


@pytest.fixture(scope="session")
def engine() -> Engine:
    reason = why_not()
    if reason and os.environ.get("PREFDROP_SAM_REQUIRED"):
        pytest.fail(f"PREFDROP_SAM_REQUIRED is set, but {reason}")
    if reason:
        pytest.skip(reason)
    return Engine()


@pytest.fixture(scope="session")
def built(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as `sam build` leaves it, with its artefacts beside it."""
    return engine.build(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def bench(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The local stack that stands in for AWS, with its sandbox."""
    with workbench(tmp_path_factory.mktemp("stack")) as running:
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
