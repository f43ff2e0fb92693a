"""Where rules meet: parts in corrections, probes at a part's end, deaths after giving up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.importing import operate, rejects_file
from prefdrop.importing.staging_part import StagingPart
from prefdrop.ledger import uploads
from prefdrop.ledger.reports import ReportStore
from tests.faults.interpreter import Execution
from tests.faults.oracle import assert_exactly_once, books, expected, rejected_rows
from tests.faults.simulation import Killed, Simulation
from tests.tiers import spread
from tests.workbench import FEED, people

FILE = people(30).encode()
SKIPPING = FEED.replace('name = "people"', 'name = "people"\non_same_content = "skip"')
HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
MENDABLE = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(10))


def approve(simulation: Simulation, execution: Execution, *, mend: bool = False) -> None:
    """Approve a held import, with all its rejects corrected where `mend` says so."""
    import_id = simulation.import_id(execution)
    corrected = None
    if mend:
        record = simulation.services().imports.get(import_id)
        text = simulation.read(record.rejects_key)
        corrected = text.replace(b"@localhost.test", b"@example.test").replace(b",Q,", b",Y,")
    operate.approve(simulation.services(), import_id, corrected, "corrected.csv")


def states(simulation: Simulation, execution: Execution) -> list[str]:
    return [p.state for p in simulation.services().parts.all(simulation.import_id(execution))]


# --- parts and probes ------------------------------------------------------------------------


@pytest.mark.parametrize("most", spread([35, 31, 39], 1, "every place"))
def test_a_part_that_fills_up_within_the_corrections_goes_on_within_them(
    simulate: Callable[..., Simulation], most: int
) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=most)
    simulation.push_feed(HOLDING)
    execution = simulation.drop((people(20) + MENDABLE).encode()).run()

    approve(simulation, execution, mend=True)
    execution.run()
    approve(simulation, execution)  # the part after it is held for itself
    execution.run()

    report = simulation.report(execution)
    executed = Counter(books(simulation).executed)
    assert (report["rows_read"], report["restaged"], report["staged"]) == (30, 10, 40)
    assert max(executed.values()) == 1
    assert len(executed) == 40
    assert (report["processed"], report["reconciled"]) == (30, True)


def test_a_record_that_was_staged_as_a_probe_is_not_staged_again_by_the_next_part(
    simulate: Callable[..., Simulation],
) -> None:
    file = people(60).encode()
    simulation = simulate(
        PREFDROP_CHUNK_BYTES=8_000, PREFDROP_QUOTA_UNIT="request", PREFDROP_QUOTA_LIMIT=10
    )
    simulation.fault(
        {"route": "import.stage", "kind": "status", "status": 400, "body_contains": '"p1@'}
    )

    execution = simulation.drop(file).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, file, FEED, kept_out=(0,))
    assert len(states(simulation, execution)) > 1


@pytest.mark.parametrize("number", spread([1, 2], 1, "a later part"))
def test_a_worker_that_dies_right_after_giving_its_part_up_leaves_it_given_up(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=10)
    settle, torn = StagingPart.settle, []

    def tear_and_die(self: StagingPart, *arguments: Any) -> None:
        if self.part.number == number and not torn:
            torn.append(number)
            self.tear("for the test")
            raise Killed
        settle(self, *arguments)

    monkeypatch.setattr(StagingPart, "settle", tear_and_die)

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
    assert sorted(states(simulation, execution)) == ["finished"] * 3 + ["torn"]


# --- the rejects file ------------------------------------------------------------------------


@pytest.mark.parametrize("dies_at", spread([2, None, 1, 5], 2, "every batch to die at"))
def test_a_rejects_file_that_is_written_in_many_stretches_holds_each_row_once(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch, dies_at: int | None
) -> None:
    monkeypatch.setattr(rejects_file, "MARGIN_SECONDS", 10**9)  # a stretch is one chunk
    simulation = simulate(PREFDROP_CHUNK_BYTES=3_000)
    save, saved = ReportStore.save, []

    def die_between_the_writes(self: ReportStore, *arguments: Any) -> None:
        saved.append(arguments)
        if len(saved) == dies_at:
            raise Killed
        save(self, *arguments)

    monkeypatch.setattr(ReportStore, "save", die_between_the_writes)
    rows = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(60))
    file = ("id,first,email,news\n" + rows).encode()

    execution = simulation.drop(file).run()

    report = assert_exactly_once(simulation, execution, file, FEED)
    assert rejected_rows(simulation, report) == list(range(1, 61))
    assert len(saved) > 2


def test_a_rejects_file_of_several_parts_is_put_together_from_them(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects_file, "MARGIN_SECONDS", 10**9)  # a stretch is one chunk
    monkeypatch.setattr(uploads, "PART_BYTES", 900)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 900)
    simulation = simulate(PREFDROP_CHUNK_BYTES=3_000)
    rows = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(30))
    file = ("id,first,email,news\n" + rows).encode()

    execution = simulation.drop(file).run()

    report = assert_exactly_once(simulation, execution, file, FEED)
    assert rejected_rows(simulation, report) == list(range(1, 31))
    written = simulation.s3.head_object(Bucket="bucket", Key=report["rejects"]["key"])
    assert int(written["ETag"].strip('"').rpartition("-")[2]) > 2


def test_a_refused_row_that_cannot_be_told_from_another_is_not_guessed(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_CHUNK_BYTES=2_000)
    file = (
        people(20) + "C-9,Zoe,same@localhost.test,Y\n" + "C-9,Zoe,same@localhost.test,N\n"
    ).encode()
    simulation.fault(
        {"route": "import.exceptions", "kind": "wrong_sequence"},
        {"route": "import.exceptions", "kind": "drop", "records": 1},
    )

    execution = simulation.drop(file).run()

    report = simulation.report(execution)
    assert report["status"] == "Unreconciled"
    assert report["rejects"]["unnamed"] > 0 or report["rejects"]["count"] < 2


# --- gates and bounds ------------------------------------------------------------------------


def test_an_approval_is_for_the_part_that_was_held_and_for_no_later_one(
    simulate: Callable[..., Simulation],
) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=20)
    simulation.push_feed(HOLDING)
    wrong = "".join(f"S-{n},Bo,s{n}@localhost.test,Y\n" for n in range(22))
    execution = simulation.drop((people(18) + wrong).encode()).run()

    approve(simulation, execution)
    execution.run()

    assert execution.visited.count("AwaitApproval") == 2
    assert len(books(simulation).executed) == 20


def test_approval_in_the_last_moment_is_carried_out(simulation: Simulation) -> None:
    simulation.push_feed(HOLDING)
    file = (people(10) + MENDABLE).encode()
    execution = simulation.drop(file).run()
    assert execution.waiting is not None
    execution.waiting.timed_out = True
    approve(simulation, execution, mend=True)

    assert execution.run().status == "SUCCEEDED", execution.error

    assert books(simulation).totals["processed"] == 10 + len(MENDABLE.splitlines())


DESTRUCTIVE = 'name = "people"\nrefresh_groups = true\ndestructive = true\nmax_records = {most}'


def test_a_destructive_file_must_fit_one_part(simulate: Callable[..., Simulation]) -> None:
    simulation = simulate(PREFDROP_PART_RECORDS=10)
    simulation.push_feed(FEED.replace('name = "people"', DESTRUCTIVE.format(most=50)))

    execution = simulation.drop(FILE).run()

    assert simulation.report(execution)["error"]["code"] == "TooManyRecords"
    assert simulation.vendor("books")["requests"] == []


def test_corrections_count_against_the_bound_of_a_destructive_feed(
    simulation: Simulation,
) -> None:
    feed = HOLDING.replace('name = "people"', DESTRUCTIVE.format(most=25))
    simulation.push_feed(feed)
    wrong = "".join(f"R-{n},Bo,r{n}@example.test,Q\n" for n in range(10))
    execution = simulation.drop((people(20) + wrong).encode()).run()

    approve(simulation, execution, mend=True)
    execution.run()

    assert simulation.report(execution)["error"]["code"] == "TooManyRecords"
    assert books(simulation).executed == []


# --- the vendor's limit, failure and credentials ---------------------------------------------


def test_a_limit_that_outlasts_the_token_is_waited_out_and_no_part_is_called_torn(
    simulation: Simulation,
) -> None:
    simulation.fault(
        {
            "route": "import.stage",
            "kind": "status",
            "status": 429,
            "to": 6,
            "retry_after": 8 * 3600,
        }
    )

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
    assert states(simulation, execution) == ["dead"] * 6 + ["finished"]


def test_an_import_that_the_vendor_failed_can_be_retried(simulation: Simulation) -> None:
    simulation.vendor("settings", "PATCH", fail_execution=True)
    execution = simulation.drop(FILE).run()
    assert simulation.report(execution)["error"]["code"] == "VendorFailed"
    simulation.vendor("settings", "PATCH", fail_execution=False)

    again = simulation.retry(execution).run()

    assert again.status == "SUCCEEDED", again.error
    assert sorted(simulation.report(again)["parts"][-1]["state"]) == sorted("finished")
    wanted = expected(FILE, FEED).records
    assert Counter(books(simulation).executed) == Counter(wanted)


@pytest.mark.parametrize(
    "step",
    spread(["InitiatePart", "StageChunks", "CheckStatus", "ExecutePart"], 2, "each step"),
)
def test_a_secret_that_was_changed_meanwhile_is_read_again(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from prefdrop.importing.vendor import Vendor

    right, known = simulation.secret, Vendor.__init__

    def warm(
        self: Vendor, settings: Any, read_secret: Callable[[], dict[str, str]], *more: Any
    ) -> None:
        """A function that has had the old secret since before it was changed."""
        known(self, settings, lambda: {**right, "secret": "an-old-one"}, *more)
        self._read_secret = read_secret

    monkeypatch.setattr(Vendor, "__init__", warm)

    execution = simulation.drop(FILE).run()

    assert step in execution.visited
    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)
    assert states(simulation, execution) == ["finished"]


def ended_event(simulation: Simulation, execution: Execution) -> dict[str, Any]:
    """What EventBridge reports of an execution that was stopped."""
    record = simulation.services().imports.get(simulation.import_id(execution))
    place = {"key": record.key, "version-id": record.version_id}
    started = {"time": "", "detail": {"bucket": {"name": record.bucket}, "object": place}}
    return {"executionArn": execution.arn, "status": "ABORTED", "input": json.dumps(started)}


@pytest.mark.parametrize("is_reported", [True, False])
def test_an_aborted_import_does_not_keep_its_content_from_being_imported(
    simulation: Simulation, is_reported: bool
) -> None:
    simulation.push_feed(SKIPPING)
    execution = simulation.drop(FILE)
    while "InitiatePart" not in execution.visited:
        execution.step()
    execution.status = "ABORTED"

    if is_reported:
        simulation.call("PassTurn", {"detail": ended_event(simulation, execution)})
    else:
        simulation.call("SweepTurns", {})
    again = simulation.drop(FILE, name="again.csv").run()

    aborted = simulation.services().imports.get(simulation.import_id(execution))
    assert aborted.status == "Aborted"
    assert_exactly_once(simulation, again, FILE, SKIPPING)


def test_failed_import_frees_its_content(simulation: Simulation) -> None:
    simulation.push_feed(SKIPPING)
    simulation.vendor("settings", "PATCH", fail_execution=True)
    failed = simulation.drop(FILE).run()
    simulation.vendor("settings", "PATCH", fail_execution=False)

    again = simulation.drop(FILE, name="again.csv").run()

    assert simulation.report(failed)["status"] == "Failed"
    assert simulation.report(again)["status"] == "Completed"
    assert Counter(books(simulation).executed) == Counter(expected(FILE, SKIPPING).records)


def test_limit_at_execute_without_a_time_asks_the_ledger(simulation: Simulation) -> None:
    simulation.fault({"route": "import.execute", "kind": "status", "status": 429, "to": 1})

    execution = simulation.drop(FILE).run()

    assert execution.status == "SUCCEEDED", execution.error
    assert_exactly_once(simulation, execution, FILE, FEED)


def test_the_same_content_is_imported_once_where_the_feed_says_so(simulation: Simulation) -> None:
    simulation.push_feed(SKIPPING)
    first = simulation.drop(FILE).run()

    second = simulation.drop(FILE, name="again.csv").run()

    assert second.visited[-1] == "Duplicate"
    assert_exactly_once(simulation, first, FILE, SKIPPING)
