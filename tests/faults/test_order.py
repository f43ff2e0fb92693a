"""An older file never overwrites a newer one of its feed unasked, whatever its name is."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from prefdrop.ledger import keys
from tests.faults.interpreter import Execution
from tests.faults.simulation import Simulation
from tests.tiers import second_tier, spread
from tests.workbench import FEED

HEADER = "id,first,email,news\n"


def opted(*numbers: int, news: str = "Y") -> bytes:
    """A file of these people's choice."""
    rows = (f"C-{n},Ana,p{n}@example.test,{news}\n" for n in numbers)
    return (HEADER + "".join(rows)).encode()


def aborted(simulation: Simulation, body: bytes, name: str) -> Execution:
    """A drop that is staged and ready to execute, whose execution is stopped just then."""
    execution = simulation.drop(body, name=name)
    while "ApplyGates" not in execution.visited:
        execution.step()
    execution.status = "ABORTED"
    record = simulation.services().imports.get(simulation.import_id(execution))
    place = {"key": record.key, "version-id": record.version_id}
    started = {"time": "", "detail": {"bucket": {"name": record.bucket}, "object": place}}
    detail = {"executionArn": execution.arn, "status": "ABORTED", "input": json.dumps(started)}
    simulation.call("PassTurn", {"detail": detail})
    return execution


def choices(simulation: Simulation) -> dict[str, int]:
    """Each person's choice as the vendor now has it."""
    made = {}
    for profile in simulation.vendor("profiles")["profiles"]:
        (mail,) = profile["Emails"]
        (choice,) = mail["EmailPreferences"]
        made[profile["AlternateIds"][0]["AlternateId"].upper()] = choice["PreferenceType"]
    return made


def error(simulation: Simulation, execution: Execution) -> dict[str, Any]:
    found: dict[str, Any] = simulation.report(execution)["error"]
    return found


def rejects(simulation: Simulation, execution: Execution) -> list[dict[str, str]]:
    key = simulation.report(execution)["rejects"]["key"]
    return list(csv.DictReader(io.StringIO(simulation.read(key).decode())))


def test_older_file_under_a_dated_name_is_refused(simulation: Simulation) -> None:
    monday = aborted(simulation, opted(1, 2), "crm-2026-01-12.csv")
    tuesday = simulation.drop(opted(1, news="N"), name="crm-2026-01-13.csv").run()

    again = simulation.retry(monday).run()

    refused = error(simulation, again)
    assert refused["code"] == "Superseded"
    assert "inbox/people/crm-2026-01-13.csv" in refused["message"]
    assert simulation.import_id(tuesday) in refused["message"]
    assert choices(simulation) == {"C-1": 2}


@second_tier("the whole import; tests/unit/ledger/test_drops.py is short")
@pytest.mark.parametrize("order", ["key", "none"])
def test_other_order_lets_an_older_file_of_another_name_in(
    simulation: Simulation, order: str
) -> None:
    simulation.push_feed(FEED.replace('name = "people"', f'name = "people"\norder = "{order}"'))
    monday = aborted(simulation, opted(1, 2), "east.csv")
    simulation.drop(opted(3), name="west.csv").run()

    again = simulation.retry(monday).run()

    assert simulation.report(again)["status"] == "Completed"
    assert choices(simulation) == {"C-1": 1, "C-2": 1, "C-3": 1}


@second_tier("the whole import; tests/unit/ledger/test_drops.py is short")
def test_force_brings_everything_in_and_lowers_no_mark(simulation: Simulation) -> None:
    monday = aborted(simulation, opted(1, 2), "monday.csv")
    sunday = aborted(simulation, opted(1), "sunday.csv")
    simulation.drop(opted(1, news="N"), name="tuesday.csv").run()

    forced = simulation.retry(monday, force=True).run()

    assert simulation.report(forced)["status"] == "Completed"
    assert choices(simulation) == {"C-1": 1, "C-2": 1}
    assert error(simulation, simulation.retry(sunday).run())["code"] == "Superseded"


def test_except_newer_brings_in_only_the_other_people(simulation: Simulation) -> None:
    monday = aborted(simulation, opted(1, 2, 3, 4), "monday.csv")
    spoiled = opted(1, news="N") + b"c-2,Ana,no address,N\n"
    simulation.drop(spoiled, name="tuesday.csv").run()
    simulation.drop(opted(4, news="N"), name="wednesday.csv").run()
    refused = simulation.retry(monday).run()
    assert error(simulation, refused)["code"] == "Superseded"

    again = simulation.retry(refused, except_newer=True).run()

    report = simulation.report(again)
    assert (report["status"], report["reconciled"]) == ("CompletedWithRejects", True)
    assert (report["rows_read"], report["rejected_local"], report["staged"]) == (4, 3, 1)
    assert choices(simulation) == {"C-1": 2, "C-3": 1, "C-4": 2}
    left_out = {row["id"]: row for row in rejects(simulation, again)}
    assert {row["_code"] for row in left_out.values()} == {"NewerDecisionExists"}
    assert left_out.keys() == {"C-1", "C-2", "C-4"}
    assert "wednesday.csv" in left_out["C-4"]["_reason"]


