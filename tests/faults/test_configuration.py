"""An import holds its rows to one snapshot of the configuration, whatever dies and comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from prefdrop.configuring.snapshot import Snapshot
from prefdrop.configuring.store import KEY
from tests.faults.interpreter import Json
from tests.faults.oracle import books
from tests.faults.simulation import Simulation
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
    home = {"TypeName": "Home", "RegularExpression": r"@example\.test$"}
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


@pytest.mark.parametrize(("point", "when"), POINTS)
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
