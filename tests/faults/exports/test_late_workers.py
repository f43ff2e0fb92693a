"""A worker that was thought dead goes on: its run has still one end, and spoils no other."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from prefdrop.exporting import begin_export, finish_export, retrieve_export
from prefdrop.exporting.attempts import begin_again
from prefdrop.exporting.ending import publish, settle
from prefdrop.exporting.manifest import draft_key
from prefdrop.importing import turn
from prefdrop.ledger.exports import (
    ClaimLost,
    ExportRun,
    ExportState,
    ExportStore,
    Stretch,
    Tally,
)
from prefdrop.ledger.table import LedgerBusy
from prefdrop.mypreferences import ExportPage
from tests.call_watch import calls_of
from tests.faults.exports.simulation import ExportSimulation
from tests.faults.interpreter import Execution, Json, StepError


def payload(execution: Execution) -> Json:
    """What the state machine hands to a step of a run."""
    run = execution.arn.rpartition("-")[2]
    return {"export": "people", "run": run, "execution": execution.arn, "step": {}}


def stopped_before_its_decision(simulation: ExportSimulation) -> Execution:
    """Run 2 has retrieved everything when somebody stops it."""
    simulation.put_people(range(10))
    simulation.export("1")
    simulation.put_people(range(5), CustomerName={"FirstName": "Ana"})
    execution = simulation.start_run("2")
    simulation.walk_to(execution, "Finishing")
    execution.status = "ABORTED"
    return execution


def decide(simulation: ExportSimulation, run: ExportRun) -> ExportRun:
    """What a worker does that has made its checks."""
    worker: Any = simulation.worker()
    with calls_of("FinishExportFunction", simulation.environment):
        state = worker.exports.state("people")
        return finish_export._decide(worker, run, state, worker.exports.objects(run))


def test_a_stopped_run_that_is_decided_while_another_settles_it_is_published(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = stopped_before_its_decision(simulation)
    is_running = turn.is_running

    def meanwhile_decided(services: Any, arn: str) -> bool:
        running = is_running(services, arn)
        simulation.call("FinishExport", payload(stopped))
        return running

    monkeypatch.setattr(begin_export, "is_running", meanwhile_decided)

    simulation.export("3")

    assert simulation.run_item("2").status == "Completed"
    assert simulation.manifests().keys() == {"1", "2", "3"}
    simulation.assert_readers_have_everything()


def test_a_run_that_was_decided_but_not_published_yet_is_published_by_who_would_fail_it(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_before_its_decision(simulation)
    late, fail = simulation.run_item("2"), ExportStore.fail

    def just_after_a_decision(store: ExportStore, run: ExportRun, *arguments: Any) -> ExportRun:
        decide(simulation, late)
        return fail(store, run, *arguments)

    monkeypatch.setattr(ExportStore, "fail", just_after_a_decision)

    simulation.export("3")

    assert simulation.run_item("2").status == "Completed"
    assert simulation.manifests().keys() == {"1", "2", "3"}
    simulation.assert_readers_have_everything()


def test_a_run_that_has_failed_is_decided_no_more(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_before_its_decision(simulation)
    late, release = simulation.run_item("2"), ExportStore.release
    refused = []

    def late_decision(store: ExportStore, export: str, run: str) -> None:
        if run == "2":
            finishing = calls_of("FinishExportFunction", simulation.environment)
            with finishing, pytest.raises(ClaimLost):
                store.decide(late, {"last_run": "2"})
            refused.append(run)
        release(store, export, run)

    monkeypatch.setattr(ExportStore, "release", late_decision)

    simulation.export("3")

    assert refused
    assert simulation.run_item("2").status == "Failed"
    assert simulation.manifests().keys() == {"1", "3"}
    simulation.assert_readers_have_everything()


def test_a_run_whose_claim_another_has_taken_is_decided_no_more(
    simulation: ExportSimulation,
) -> None:
    stopped_before_its_decision(simulation)
    late, store = simulation.run_item("2"), simulation.worker().exports
    store.begin(ExportRun(export="people", run="3", started_at=""))
    store.claim(store.state("people"), "3", "other")

    with pytest.raises(ClaimLost):
        store.decide(late, {"watermark": "2030-01-01T00:00:00.000Z"})

    assert simulation.run_item("2").status == "Finishing"
    assert simulation.state().last_run == "1"


def test_a_run_that_another_publishes_just_then_fails_not_the_next_one(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = stopped_before_its_decision(simulation)
    decide(simulation, simulation.run_item("2"))

    def meanwhile_published(services: Any, run: ExportRun) -> None:
        simulation.call("FinishExport", payload(stopped))
        settle(services, run)

    monkeypatch.setattr(begin_export, "settle", meanwhile_published)

    execution = simulation.export("3")

    assert execution.status == "SUCCEEDED", execution.error
    assert simulation.manifests().keys() == {"1", "2", "3"}
    simulation.assert_readers_have_everything()


def test_a_worker_whose_run_is_decided_while_it_looks_compares_it_with_the_one_before(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.put_people(range(10))
    simulation.export("1")
    simulation.delete_people([3])
    execution = simulation.start_run("2", full=True)
    simulation.walk_to(execution, "Finishing")
    get, decided = ExportStore.get, list[str]()

    def then_decided(store: ExportStore, export: str, run: str) -> ExportRun:
        found = get(store, export, run)
        if not decided:
            decided.append(run)
            decide(simulation, found)
        return found

    monkeypatch.setattr(ExportStore, "get", then_decided)

    with pytest.raises(StepError, match="RunGoneOn"):
        simulation.call("FinishExport", payload(execution))
    simulation.finish(execution)

    removed = simulation.manifests()["2"]["removed"]
    assert len(simulation.read(removed["key"]).splitlines()) == removed["records"] == 1


def test_a_worker_that_decides_too_late_replaces_nothing_that_the_next_run_needs(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.put_people(range(10))
    simulation.clock.advance(600)
    simulation.export("1")
    simulation.put_people(range(8, 12), CustomerName={"FirstName": "Ana"})
    execution = simulation.start_run("2")
    simulation.walk_to(execution, "Finishing")
    look, ended = finish_export._with_what_is_known, list[ExportState]()

    def after_its_run_has_ended(services: Any, state: ExportState) -> ExportState:
        if not ended:
            ended.append(state)
            simulation.finish(execution)
        return look(services, state)

    monkeypatch.setattr(finish_export, "_with_what_is_known", after_its_run_has_ended)

    with pytest.raises(StepError):
        simulation.call("FinishExport", payload(execution))

    simulation.delete_people([3])
    simulation.export("3", full=True)
    assert simulation.manifests()["3"]["removed"]["records"] == 1


@pytest.mark.parametrize("late", ["before the decision", "after the decision"])
def test_a_worker_that_writes_a_stretch_again_replaces_nothing_that_counts(
    simulation: ExportSimulation, late: str
) -> None:
    simulation.put_people(range(20))
    simulation.export("1")
    execution = simulation.start_run("2", full=True)
    simulation.walk_to(execution, "Retrieving")
    stale, worker = simulation.run_item("2"), simulation.worker()
    if late == "before the decision":
        simulation.walk_to(execution, "Finishing")
    else:
        simulation.finish(execution)
    simulation.delete_people(range(5))

    retrieve_again(simulation, worker, stale)
    simulation.finish(execution)

    manifest = simulation.manifests()["2"]
    assert (manifest["attempts"], manifest["removed"]["records"]) == (1, 0)
    records = [record["ProfileId"] for record in simulation.records(manifest)]
    assert len(records) == len(set(records)) == 20


def retrieve_again(simulation: ExportSimulation, worker: Any, stale: ExportRun) -> None:
    """Do the stretches of `stale`, with a few records of some other page and a dead token."""
    retrieval = retrieve_export._Retrieval(worker, stale, Endless())  # type: ignore[arg-type]
    raw = [msgspec.Raw(msgspec.json.encode(one)) for one in simulation.profiles().values()][:3]
    page = ExportPage(count=3, has_more=False, offset=1, limit=7, total=3, records=raw)
    with pytest.raises(LedgerBusy):
        retrieval._settle(retrieve_export._done(stale), retrieval._read(iter([page])))


class Endless:
    """A deadline that does not come."""

    def remaining(self) -> float:
        return 900


@pytest.mark.parametrize("status", ["Waiting", "Retrieving", "Finishing"])
def test_no_late_worker_brings_back_a_run_that_has_ended(
    simulation: ExportSimulation, status: str
) -> None:
    simulation.put_people(range(5))
    execution = simulation.start_run("1")
    simulation.walk_to(execution, status)
    stale, store = simulation.run_item("1"), simulation.worker().exports
    simulation.finish(execution)

    worker: Any = simulation.worker()
    answer = begin_again(worker, stale, "the token died")
    with pytest.raises(LedgerBusy):
        store.update(stale, status="Retrieving")
    with pytest.raises(LedgerBusy):
        store.initiated(stale, "token")
    with pytest.raises(LedgerBusy):
        store.add_stretch(stale, Stretch(1, 6, 5, 0, Tally(), "", None, last=True))

    assert answer["next"] == "done"
    assert simulation.run_item("1").status == "Completed"


def test_a_run_that_two_publish_is_published(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = stopped_before_its_decision(simulation)
    decided = decide(simulation, simulation.run_item("2"))
    stopped.status = "RUNNING"
    simulation.finish(stopped)
    simulation.s3.put_object(
        Bucket="bucket",
        Key=draft_key(decided),
        Body=simulation.read(simulation.run_item("2").manifest_key),
    )

    worker: Any = simulation.worker()
    assert publish(worker, decided).status == "Completed"
    simulation.assert_readers_have_everything()
