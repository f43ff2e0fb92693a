"""One import for each dropped object version, one at a time."""

from __future__ import annotations

import json
from typing import Any

from tests.tiers import second_tier
from tests.workbench import Workbench, people


def _created(bench: Workbench, version: str) -> dict[str, Any]:
    """S3's event of a drop."""
    return next(
        e
        for e in bench.events
        if e["detail-type"] == "Object Created"
        and e["detail"]["object"].get("version-id") == version
    )


def test_a_second_event_of_the_same_object_version_makes_no_second_import(
    bench: Workbench,
) -> None:
    version = bench.drop(people(3))
    bench.report_of(version)
    first = bench.execution_of(version)
    before = len(bench.imports())

    bench.stack.publish(_created(bench, version))

    second = bench.wait_for(
        lambda: next(
            (
                d
                for d in bench._executions()
                if d["status"] == "SUCCEEDED"
                and d["executionArn"] != first
                and version in d["input"]
            ),
            None,
        )
    )
    assert "Duplicate" in bench.history(second["executionArn"])
    assert len(bench.imports()) == before
    assert len(bench.requests_to("import.initiate")) == 1
    assert bench.import_of(version)["execution_arn"] == first


def test_a_registration_that_is_retried_does_not_call_itself_a_duplicate(
    bench: Workbench,
) -> None:
    version = bench.drop(people(3))
    bench.report_of(version)
    record = bench.import_of(version)
    payload = {"event": _created(bench, version), "execution": record["execution_arn"]}

    again = bench.stack.invoke("RegisterImportFunction", json.dumps(payload).encode())

    assert json.loads(again.answer) == {"import_id": record["import_id"], "next": "import"}


def test_a_new_upload_of_the_same_key_is_a_new_import(bench: Workbench) -> None:
    first, second = bench.run(people(2)), bench.run(people(2))

    assert first["import_id"] != second["import_id"]
    assert len(bench.profiles()) == 2


@second_tier("more turns; test_drops_at_once_are_imported_in_the_order_of_arrival is short")
def test_files_dropped_together_are_imported_one_after_the_other(bench: Workbench) -> None:
    versions = [bench.drop(people(5, first=10 * n), name=f"{n}.csv") for n in range(4)]

    for version in versions:
        assert bench.report_of(version)["status"] == "Completed"

    books = bench.vendor("books")
    order = [one["token"] for one in books["requests"] if one["token"]]
    changes = [t for n, t in enumerate(order) if n == 0 or order[n - 1] != t]
    assert len(changes) == len(set(changes)) == 4
    assert len(bench.profiles()) == 20


def test_folder_placeholder_starts_no_import(bench: Workbench) -> None:
    for name in ("archive/", ""):
        version = bench.drop("", name=name)

        ended = bench.end_of(bench.execution_of(version))

        assert ended["status"] == "SUCCEEDED"
        assert "NothingToImport" in bench.history(ended["executionArn"])


def test_drop_for_invalid_feed_name_ends_with_the_reason(bench: Workbench) -> None:
    before = len(bench.imports())

    execution = bench.execution_of(bench.drop(people(1), feed="people`x`"))

    bench.end_of(execution)
    ended = bench.step_functions.describe_execution(executionArn=execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "NoImport")
    assert "NotADrop: Invalid feed name 'people`x`'" in ended["cause"]
    assert len(bench.imports()) == before


def test_an_event_that_names_no_drop_ends_with_the_reason(bench: Workbench) -> None:
    started = bench.step_functions.start_execution(
        stateMachineArn=bench.state_machine, input=json.dumps({"detail": {}})
    )

    ended = bench.end_of(started["executionArn"])

    assert ended["status"] == "FAILED"
    assert "NoImport" in bench.history(started["executionArn"])
    assert bench.run(people(1))["status"] == "Completed"
