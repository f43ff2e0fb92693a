"""A stack of an earlier commit, with work in it, is updated to this one by `sam deploy`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cloud.deployed import HOLDING, Deployed, deployed
from tests.cloud.emulator import Emulator
from tests.workbench import FEED, ROOT, people

WRONG = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
QUEUED = 1200
"""Seconds for which the vendor keeps an import queued: longer than an update takes."""


def fill(stack: Deployed) -> None:
    """Leave an ended import, one with rejects, and an event."""
    stack.push_feed(FEED)
    stack.drop(people(5), "completed.csv")
    stack.drop(people(5, first=20) + "X-1,Cy,no-address,Y\n", "rejects.csv")
    assert stack.report("completed.csv")["processed"] == 5
    assert stack.report("rejects.csv")["rejected_local"] == 1
    body = json.loads((ROOT / "events/receive_webhook.json").read_text())["body"]
    assert stack.deliver(body) == 200


def shown(stack: Deployed) -> dict[str, object]:
    """Return what operators read of ended imports and events."""
    ended = {
        file: (one["status"], stack.asked("imports", "show", one["import_id"]))
        for file, one in stack.imports().items()
        if one["status"] in ("Completed", "CompletedWithRejects")
    }
    return {"imports": ended, "events": stack.asked("events", "list", "--since", "1d")}


def test_held_and_queued_imports_survive_the_update(
    cloud: Emulator, built_earlier: Path, built: Path
) -> None:
    with deployed(cloud, "held", built_earlier) as stack:
        fill(stack)
        stack.push_feed(HOLDING)
        stack.drop(people(20, first=100) + WRONG, "held.csv")
        stack.wait_for_state("held.csv", "AwaitApproval")
        stack.drop(people(6, first=200), "waits.csv")
        stack.wait_for_state("waits.csv", "TakeTurn")
        secrets, before = stack.secret_texts, shown(stack)

        stack.deploy(built)

        assert stack.secret_texts == secrets
        assert shown(stack) == before
        assert {file: one["status"] for file, one in stack.imports().items()} == {
            "completed.csv": "Completed",
            "rejects.csv": "CompletedWithRejects",
            "held.csv": "Held",
            "waits.csv": "Queued",
        }
        stack.prefdrop("imports", "approve", stack.imports()["held.csv"]["import_id"])
        report = stack.report("held.csv")
        assert (report["status"], report["processed"], report["reconciled"]) == (
            "CompletedWithRejects", 20, True,
        )  # fmt: skip
        report = stack.report("waits.csv")
        assert (report["status"], report["processed"]) == ("Completed", 6)


def test_executing_import_survives_the_update(
    cloud: Emulator, built_earlier: Path, built: Path
) -> None:
    with deployed(cloud, "executing", built_earlier) as stack:
        stack.push_feed(FEED)
        stack.set_vendor(queued_seconds=QUEUED)
        stack.drop(people(12, first=300), "executing.csv")
        stack.wait_for_state("executing.csv", "WaitForStatus")
        stack.drop(people(6, first=400), "waits.csv")
        stack.wait_for_state("waits.csv", "TakeTurn")
        secrets = stack.secret_texts

        stack.deploy(built)

        assert stack.secret_texts == secrets
        stack.set_vendor(queued_seconds=0)
        stack.advance_vendor(QUEUED)
        report = stack.report("executing.csv")
        assert (report["status"], report["processed"], report["reconciled"]) == (
            "Completed", 12, True,
        )  # fmt: skip
        assert stack.report("waits.csv")["processed"] == 6
