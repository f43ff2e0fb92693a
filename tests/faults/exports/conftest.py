"""One sandbox for all export faults of a worker process; a ledger of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.faults.exports.simulation import ExportSimulation


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    options: dict[str, Any] = {"queued_seconds": 0, "records_per_second": 0, "export_seconds": 3}
    with start_sandbox(daily_limit=1_000_000, **options) as running:
        yield running


@pytest.fixture
def simulate(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ExportSimulation]]:
    """Makes a simulation with other settings."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():

        def make(**settings: Any) -> ExportSimulation:
            made = ExportSimulation(
                sandbox, monkeypatch, **{k: str(v) for k, v in settings.items()}
            )
            made.vendor("reset", "POST")
            return made

        yield make


@pytest.fixture
def simulation(simulate: Callable[..., ExportSimulation]) -> ExportSimulation:
    return simulate()
