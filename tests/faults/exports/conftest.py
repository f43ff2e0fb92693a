"""One sandbox for all export faults of a worker process; a ledger of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.faults.exports.simulation import ExportSimulation


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    options: dict[str, Any] = {"queued_seconds": 0, "records_per_second": 0, "export_seconds": 3}
    with start_sandbox(daily_limit=1_000_000, **options) as running:
        yield running


@pytest.fixture
def simulate(
    aws: None, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ExportSimulation]:
    """Makes a simulation with other settings."""

    def make(**settings: Any) -> ExportSimulation:
        made = ExportSimulation(sandbox, monkeypatch, **{k: str(v) for k, v in settings.items()})
        made.vendor("reset", "POST")
        return made

    return make


@pytest.fixture
def simulation(simulate: Callable[..., ExportSimulation]) -> ExportSimulation:
    return simulate()
