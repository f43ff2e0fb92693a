"""An export shows the profiles as they were at one moment, whatever happens to them meanwhile."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from prefdrop_local.sandbox.process import start_sandbox
from tests.integration.sandbox.bulk_export.exporter import Exporter
from tests.integration.sandbox.caller import Json, Vendor
from tests.workbench import PATIENCE

WRITES = st.tuples(st.sampled_from(["write", "delete"]), st.integers(0, 4))
EXPORTS = st.tuples(st.sampled_from(["initiate", "read", "commit"]), st.integers(0, 2))


def write(vendor: Vendor, crm_id: str, name: str) -> None:
    """Create or change a profile."""
    identity = [{"AlternateIdType": "CrmContactId", "AlternateId": crm_id}]
    vendor.run({"AlternateIds": identity, "CustomerName": {"FirstName": name}})


def delete(vendor: Vendor, crm_id: str) -> None:
    """Remove a profile."""
    identity = [{"AlternateIdType": "CrmContactId", "AlternateId": crm_id}]
    vendor.run({"AlternateIds": identity}, ImportAction="Delete")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(WRITES | EXPORTS, min_size=6, max_size=16))
def test_what_is_read_is_what_was_there_when_the_export_was_initiated(
    exporter: Exporter, story: list[tuple[str, int]]
) -> None:
    vendor = exporter.vendor
    vendor.reset()
    vendor.switch(export_seconds=0, daily_limit=1_000)
    running: dict[int, tuple[str, list[Json]]] = {}
    for moment, (action, number) in enumerate(story):
        if action == "write":
            write(vendor, f"C-{number}", f"Name {moment}")
        elif action == "delete":
            delete(vendor, f"C-{number}")
        elif action == "initiate":
            running[number] = (exporter.initiate(), vendor.profiles())
        elif number in running and action == "read":
            token, expected = running[number]
            assert exporter.page(token, keepAlive="true")["UserProfilePreferences"] == expected
        elif number in running:
            token, expected = running.pop(number)
            assert exporter.page(token)["UserProfilePreferences"] == expected
    for token, expected in running.values():
        assert exporter.records(token) == expected


def test_incremental_exports_too_are_as_of_their_moment(exporter: Exporter, contact: Any) -> None:
    vendor = exporter.vendor
    vendor.stop_clock()
    vendor.run(contact("C-1"), contact("C-2"))
    vendor.advance(seconds=5)
    since = vendor.admin("GET", "clock")["now"].replace("Z", "")[:19] + "Z"
    # Further away than the vendor may round the bound up.
    vendor.advance(seconds=1)
    write(vendor, "C-1", "Ana")
    vendor.switch(export_seconds=10)
    token = exporter.initiate(LastDateTime=since)

    write(vendor, "C-2", "Ben")
    delete(vendor, "C-1")
    vendor.advance(seconds=10)

    assert [record["CustomerName"] for record in exporter.records(token)] == [{"FirstName": "Ana"}]


def test_a_restriction_is_looked_up_as_of_that_moment(exporter: Exporter, contact: Any) -> None:
    vendor = exporter.vendor
    vendor.run(contact("C-1"))
    vendor.switch(export_seconds=10)
    vendor.stop_clock()
    matching = {"MatchCriteria": "AlternateId", "MatchType": "CrmContactId", "Values": ["C-1"]}
    token = exporter.initiate(**matching)

    delete(vendor, "C-1")
    vendor.run(contact("C-1", CustomerName={"FirstName": "Another"}))
    vendor.advance(seconds=10)

    [record] = exporter.records(token)
    assert "CustomerName" not in record


def test_the_moment_can_be_the_end_of_processing(exporter: Exporter, contact: Any) -> None:
    vendor = exporter.vendor
    vendor.switch(export_snapshot="complete", export_seconds=10)
    vendor.stop_clock()
    token = exporter.initiate()
    vendor.run(contact("C-1"))
    vendor.advance(seconds=10)
    vendor.run(contact("C-2"))

    [record] = exporter.records(token)

    assert record["AlternateIds"][0]["AlternateId"] == "C-1"
    assert exporter.described(token)["snapshot_at"] > exporter.described(token)["initiated_at"]


def test_an_import_that_is_due_is_in_it(exporter: Exporter, contact: Any) -> None:
    vendor = exporter.vendor
    token = vendor.initiate()
    vendor.stage(token, *(contact(f"C-{number}") for number in range(1_500)))
    vendor.execute(token)

    assert exporter.status(exporter.initiate())["RowCount"] == 1_500
    assert exporter.vendor.books()["tokens"][0]["state"] == "Completed"


def test_what_exports_needed_is_forgotten_when_they_are_over(exporter: Exporter) -> None:
    vendor = exporter.vendor
    write(vendor, "C-1", "Ana")
    token = exporter.initiate()
    write(vendor, "C-1", "Bea")
    assert exporter.records(token)[0]["CustomerName"] == {"FirstName": "Ana"}

    write(vendor, "C-1", "Cea")

    assert exporter.export()[0]["CustomerName"] == {"FirstName": "Cea"}


def test_an_export_outlives_the_sandbox_that_began_it(tmp_path: Any) -> None:
    options = {"database": tmp_path / "sandbox.db", "queued_seconds": 0, "records_per_second": 0}
    with start_sandbox(export_seconds=0, **options) as process:
        exporter = Exporter(Vendor(process))
        ids = exporter.seed(3)
        complete = exporter.initiate()
        assert exporter.state(complete) == "Complete"
        exporter.vendor.switch(export_seconds=0.1)
        running = exporter.initiate()
        delete_all = [{"AlternateIdType": "CrmContactId", "AlternateId": f"SEED-{ids[0]}"}]
        exporter.vendor.run({"AlternateIds": delete_all}, ImportAction="Delete")

    with start_sandbox(export_seconds=0, **options) as process:
        exporter = Exporter(Vendor(process))
        until = time.monotonic() + PATIENCE
        while exporter.state(running) == "Processing" and time.monotonic() < until:
            continue

        assert [item["ProfileId"] for item in exporter.records(complete)] == ids
        assert [item["ProfileId"] for item in exporter.records(running)] == ids
