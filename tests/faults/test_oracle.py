"""The fault tests can fail: variants of staging that lack a safeguard are caught by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.importing.stager import Stager
from prefdrop.ledger.parts import PartStore
from tests.faults import test_staging as promises
from tests.faults.simulation import Simulation

LANDED = promises.NO_ANSWER["connection reset after it was applied"]


@pytest.fixture
def simulation(simulate: Callable[..., Simulation]) -> Simulation:
    return simulate(**promises.CHUNKS)


@pytest.fixture
def without_write_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written down before a request is sent."""

    def forget(self: PartStore, _id: str, part: Any, _chunk: Any, _turn: Any, lease: int) -> Any:
        return self.change(_id, part, lease_until=part.lease_until + lease)

    monkeypatch.setattr(PartStore, "write_ahead", forget)


@pytest.fixture
def without_comparing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request without an answer is sent again, and no count is looked at."""

    def trust(self: Stager) -> None:
        staging = self._staging
        entry = staging.services.parts.last_chunk(staging.record.import_id, staging.part.number)
        if entry is not None and entry.state == "posting":
            self._doubtful = entry

    monkeypatch.setattr(Stager, "_settle_doubt", trust)
    monkeypatch.setattr(Stager, "_compare", lambda *_: None)


@pytest.mark.usefixtures("without_write_ahead")
def test_staging_without_a_write_ahead_entry_is_caught(simulation: Simulation) -> None:
    with pytest.raises(AssertionError):
        promises.test_a_request_without_a_clear_answer_is_looked_into_before_it_is_sent_again(
            simulation, LANDED, 3
        )


@pytest.mark.usefixtures("without_comparing")
def test_sending_again_without_comparing_counts_is_caught(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute_anyway(services: Any, record: Any, part: Any) -> Any:
        services.vendor.imports.execute(part.token)
        return real(services, record, part)

    from prefdrop.importing import execute_part

    real = execute_part._execute
    monkeypatch.setattr(execute_part, "_execute", execute_anyway)

    with pytest.raises(AssertionError):
        promises.test_a_request_without_a_clear_answer_is_looked_into_before_it_is_sent_again(
            simulation, LANDED, 3
        )


def test_the_same_tests_hold_for_the_staging_that_ships(simulation: Simulation) -> None:
    promises.test_a_request_without_a_clear_answer_is_looked_into_before_it_is_sent_again(
        simulation, LANDED, 3
    )
