"""What the account's configuration spares an import: no request for a row that must fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.tiers import second_tier
from tests.workbench import FEED, Workbench, people

SNAPSHOT = "configuration/snapshot.json"
BY_COLUMN = """
[import]
name = "choices"
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
filter = "ProfilePreferences[1].FilterId"
choice = { to = "ProfilePreferences[1].PreferenceType", values = { Y = 1, N = 2 } }
version = "Consents[ConsentType=Marketing].ConsentVersion"
[constants]
"Consents[ConsentType=Marketing].Locale" = "en_US"
"Consents[ConsentType=Marketing].ConsentStatus" = 1
[gates]
max_rejected_percent = 100
"""


def refresh(bench: Workbench) -> dict[str, Any]:
    """Take a snapshot as the schedule does."""
    answer = bench.stack.client("lambda").invoke(FunctionName="prefdrop-refresh-configuration")
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    return told


@pytest.fixture
def refreshed(bench: Workbench) -> Iterator[Workbench]:
    """A stack that has just taken a snapshot; it is forgotten again afterwards."""
    assert refresh(bench)["written"]
    yield bench
    bench.s3.delete_object(Bucket=bench.bucket, Key=SNAPSHOT)


def ask_for_hosts(bench: Workbench) -> str:
    """Give the newest snapshot a pattern that refuses what the account's own, which is not plain
    enough to be used, refuses too. Returns its version."""
    snapshot = bench.read_json(SNAPSHOT)
    for email_type in snapshot["parts"]["email_types"]:
        email_type["RegularExpression"] = r"^[^@]+@(?!localhost\.)[^@]+$"
    snapshot["localized"] = {}
    body = json.dumps(snapshot).encode()
    version: str = bench.s3.put_object(Bucket=bench.bucket, Key=SNAPSHOT, Body=body)["VersionId"]
    return version


def age(bench: Workbench, days: int) -> None:
    """Make the newest snapshot one that was taken so many days ago."""
    snapshot = bench.read_json(SNAPSHOT)
    snapshot["taken_at"] = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    body = json.dumps(snapshot).encode()
    bench.s3.put_object(Bucket=bench.bucket, Key=SNAPSHOT, Body=body)


@second_tier("on a stack what tests/faults/test_configuration.py proves in process")
def test_rows_that_the_account_has_no_filter_for_cost_no_request(refreshed: Workbench) -> None:
    bench = refreshed
    bench.push_feed(FEED.replace("NEWS_WEEKLY", "NEWS_WEKLY"))
    before = len(bench.vendor("books")["requests"])

    report = bench.run(people(20))

    assert report["rejected_local"] == report["rows_read"] == 20
    assert {row["_code"] for row in bench.rejects(report)} == {"NotInAccount"}
    assert bench.requests_to("import.stage") == []
    assert len(bench.vendor("books")["requests"]) == before
    assert report["vendor_requests"] == 0


def test_only_rows_with_names_that_the_account_has_are_staged(refreshed: Workbench) -> None:
    bench = refreshed
    bench.push_feed(BY_COLUMN, "choices")
    rows = ["C-1,OFFERS_CALLS,Y,2.0", "C-2,NEWS_WEKLY,Y,2.0", "C-3,OFFERS_CALLS,N,3.1"]

    report = bench.run("id,filter,choice,version\n" + "\n".join(rows) + "\n", "choices")

    assert (report["rejected_local"], report["rejected_validation"]) == (2, 0)
    assert (report["staged"], report["processed"]) == (1, 1)
    rejects = [(row["_row"], row["_stage"], row["_code"]) for row in bench.rejects(report)]
    assert rejects == [("2", "local", "NotInAccount"), ("3", "local", "NotInAccount")]
    assert len(bench.requests_to("import.stage")) == 1


def test_addresses_are_held_to_the_accounts_pattern_and_the_report_names_the_snapshot(
    refreshed: Workbench,
) -> None:
    version = ask_for_hosts(refreshed)

    report = refreshed.run(people(2) + "C-3,Bo,refused@localhost.test,Y\n")

    assert (report["rejected_local"], report["rejected_validation"]) == (1, 0)
    assert report["processed"] == 2
    assert report["configuration"]["version_id"] == version
    assert report["configuration"]["taken_at"].endswith("Z")
    assert report["configuration"]["stale"] is False
    assert report["configuration"]["not_understood"] == []


def test_a_pattern_that_could_take_long_is_left_to_the_vendor_and_the_report_says_so(
    refreshed: Workbench,
) -> None:
    report = refreshed.run(people(2) + "C-3,Bo,refused@localhost.test,Y\n")

    assert report["configuration"]["not_understood"] == ["email_pattern"]
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 1)
    assert "pattern for e-mail addresses is not understood" in refreshed.logs()


def test_an_import_whose_match_type_is_unknown_ends_before_the_vendor_hears_of_it(
    refreshed: Workbench,
) -> None:
    bench = refreshed
    bench.push_feed(FEED.replace("CrmContactId", "CrmContctId"))
    before = len(bench.vendor("books")["requests"])

    report = bench.run(people(2))

    assert (report["status"], report["error"]["code"]) == ("Failed", "FeedError")
    assert len(bench.vendor("books")["requests"]) == before


def test_without_a_snapshot_the_vendor_decides_and_the_report_says_so(bench: Workbench) -> None:
    report = bench.run(people(2) + "C-3,Bo,refused@localhost.test,Y\n")

    nothing = {"version_id": None, "taken_at": None, "stale": False, "not_understood": []}
    assert report["configuration"] == nothing
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 1)
    assert "no configuration snapshot" in bench.logs()


def test_a_stale_snapshot_is_said_and_not_used(refreshed: Workbench) -> None:
    age(refreshed, days=8)

    report = refreshed.run(people(2) + "C-3,Bo,refused@localhost.test,Y\n")

    assert report["configuration"]["stale"] is True
    assert (report["rejected_local"], report["rejected_validation"]) == (0, 1)
    assert "the configuration snapshot is stale" in refreshed.logs()


def test_a_broken_snapshot_does_not_keep_an_import_from_running(refreshed: Workbench) -> None:
    refreshed.s3.put_object(Bucket=refreshed.bucket, Key=SNAPSHOT, Body=b'{"version": 99}')

    report = refreshed.run(people(2))

    assert report["status"] == "Completed"
    assert report["configuration"]["version_id"] is None


@second_tier("on a stack what tests/faults/test_configuration.py proves in process")
def test_an_import_keeps_the_snapshot_that_it_began_with(refreshed: Workbench) -> None:
    bench = refreshed
    bench.push_feed(FEED.replace("max_rejected_percent = 100", 'over_gate = "hold"'))
    ask_for_hosts(bench)
    version = bench.drop(people(2) + "C-3,Bo,refused@localhost.test,Y\n")
    bench.execution_of(version)
    bench.wait_for_step("AwaitApprovalFunction")
    held = bench.import_of(version)
    snapshot = bench.read_json(SNAPSHOT)
    snapshot["parts"]["email_types"] = []
    bench.s3.put_object(Bucket=bench.bucket, Key=SNAPSHOT, Body=json.dumps(snapshot).encode())

    approved = bench.prefdrop("imports", "approve", held["import_id"])
    report = bench.report_of(version)

    assert approved.returncode == 0, approved.stderr
    assert report["configuration"]["version_id"] == held["configuration"]["version_id"]
    assert (report["rejected_local"], report["rejected_validation"]) == (1, 0)
    assert report["status"] == "CompletedWithRejects"


def test_a_refresh_writes_only_what_is_new(refreshed: Workbench) -> None:
    stored = refreshed.s3.head_object(Bucket=refreshed.bucket, Key=SNAPSHOT)

    again = refresh(refreshed)
    age(refreshed, days=1)
    next_day = refresh(refreshed)

    assert (again["written"], again["version_id"]) == (False, stored["VersionId"])
    assert next_day["written"] is True


def test_the_operator_pulls_and_shows_the_configuration(bench: Workbench) -> None:
    pulled = bench.prefdrop("configuration", "pull", "--json")
    shown = bench.prefdrop("configuration", "show")
    bench.s3.delete_object(Bucket=bench.bucket, Key=SNAPSHOT)

    told = json.loads(pulled.stdout)
    assert told["unread"] == {}
    assert told["parts"]["filters"] == 8
    assert "NEWS_WEEKLY   Newsletters" in shown.stdout


def test_a_pull_that_fails_says_why_and_leaves_the_snapshot_that_is_there(
    refreshed: Workbench,
) -> None:
    before = refreshed.s3.head_object(Bucket=refreshed.bucket, Key=SNAPSHOT)["VersionId"]
    refused = {"route": "filters.list", "kind": "status", "status": 401}
    faults = {"seed": 1, "rules": [refused]}
    requests.put(refreshed.sandbox.admin_url + "faults", json=faults).raise_for_status()

    pulled = refreshed.prefdrop("configuration", "pull")

    requests.put(refreshed.sandbox.admin_url + "faults", json={"rules": []}).raise_for_status()
    assert pulled.returncode == 5
    assert "NotAuthorized" in pulled.stderr
    assert "Nothing that was there before is lost" in pulled.stderr
    stored = refreshed.s3.head_object(Bucket=refreshed.bucket, Key=SNAPSHOT)
    assert stored["VersionId"] == before


def test_the_operator_checks_a_feed_against_the_stacks_snapshot(
    refreshed: Workbench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    feed = tmp_path_factory.mktemp("feeds") / "people.toml"
    feed.write_text(FEED.replace("NEWS_WEEKLY", "NEWS_WEKLY"))
    before = len(refreshed.vendor("books")["requests"])

    checked = refreshed.prefdrop("feeds", "check", str(feed))

    assert checked.returncode == 2
    assert f"{feed}, line 11, key columns.news: the account has no filter NEWS_WEKLY" in (
        checked.stderr
    )
    assert "Did you mean NEWS_WEEKLY?" in checked.stderr
    assert len(refreshed.vendor("books")["requests"]) == before
