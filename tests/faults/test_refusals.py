"""What the vendor refuses whole is cut again, waited for, or said to be a wrong request."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.faults.oracle import assert_exactly_once, assert_nothing_executed, rejected_rows
from tests.faults.simulation import Simulation
from tests.tiers import second_tier, spread
from tests.workbench import FEED, people

FILE = people(60).encode()


@pytest.fixture
def simulation(simulate: Callable[..., Simulation]) -> Simulation:
    return simulate(PREFDROP_CHUNK_BYTES=8_000)


def poison(address: str) -> dict[str, object]:
    return {"route": "import.stage", "kind": "status", "status": 400, "body_contains": address}


@pytest.mark.parametrize("person", spread([1, 2, 31, 32, 60], 3, "every place in a chunk"))
def test_a_record_that_no_request_may_hold_is_found_and_rejected_alone(
    simulation: Simulation, person: int
) -> None:
    simulation.fault(poison(f'"p{person}@'))

    execution = simulation.drop(FILE).run()

    report = assert_exactly_once(simulation, execution, FILE, FEED, kept_out=(person - 1,))
    assert rejected_rows(simulation, report) == [person]
    (kind,) = report["rejects"]["kinds"]
    assert (kind["stage"], kind["code"]) == ("local", "RefusedByVendor")


def test_several_such_records_are_each_found(simulation: Simulation) -> None:
    people_to_refuse = (1, 2, 3, 45)
    simulation.fault(*(poison(f'"p{person}@') for person in people_to_refuse))

    execution = simulation.drop(FILE).run()

    kept_out = tuple(person - 1 for person in people_to_refuse)
    assert_exactly_once(simulation, execution, FILE, FEED, kept_out=kept_out)


def test_a_wrong_request_is_not_blamed_on_anybodys_rows(simulation: Simulation) -> None:
    simulation.fault({"route": "import.stage", "kind": "status", "status": 400})

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert execution.status == "FAILED"
    assert report["error"]["code"] == "StageRefused"
    assert "O-3" in report["error"]["hint"]
    assert report["rejected_local"] == 0
    assert_nothing_executed(simulation)


def test_a_wrong_route_is_not_blamed_on_anybodys_rows(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(
        PREFDROP_ROUTES='{"import.stage": "Async/{clientId}/Import/{accessToken}/Stagger"}'
    )

    execution = simulation.drop(FILE).run()

    report = simulation.report(execution)
    assert report["error"]["code"] == "NotFound"
    assert report["rejected_local"] == 0
    assert_nothing_executed(simulation)


@second_tier("a whole import by them; test_routes_object.py has each function read them")
def test_routes_of_an_object_are_used_and_a_wrong_one_is_named(
    simulate: Callable[..., Simulation],
) -> None:
    key = "configuration/routes-1.json"
    simulation = simulate(PREFDROP_ROUTES=key)
    simulation.s3.put_object(Bucket="bucket", Key=key, Body=b'["import.stage"]')

    failed = simulation.drop(FILE).run()

    error = simulation.report(failed)["error"]
    assert error["code"] == "Misconfigured"
    assert f"object {key} of the bucket" in error["message"]
    assert_nothing_executed(simulation)

    path = "Async/{clientId}/Import/{accessToken}/Stage"
    routes = json.dumps({"import.stage": path}).encode()
    simulation.s3.put_object(Bucket="bucket", Key=key, Body=routes)
    execution = simulation.drop(FILE, name="second.csv").run()

    assert_exactly_once(simulation, execution, FILE, FEED)


def test_more_refused_records_than_the_setting_allows_stop_the_import(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_MAX_POISON_RECORDS=2)
    simulation.fault(*(poison(f'"p{person}@') for person in (10, 20, 30)))

    execution = simulation.drop(FILE).run()

    assert simulation.report(execution)["error"]["code"] == "StageRefused"
    assert_nothing_executed(simulation)


def test_a_request_that_is_too_large_is_cut_into_smaller_ones(
    simulate: Callable[..., Simulation],
) -> None:
    file = people(400).encode()
    simulation = simulate(PREFDROP_CHUNK_BYTES=60_000)
    simulation.fault({"route": "import.stage", "kind": "status", "status": 413, "nth": [1, 2]})

    execution = simulation.drop(file).run()

    report = assert_exactly_once(simulation, execution, file, FEED)
    stages = [r for r in simulation.vendor("books")["requests"] if r["route"] == "import.stage"]
    assert all(one["bytes"] <= 15_000 for one in stages[2:])
    assert report["chunks"] == len(stages) - 2


def test_a_vendor_that_finds_everything_too_large_is_not_asked_for_ever(
    simulation: Simulation,
) -> None:
    simulation.fault({"route": "import.stage", "kind": "status", "status": 413})

    execution = simulation.drop(FILE).run()

    assert simulation.report(execution)["error"]["code"] == "StageRefused"
    assert_nothing_executed(simulation)


@pytest.mark.parametrize("retry_after", [30, None], ids=["with Retry-After", "without"])
def test_a_stage_request_over_the_vendors_limit_waits_and_goes_on(
    simulation: Simulation, retry_after: int | None
) -> None:
    rule = {"route": "import.stage", "kind": "status", "status": 429, "nth": 2}
    simulation.fault(rule | ({"retry_after": retry_after} if retry_after else {}))

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
    assert "WaitForVendor" in execution.visited


@pytest.mark.parametrize("retry_after", [30, None], ids=["with Retry-After", "without"])
def test_an_initiate_over_the_vendors_limit_waits_without_polling(
    simulation: Simulation, retry_after: int | None
) -> None:
    rule = {"route": "import.initiate", "kind": "status", "status": 429, "nth": 1}
    simulation.fault(rule | ({"retry_after": retry_after} if retry_after else {}))

    execution = simulation.drop(FILE).run()

    assert_exactly_once(simulation, execution, FILE, FEED)
    assert execution.visited.count("WaitForQuota") == 1


def test_our_own_count_waits_for_a_slot_before_the_vendor_has_to_refuse(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_QUOTA_LIMIT=2)

    executions = [simulation.drop(FILE, name=f"{n}.csv").run() for n in range(3)]

    assert [e.status for e in executions] == ["SUCCEEDED"] * 3
    waited = [e.visited.count("WaitForQuota") for e in executions]
    assert waited[:2] == [0, 0]
    assert 0 < waited[2] <= 24 * 4 + 1, "it looks four times an hour whether it was cancelled"


def test_a_limit_that_counts_requests_and_runs_out_in_mid_file_is_waited_for(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(
        PREFDROP_CHUNK_BYTES=4_000, PREFDROP_QUOTA_UNIT="request", PREFDROP_QUOTA_LIMIT=5
    )

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
    assert "WaitForQuota" in execution.visited


def test_a_record_that_no_request_can_hold_for_its_size_is_a_local_reject(
    simulate: Callable[..., Simulation],
) -> None:
    campaign = (
        "[columns.campaign]\n"
        'to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS_WEEKLY]'
        '.PreferenceAttributes[Key=campaign].Value"\n[gates]'
    )
    feed = FEED.replace("[gates]", campaign)
    simulation = simulate(PREFDROP_CHUNK_BYTES=1_000)
    simulation.push_feed(feed)
    rows = [f"C-{n},Ana,p{n}@example.test,Y,{'x' * (2_000 if n == 5 else 5)}" for n in range(1, 9)]
    file = "\n".join(["id,first,email,news,campaign", *rows, ""]).encode()

    execution = simulation.drop(file).run()

    report = simulation.report(execution)
    assert (report["processed"], report["rejected_local"], report["reconciled"]) == (7, 1, True)
    assert rejected_rows(simulation, report) == [5]
    assert report["rejects"]["kinds"][0]["code"] == "RecordTooLarge"
