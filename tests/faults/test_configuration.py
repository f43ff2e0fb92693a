"""An import holds its rows to one snapshot of the configuration, whatever dies and comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from prefdrop.configuring import snapshot as snapshots
from prefdrop.configuring.snapshot import Snapshot
from prefdrop.configuring.store import KEY
from prefdrop.feeds.account import PATTERN_NOT_UNDERSTOOD
from tests.faults.interpreter import Json
from tests.faults.oracle import books
from tests.faults.simulation import Simulation
from tests.tiers import spread
from tests.workbench import FEED, more_people, people

WRONG = "".join(f"W-{n},Bo,w{n}@localhost.test,Y\n" for n in range(5))
FILE = (people(30) + WRONG + more_people(20, first=50)).encode()
SMALL_CHUNKS = {"PREFDROP_CHUNK_BYTES": 4_000}
POINTS = [(point, "after" if point % 2 else "before") for point in (4, 11, 17, 24)]


def put_snapshot(simulation: Simulation, **parts: Any) -> str:
    """Make these parts the newest snapshot; returns its version."""
    snapshot = Snapshot(
        client_id=simulation.sandbox.credentials["client_id"],
        taken_at=datetime.now(UTC),
        parts={name: (item,) for name, item in parts.items()},
    )
    body = msgspec.json.encode(snapshot)
    version: str = simulation.s3.put_object(Bucket="bucket", Key=KEY, Body=body)["VersionId"]
    return version


def strict(simulation: Simulation) -> str:
    """A snapshot by which the rows of WRONG are refused."""
    home = {"TypeName": "Home", "RegularExpression": r"@(?!localhost\.)"}
    return put_snapshot(simulation, email_types=home, filters={"FilterId": "NEWS_WEEKLY"})


def after_registering(simulation: Simulation, act: Callable[[], object]) -> None:
    """Do something each time an import has been registered."""
    call = simulation.call

    def calling(function: str, payload: Json) -> Any:
        result = call(function, payload)
        if function == "RegisterImport":
            act()
        return result

    simulation.call = calling  # type: ignore[method-assign]


@pytest.mark.parametrize(("point", "when"), spread(POINTS, 2, "every point of death"))
def test_chunks_are_built_again_alike_though_a_worker_dies_and_a_new_snapshot_comes(
    simulate: Callable[..., Simulation], point: int, when: str
) -> None:
    simulation = simulate(**SMALL_CHUNKS)
    version = strict(simulation)
    after_registering(
        simulation, lambda: put_snapshot(simulation, filters={"FilterId": "SOMETHING_ELSE"})
    )
    simulation.death.plan((point, when))

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert execution.status == "SUCCEEDED", execution.error
    assert report["configuration"]["version_id"] == version
    assert (report["rejected_local"], report["processed"]) == (5, 50)
    assert len(books(simulation).executed) == 50
    assert books(simulation).given_up == []


@pytest.mark.parametrize(
    ("fault", "deaths"),
    spread(
        [
            pytest.param("reset_after", {}, id="landed"),
            pytest.param("reset_before", {}, id="did not land"),
            pytest.param("", {1: (7, "after")}, id="a worker died"),
            pytest.param("reset_before", {2: (2, "after")}, id="died after the snapshot"),
        ],
        2,
        "each cause",
    ),
)
def test_all_of_a_part_is_held_to_the_same_where_a_new_release_cannot_read_the_snapshot(
    simulate: Callable[..., Simulation],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    deaths: dict[int, tuple[int, str]],
) -> None:
    simulation = simulate(**SMALL_CHUNKS)
    version = strict(simulation)
    if fault:
        simulation.fault({"route": "import.stage", "kind": fault, "nth": [2]})
    call, calls = simulation.call, iter(range(1, 100))

    def calling(function: str, payload: Json) -> Any:
        if function != "StageChunks":
            return call(function, payload)
        if point := deaths.get(number := next(calls)):
            simulation.death.plan(point)
        if number == 2:
            monkeypatch.setattr(snapshots, "FORMAT_VERSION", 2)
        return call(function, payload)

    simulation.call = calling  # type: ignore[method-assign]

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert execution.status == "SUCCEEDED", execution.error
    assert simulation.death.struck == len(deaths)
    assert report["reconciled"] is True
    told = report["configuration"]
    assert (told["version_id"], told["stale"]) == (version, True)
    assert told["not_understood"] == ["snapshot"]
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 5)
    assert report["processed"] == 50
    assert len(books(simulation).executed) == 55
    assert books(simulation).given_up


def test_a_snapshot_that_was_lost_before_the_first_chunk_tears_nothing(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict(simulation)
    after_registering(simulation, lambda: monkeypatch.setattr(snapshots, "FORMAT_VERSION", 2))

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert execution.status == "SUCCEEDED", execution.error
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 5)
    assert report["configuration"]["not_understood"] == ["snapshot"]
    assert books(simulation).given_up == []


def test_an_import_of_a_release_that_pinned_no_snapshot_is_held_to_none_by_a_retry(
    simulation: Simulation,
) -> None:
    simulation.push_feed(FEED)
    simulation.fault({"route": "import.execute", "kind": "status", "status": 403})
    failed = simulation.drop(FILE).run()
    services, import_id = simulation.services(), simulation.import_id(failed)
    services.imports.update(services.imports.get(import_id), configuration=None)
    strict(simulation)
    simulation.fault()

    retried = simulation.retry(failed).run()

    assert retried.status == "SUCCEEDED", retried.error
    assert services.imports.get(import_id).configuration is None
    report = simulation.report(retried)
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 5)
    assert report["configuration"]["version_id"] is None


def test_a_pattern_that_is_not_understood_is_in_the_log_and_in_the_report(
    simulation: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    put_snapshot(simulation, email_types={"TypeName": "Home", "RegularExpression": "/.+@.+/i"})

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert report["configuration"]["not_understood"] == ["email_pattern"]
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 5)
    assert caplog.messages.count(PATTERN_NOT_UNDERSTOOD) == 1


def test_a_retry_sees_the_configuration_that_was_pulled_since(simulation: Simulation) -> None:
    put_snapshot(simulation, alternate_id_types={"TypeName": "LoyaltyId"})
    failed = simulation.drop(people(3).encode()).run()
    put_snapshot(simulation, alternate_id_types={"TypeName": "CrmContactId"})

    retried = simulation.retry(failed).run()

    assert (failed.status, retried.status) == ("FAILED", "SUCCEEDED")
    assert simulation.report(retried)["processed"] == 3


def test_a_retry_of_an_import_that_staged_keeps_its_snapshot(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_MAX_TORN_PARTS=0)
    simulation.push_feed(FEED)
    version = strict(simulation)
    simulation.fault({"route": "import.execute", "kind": "status", "status": 403})
    failed = simulation.drop(FILE).run()
    put_snapshot(simulation, filters={"FilterId": "SOMETHING_ELSE"})
    simulation.fault()

    retried = simulation.retry(failed).run()

    assert (failed.status, retried.status) == ("FAILED", "SUCCEEDED")
    report = simulation.report(retried)
    assert report["configuration"]["version_id"] == version
    assert (report["rejected_local"], report["processed"]) == (5, 50)
