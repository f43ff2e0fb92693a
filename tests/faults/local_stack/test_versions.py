"""Versions of a file, and events of a drop, that come while an import is under way."""

from __future__ import annotations

from typing import Any

from prefdrop.ledger.clock import iso_now
from tests.faults.local_stack.breakable import Breakable
from tests.tiers import second_tier
from tests.workbench import FEED, people


def _created(bench: Breakable, version: str) -> dict[str, Any]:
    """S3's event of a drop."""
    return next(
        event
        for event in bench.events
        if event["detail-type"] == "Object Created"
        and event["detail"]["object"].get("version-id") == version
    )


def _named(first_name: str) -> str:
    return people(3).replace("Ana", first_name)


def _first_names(bench: Breakable) -> set[str]:
    return {profile["CustomerName"]["FirstName"] for profile in bench.profiles()}


def _is_in_another_second(bench: Breakable, version: str) -> bool:
    """Whether a file dropped now is newer than this one: S3 tells seconds apart."""
    return bench.import_of(version)["dropped_at"][:19] != iso_now()[:19]


def _served(bench: Breakable) -> list[int]:
    """The sizes of the imports that the vendor executed, in the order in which it did."""
    return [one["received"] for one in bench.vendor("books")["tokens"]]


def test_a_second_event_that_comes_during_the_import_makes_no_second_one(
    bench: Breakable,
) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    version = bench.drop(people(3))
    staging.wait()
    first = bench.execution_of(version)

    bench.stack.publish(_created(bench, version))
    second = bench.wait_for(
        lambda: next(
            (
                detail["executionArn"]
                for detail in bench._executions()
                if detail["status"] == "SUCCEEDED" and version in detail["input"]
            ),
            None,
        )
    )
    staging.open()

    assert second != first
    assert bench.report_of(version)["status"] == "Completed"
    assert len(bench.imports()) == len(bench.requests_to("import.initiate")) == 1
    assert set(bench.executed_ids().values()) == {1}


def test_two_events_of_a_drop_at_the_same_time_make_one_import(bench: Breakable) -> None:
    registering = bench.stop_at_call("RegisterImportFunction")
    version = bench.drop(people(3))
    registering.wait()
    bench.stack.publish(_created(bench, version))
    bench.wait_for_step("RegisterImportFunction")
    registering.open()

    record = bench.wait_for(lambda: next(iter(bench.imports()), None))
    assert bench.end_of(record["execution_arn"])["status"] == "SUCCEEDED"

    assert bench.import_of(version)["status"] == "Completed"
    assert len(bench.imports()) == len(bench.requests_to("import.initiate")) == 1


@second_tier("order and pinning, which the other tests of the file show at another moment")
def test_the_same_file_dropped_twice_during_an_import_is_imported_twice_in_order(
    bench: Breakable,
) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    first = bench.drop(people(3))
    staging.wait()
    second = bench.drop(people(3))
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(second))
    staging.open()

    assert bench.report_of(first)["status"] == "Completed"
    assert bench.report_of(second)["status"] == "Completed"
    assert _served(bench) == [3, 3]
    assert len(bench.profiles()) == 3


def test_a_new_version_dropped_during_an_import_is_imported_after_it(bench: Breakable) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    old = bench.drop(_named("Old"))
    staging.wait()
    new = bench.drop(_named("New") + "C-4,New,p4@example.test,Y\n")
    bench.wait_for_step("TakeTurnFunction", of=bench.execution_of(new))
    staging.open()

    assert bench.report_of(old)["processed"] == 3
    assert bench.report_of(new)["processed"] == 4
    assert _served(bench) == [3, 4]
    assert _first_names(bench) == {"New"}


def test_an_older_version_is_executed_after_a_newer_one_only_by_force(bench: Breakable) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    old = bench.drop(_named("Old"))
    staging.wait()
    bench.end_of(bench.abort(old))
    staging.open()
    assert bench.run(_named("New"))["status"] == "Completed"

    refused = bench.retry(old)

    assert (refused["status"], refused["error"]["code"]) == ("Failed", "Superseded")
    assert "--force" in refused["error"]["hint"]
    assert _first_names(bench) == {"New"}

    forced = bench.retry(old, "--force")

    assert (forced["status"], forced["error"], forced["processed"]) == ("Completed", None, 3)
    assert _first_names(bench) == {"Old"}


@second_tier("the command on a real stack; tests/faults/test_order.py is short")
def test_older_file_of_the_feed_is_imported_except_newer(bench: Breakable) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    old = bench.drop(_named("Old") + "C-4,Old,p4@example.test,Y\n", name="monday.csv")
    staging.wait()
    bench.end_of(bench.abort(old))
    staging.open()
    bench.wait_for(lambda: _is_in_another_second(bench, old))
    assert bench.run(_named("New"), name="tuesday.csv")["status"] == "Completed"
    assert bench.retry(old)["error"]["code"] == "Superseded"

    rest = bench.retry(old, "--except-newer")

    assert (rest["status"], rest["rejected_local"]) == ("CompletedWithRejects", 3)
    assert rest["rejects"]["kinds"][0]["code"] == "NewerDecisionExists"
    names = {
        p["Emails"][0]["EmailAddress"]: p["CustomerName"]["FirstName"] for p in bench.profiles()
    }
    assert names == {f"p{n}@example.test": "New" for n in (1, 2, 3)} | {"p4@example.test": "Old"}


def test_a_feed_changed_during_an_import_does_not_change_it(bench: Breakable) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    version = bench.drop(people(60))
    staging.wait()
    bench.push_feed(FEED.replace("Y = 1, N = 2", "Y = 2, N = 1").replace("first =", "last ="))
    staging.open()

    assert bench.report_of(version)["status"] == "Completed"
    assert _first_names(bench) == {"Ana"}
    chosen = {profile["Emails"][0]["EmailAddress"]: _news(profile) for profile in bench.profiles()}
    assert chosen == {f"p{n}@example.test": 1 if n % 2 else 2 for n in range(1, 61)}


@second_tier("order and pinning, which the other tests of the file show at another moment")
def test_a_feed_removed_during_an_import_does_not_stop_it(bench: Breakable) -> None:
    staging = bench.stop_at_call("StageChunksFunction")
    version = bench.drop(people(3))
    staging.wait()
    bench.s3.delete_object(Bucket=bench.bucket, Key="feeds/people.toml")
    staging.open()

    assert bench.report_of(version)["status"] == "Completed"


def _news(profile: dict[str, Any]) -> int:
    (preference,) = profile["Emails"][0]["EmailPreferences"]
    choice: int = preference["PreferenceType"]
    return choice
