"""One sandbox for all fault tests of a worker process; a ledger of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.emulated_aws import emulated_aws
from tests.faults.simulation import Simulation
from tests.workbench import FEED


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    with start_sandbox(queued_seconds=0, records_per_second=0, daily_limit=1_000_000) as running:
        yield running


@pytest.fixture
def aws() -> Iterator[None]:
    """An empty AWS inside this process."""
    with emulated_aws():
        yield


@pytest.fixture
def simulate(
    aws: None, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Simulation]:
    """Makes a simulation with other settings."""

    def make(**settings: Any) -> Simulation:
        made = Simulation(sandbox, monkeypatch, **{k: str(v) for k, v in settings.items()})
        made.vendor("reset", "POST")
        made.push_feed(FEED)
        return made

    return make


@pytest.fixture
def simulation(simulate: Callable[..., Simulation]) -> Simulation:
    return simulate()
