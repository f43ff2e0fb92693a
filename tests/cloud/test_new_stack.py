"""A new stack in the second cloud does everything that Prefdrop does, with IAM enforced."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.deployed import HOLDING, Deployed, deployed
from tests.cloud.emulator import Emulator
from tests.workbench import FEED, ROOT, people

WRONG = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
EXPORT = """
[export]
segment = "AllProfiles"
mode = "incremental"
[output]
format = "jsonl"
"""


@pytest.fixture(scope="module")
def stack(cloud: Emulator, built: Path) -> Iterator[Deployed]:
    with deployed(cloud, "prefdrop", built) as made:
        made.push_feed(FEED)
        made.push_feed(HOLDING, "careful")
        yield made


def test_import_ends_with_its_rejects(stack: Deployed, tmp_path: Path) -> None:
    stack.drop(people(30) + "X-1,Cy,no-address,Y\n" + WRONG, "people.csv")

    report = stack.report("people.csv")

    assert (report["status"], report["reconciled"]) == ("CompletedWithRejects", True)
    assert (report["rows_read"], report["processed"]) == (35, 30)
    assert (report["rejected_local"], report["rejected_validation"]) == (1, 4)
    out = tmp_path / "rejects.csv"
    import_id = stack.imports()["people.csv"]["import_id"]
    stack.prefdrop("imports", "rejects", import_id, "-o", str(out))
    rows = list(csv.DictReader(io.StringIO(out.read_text(), newline="")))
    assert [row["_stage"] for row in rows] == ["local", *["validation"] * 4]


def test_held_import_is_approved(stack: Deployed) -> None:
    stack.drop(people(20, first=100) + WRONG, "held.csv", "careful")
    stack.wait_for_state("held.csv", "AwaitApproval")

    stack.prefdrop("imports", "approve", stack.imports()["held.csv"]["import_id"])

    report = stack.report("held.csv")
    assert (report["status"], report["processed"]) == ("CompletedWithRejects", 20)


def test_import_without_a_feed_fails_by_name_and_is_retried(
    stack: Deployed, tmp_path: Path
) -> None:
    stack.drop(people(2, first=600), "early.csv", "late")
    assert stack.report("early.csv")["error"]["code"] == "FeedMissing"
    feed = tmp_path / "late.toml"
    feed.write_text(FEED)

    stack.prefdrop("feeds", "push", str(feed))
    stack.prefdrop("imports", "retry", stack.imports()["early.csv"]["import_id"], "--watch")

    assert stack.report("early.csv")["processed"] == 2


def test_exports_run_full_and_incremental(stack: Deployed, tmp_path: Path) -> None:
    definition = tmp_path / "people.toml"
    definition.write_text(EXPORT)
    stack.prefdrop("exports", "push", str(definition))

    whole = stack.asked("exports", "run", "people", "--full")
    stack.drop(people(3, first=500), "more.csv")
    stack.report("more.csv")
    changed = stack.asked("exports", "run", "people")

    assert whole["records"] > 0
    assert changed["records"] > 0


def test_webhook_keeps_an_event_once(stack: Deployed) -> None:
    body = json.loads((ROOT / "events/receive_webhook.json").read_text())["body"]

    assert [stack.deliver(body) for _ in range(2)] == [200, 200]
    assert stack.deliver(body, key="not-the-key-of-this-stack") in (401, 403, 404)

    listed = stack.asked("events", "list", "--since", "1d")
    assert [one["event_id"] for one in listed] == [json.loads(body)["EventId"]]


def test_backfill_brings_events_of_imports(stack: Deployed) -> None:
    before = len(stack.asked("events", "list", "--since", "1d"))

    stack.prefdrop("events", "backfill", "--since", "1h", "--all")

    assert len(stack.asked("events", "list", "--since", "1d")) > before


def test_configuration_is_refreshed(stack: Deployed) -> None:
    stack.prefdrop("configuration", "pull")

    assert stack.asked("configuration", "show")


def test_doctor_finds_nothing_bad(stack: Deployed) -> None:
    found = stack.asked("doctor")

    assert found["well"], found["findings"]
