"""What one import asks of AWS, counted while it runs: `tools.cost` reckons with these figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.importing import stager
from tests.faults.simulation import Simulation
from tools.cost import AGAIN, CHUNK, IMPORT, POLL, REJECT, Requests
from tools.dynamodb_units import item_bytes, read_units, write_units

Item = dict[str, Any]
GONE_BYTES = 1_000
"""Of an item that is no longer there to be measured: a ticket, with its task token."""

AS_LONG_AS_ON_AWS = (
    "arn:aws:states:us-east-1:123456789012:execution:prefdrop-import:"
    "6c1a6f1f-83ff-0d95-4f0b-9c562d1d6f6e_9a10c1d2-e3f4-a5b6-c7d8-e9f0a1b2c3"
)
"""An execution's ARN, which items repeat."""


class Meter:
    """Counts the requests of one import."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._calls: list[tuple[str, Item]] = []
        self._s3: Counter[str] = Counter()
        self._status: dict[str, str] = {}
        simulation.dynamodb.meta.events.register("before-parameter-build", self._dynamodb)
        simulation.s3.meta.events.register("before-call.s3", self._object)

    def _dynamodb(self, params: Item, model: Any, **_: Any) -> None:
        self._calls.append((model.name, params))

    def _object(self, model: Any, **_: Any) -> None:
        self._s3["write" if model.name.startswith(("Put", "List")) else "read"] += 1

    def begin(self) -> None:
        """Forget what was asked for so far."""
        self._calls.clear()
        self._s3.clear()

    def requests(self, lambdas: int, states: int) -> Requests:
        """What has been asked for since."""
        calls = list(self._calls)
        found = self._simulation.dynamodb.scan(TableName="imports")["Items"]
        self._sizes = {(i["pk"]["S"], i["sk"]["S"]): item_bytes(i) for i in found}
        units = [self._units(name, params) for name, params in calls]
        return Requests(
            calls=lambdas,
            transitions=states,
            write_units=sum(writes for writes, _ in units),
            read_units=sum(reads for _, reads in units),
            s3_writes=self._s3["write"],
            s3_reads=self._s3["read"],
        )

    def _units(self, name: str, params: Item) -> tuple[int, int]:
        if name == "TransactWriteItems":
            single = [
                2 * self._written(what) for one in params["TransactItems"] for what in one.values()
            ]
            return sum(single), 0
        if name == "BatchWriteItem":
            puts = [one["PutRequest"] for one in next(iter(params["RequestItems"].values()))]
            return sum(write_units(item_bytes(put["Item"])) for put in puts), 0
        if name in ("PutItem", "UpdateItem", "DeleteItem"):
            return self._written(params), 0
        key = (params["Key"]["pk"]["S"], params["Key"]["sk"]["S"]) if "Key" in params else None
        return 0, read_units(self._sizes.get(key, 0) if key else 0)

    def _written(self, what: Item) -> int:
        """Units of one write, the index of imports by status included."""
        if "Item" in what:
            return write_units(item_bytes(what["Item"])) + self._indexed(what["Item"], what)
        key = what["Key"]
        size = self._sizes.get((key["pk"]["S"], key["sk"]["S"]), GONE_BYTES)
        return write_units(size) + self._indexed(key, what)

    def _indexed(self, key: Item, what: Item) -> int:
        """An import lies in the index too; when its status changes it is taken out and put in."""
        if key["sk"]["S"] != "META":
            return 0
        import_id = key["pk"]["S"]
        units = write_units(self._sizes[(import_id, "META")])
        values = [v.get("S", "") for v in what.get("ExpressionAttributeValues", {}).values()]
        status = next((v for v in values if v.startswith("STATUS#")), "")
        changed = bool(status) and self._status.get(import_id, "") != status
        self._status[import_id] = status or self._status.get(import_id, "")
        return units * 2 if changed else units


@pytest.fixture
def count(simulation: Simulation) -> Callable[..., tuple[Requests, int]]:
    """Imports `rows` rows, `wrong` of them with something that is no e-mail; also its chunks."""
    meter = Meter(simulation)
    called: list[str] = []
    call = simulation.call

    def counted(name: str, payload: Item) -> Any:
        called.append(name)
        return call(name, payload)

    def run(rows: int, wrong: int = 0, **settings: int) -> tuple[Requests, int]:
        simulation.environment |= {name: str(value) for name, value in settings.items()}
        lines = ["id,first,email,news"]
        lines += [f"C-{n},Ann,{'x' if n < wrong else f'p{n}@example.test'},Y" for n in range(rows)]
        execution = simulation.drop("\n".join(lines).encode(), name=f"{len(called)}.csv")
        execution.arn = f"{AS_LONG_AS_ON_AWS}{len(simulation.executions):02d}"
        meter.begin()
        called.clear()
        assert execution.run().status == "SUCCEEDED"
        requests = meter.requests(len(called), len(execution.visited))
        return requests, simulation.report(execution)["chunks"]

    simulation.call = counted  # type: ignore[method-assign]
    return run


def test_an_import_of_one_chunk_asks_for_what_the_cost_is_reckoned_with(count) -> None:
    requests, chunks = count(20)

    assert chunks == 1
    assert requests == IMPORT + CHUNK


def test_each_further_chunk_asks_for_the_same_again(count) -> None:
    one, _ = count(20)
    several, chunks = count(20, PREFDROP_CHUNK_BYTES=1000)

    assert chunks > 5
    assert several == one + CHUNK.times(chunks - 1)


def test_each_reject_is_one_small_item(count) -> None:
    none, _ = count(60)
    some, _ = count(60, wrong=40)

    assert some.write_units - none.write_units == REJECT.write_units * 40
    assert some.transitions == none.transitions


def test_each_further_look_at_the_status_asks_for_the_same_again(count, simulation) -> None:
    once, _ = count(20)
    simulation.vendor("settings", "PATCH", queued_seconds=8)
    try:
        twice, _ = count(20)
    finally:
        simulation.vendor("settings", "PATCH", queued_seconds=0)

    looks = (twice.calls - once.calls) // POLL.calls
    assert looks > 0
    assert twice == once + POLL.times(looks)


def test_each_further_invocation_of_staging_asks_for_the_same_again(
    count, simulation, monkeypatch
) -> None:
    once, _ = count(20)
    call, calls = simulation.call, Counter[str]()

    def without_time_at_first(name: str, payload: Item) -> Any:
        calls[name] += 1
        too_late = name == "StageChunks" and calls[name] == 1
        monkeypatch.setattr(stager, "MARGIN_SECONDS", 1_000 if too_late else 10)
        return call(name, payload)

    simulation.call = without_time_at_first
    twice, _ = count(20)

    assert calls["StageChunks"] == 2
    assert twice == once + AGAIN