def test_rows_left_out_count_in_no_gate(simulation: Simulation) -> None:
    simulation.push_feed(FEED.replace("= 100", "= 1\nmin_records = 3"))
    monday = aborted(simulation, opted(1, 2, 3), "monday.csv")
    simulation.drop(opted(1, 2, 3, news="N"), name="tuesday.csv").run()

    again = simulation.retry(monday, except_newer=True).run()

    report = simulation.report(again)
    assert (report["status"], report["staged"]) == ("CompletedWithRejects", 0)
    assert choices(simulation) == {"C-1": 2, "C-2": 2, "C-3": 2}


@second_tier("a second attempt; test_except_newer_brings_in_only_the_other_people is short")
def test_drop_executed_since_the_rows_were_staged_counts_too(simulation: Simulation) -> None:
    """Each attempt stages anew: the staged part of the one before left out other rows."""
    monday = aborted(simulation, opted(1, 2, 3), "monday.csv")
    simulation.drop(opted(1, news="N"), name="tuesday.csv").run()
    first = simulation.retry(monday, except_newer=True)
    while "ApplyGates" not in first.visited:
        first.step()
    first.status = "ABORTED"
    simulation.call("PassTurn", {"import_id": simulation.import_id(first), "execution": first.arn})
    simulation.drop(opted(2, news="N"), name="wednesday.csv").run()

    again = simulation.retry(first, except_newer=True).run()

    assert simulation.report(again)["reconciled"] is True
    assert choices(simulation) == {"C-1": 2, "C-2": 2, "C-3": 1}


@pytest.mark.parametrize("what", spread(["object", "import"], 1, "what else may be gone"))
def test_later_file_that_is_gone_is_named(simulation: Simulation, what: str) -> None:
    monday = aborted(simulation, opted(1, 2), "monday.csv")
    tuesday = simulation.drop(opted(1, news="N"), name="tuesday.csv").run()
    services = simulation.services()
    record = services.imports.get(simulation.import_id(tuesday))
    if what == "object":
        simulation.s3.delete_object(Bucket="bucket", Key=record.key, VersionId=record.version_id)
    else:
        services.table.delete(keys.meta(record.import_id))

    again = simulation.retry(monday, except_newer=True).run()

    gone = error(simulation, again)
    assert gone["code"] == "LaterDropUnreadable"
    assert "tuesday.csv" in gone["message"]
    assert choices(simulation) == {"C-1": 2}


@pytest.mark.parametrize("name", spread(["rejects.csv", "mended by Jo.csv"], 1, "any name"))
def test_rejects_file_is_as_old_as_the_file_it_corrects(simulation: Simulation, name: str) -> None:
    bad = opted(1) + b"C-2,Ana,no address,Y\nC-3,Ana,no address,Y\n"
    monday = simulation.drop(bad, name="monday.csv").run()
    rejected = simulation.read(simulation.report(monday)["rejects"]["key"])
    mended = rejected.replace(b"no address", b"p@example.test")
    simulation.drop(opted(2, news="N"), name="tuesday.csv").run()

    refused = simulation.drop(mended, name=name).run()
    assert error(simulation, refused)["code"] == "Superseded"
    again = simulation.retry(refused, except_newer=True).run()

    assert simulation.report(again)["processed"] == 1
    assert choices(simulation) == {"C-1": 1, "C-2": 2, "C-3": 1}


@second_tier("a correction of a correction; tests/unit/importing/test_origin.py is short")
def test_rejects_file_is_taken_while_its_file_is_the_newest(simulation: Simulation) -> None:
    monday = simulation.drop(opted(1) + b"C-2,Ana,no address,Y\n", name="monday.csv").run()
    rejected = simulation.read(simulation.report(monday)["rejects"]["key"])
    still_bad = simulation.drop(rejected, name="rejects.csv").run()
    again = simulation.read(simulation.report(still_bad)["rejects"]["key"])

    mended = simulation.drop(
        again.replace(b"no address", b"p2@example.test"), name="rejects.csv"
    ).run()

    assert simulation.report(mended)["status"] == "Completed"
    services = simulation.services()
    corrects = services.imports.get(simulation.import_id(mended)).corrects
    assert corrects is not None
    assert corrects.import_id == simulation.import_id(monday)


def test_skipping_content_keeps_the_last_word(simulation: Simulation) -> None:
    """Opt-in, opt-out, opt-in: the third file says something new."""
    skip = 'name = "people"\non_same_content = "skip"'
    simulation.push_feed(FEED.replace('name = "people"', skip))
    for name, news in (("a.csv", "Y"), ("b.csv", "N"), ("c.csv", "Y")):
        simulation.drop(opted(1, news=news), name=name).run()

    assert choices(simulation) == {"C-1": 1}
    assert simulation.drop(opted(1), name="d.csv").run().visited[-1] == "Duplicate"


@pytest.mark.parametrize("death", spread([5, 4, 6, 7], 1, "each write and request of Execute"))
def test_worker_that_dies_while_executing_leaves_the_mark(
    simulation: Simulation, death: int
) -> None:
    monday = aborted(simulation, opted(1), "monday.csv")
    tuesday = simulation.drop(opted(1, news="N"), name="tuesday.csv")
    while "ApplyGates" not in tuesday.visited:
        tuesday.step()
    simulation.death.plan((death, "after"))

    tuesday.run()

    assert simulation.death.struck == 1
    assert simulation.report(tuesday)["status"] == "Completed"
    assert error(simulation, simulation.retry(monday).run())["code"] == "Superseded"
