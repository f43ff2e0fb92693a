"""Exports on the local stack: the template's own workflow, the sandbox over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.integration.exports.exporter import Exporter
from tests.workbench import ROOT

EVERYBODY = """
[export]
segment = "AllProfiles"
mode = "incremental"
[output]
object_bytes = 30_000
"""


def by_id(profiles: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {profile["ProfileId"]: profile for profile in profiles}


def test_what_was_imported_is_exported_as_the_vendor_holds_it(exporter: Exporter) -> None:
    name = exporter.define(EVERYBODY)

    manifest = exporter.run(name, "1")

    records = exporter.records(manifest)
    assert len(records) == manifest["records"] == len(by_id(records))
    assert by_id(records) == by_id(exporter.bench.profiles())
    assert len(manifest["objects"]) > 1


def test_a_csv_export_with_the_feed_s_columns_changes_nothing_when_it_is_imported_again(
    exporter: Exporter,
) -> None:
    definition = (ROOT / "exports/crm-contacts.toml").read_text()
    name = exporter.define(definition, "crm-contacts")
    before = exporter.bench.profiles()

    manifest = exporter.run(name, "1")
    (body,) = exporter.bodies(manifest)
    began = datetime.now(UTC)
    report = exporter.bench.run(body, "crm-contacts", "back.csv")

    assert manifest["inexpressible"] == {}
    assert report["processed"] == report["rows_read"] == len(before)
    assert exporter.events_since(began) == []
    after = exporter.bench.profiles()
    assert [undated(one) for one in after] == [undated(one) for one in before]


def undated(value: Any) -> Any:
    """A profile without the dates of the last time that it was written, changed or not."""
    if isinstance(value, dict):
        return {k: undated(v) for k, v in value.items() if k != "LastModifiedDate"}
    return [undated(one) for one in value] if isinstance(value, list) else value


def test_the_vendor_s_callback_ends_the_wait(exporter: Exporter) -> None:
    name = exporter.define(EVERYBODY)

    seen = len(exporter.bench.stack.invocations)
    exporter.run(name, "1")

    export = exporter.bench.vendor("exports")["exports"][-1]
    assert [attempt["status"] for attempt in export["callbacks"]] == [204]
    calls = [one.function for one in exporter.bench.stack.invocations[seen:]]
    assert sum("check" in function.lower() for function in calls) == 1


def test_results_come_over_the_bus(exporter: Exporter) -> None:
    name = exporter.define(EVERYBODY)

    manifest = exporter.run(name, "1")

    def told() -> dict[str, Any] | None:
        for event in exporter.bench.events:
            if event["detail-type"] == "ExportCompleted" and event["detail"]["export"] == name:
                detail: dict[str, Any] = event["detail"]
                return detail
        return None

    detail = exporter.bench.wait_for(told)
    assert detail["counts"]["records"] == manifest["records"]
    assert detail["manifest_key"] == f"exports/{name}/1/manifest.json"


def test_a_run_leaves_no_token_and_no_record_where_they_do_not_belong(exporter: Exporter) -> None:
    name = exporter.define(EVERYBODY)

    arn = exporter.start(name, "1")
    exporter.bench.end_of(arn)

    export = exporter.bench.vendor("exports")["exports"][-1]
    seen = exporter.bench.history(arn) + exporter.bench.logs()
    assert f'"{export["token"]}"' not in seen
    assert f'AccessToken\\": {export["token"]}' not in seen
    assert "example.test" not in seen
