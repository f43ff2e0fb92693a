"""Records what an earlier commit leaves in the ledger, for `recorded.py`.

Run it from a checkout of that commit, with the modules of that checkout before those installed:

    git worktree add /tmp/earlier 2c8a65c && cd /tmp/earlier
    PYTHONPATH=.:layers/prefdrop:cli:local PYTHON record.py OUT.json

It uses the simulation of that commit, so every item, object and waiting state is its own.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefdrop.auditing.bodies import read_body

from prefdrop.auditing.keeping import Keeper, by
from prefdrop.importing import operate
from prefdrop.ledger.audit import AuditStore
from prefdrop.ledger.event_exceptions import EventExceptionStore
from prefdrop_local.sandbox.process import start_sandbox
from tests.emulated_aws import emulated_aws
from tests.faults.interpreter import DEFINITION, Execution
from tests.faults.simulation import Simulation
from tests.unit.auditing.receiver import create_audit_table
from tests.workbench import FEED, people

Json = dict[str, Any]

HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')
WRONG = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(4))
TABLES = ("imports", "exceptions", "audit")
EVENTS = 3


def ended(simulation: Simulation) -> None:
    """Leave imports that ended Completed, CompletedWithRejects, Failed and Aborted."""
    simulation.drop(people(5).encode(), name="completed.csv").run()
    rows = people(5, first=20) + "X-1,Cy,no-address,Y\n"
    simulation.drop(rows.encode(), name="rejects.csv").run()
    simulation.vendor("settings", "PATCH", fail_execution=True)
    simulation.drop(people(3, first=40).encode(), name="failed.csv").run()
    simulation.vendor("settings", "PATCH", fail_execution=False)
    simulation.push_feed(HOLDING)
    cancelled = simulation.drop((people(5, first=60) + WRONG).encode(), name="cancelled.csv").run()
    operate.cancel(simulation.services(), simulation.import_id(cancelled))
    cancelled.run()


def held(simulation: Simulation) -> None:
    """Leave ended imports, events, one import that is held and one that waits for its turn."""
    ended(simulation)
    keep_events(simulation)
    simulation.drop((people(20, first=100) + WRONG).encode(), name="held.csv").run()
    simulation.drop(people(6, first=200).encode(), name="waits.csv").run()


def executing(simulation: Simulation) -> None:
    """Leave an import that waits for the vendor, and one that waits for its turn."""
    simulation.vendor("settings", "PATCH", queued_seconds=600)
    execution = simulation.drop(people(12, first=300).encode(), name="executing.csv")
    while execution.visited[-1:] != ["WaitForStatus"]:
        execution.step()
    simulation.drop(people(6, first=400).encode(), name="waits.csv").run()


def keep_events(simulation: Simulation) -> None:
    """Keep the sample event under a few ids, as the webhook would."""
    sample = json.loads(json.loads(Path("events/receive_webhook.json").read_text())["body"])
    events = [sample | {"EventId": f"{n:08d}-0000-4000-8000-000000000000"} for n in range(EVENTS)]
    objects = simulation.services().objects
    audit = AuditStore(simulation.dynamodb, "audit", lambda: objects)
    exceptions = EventExceptionStore(simulation.dynamodb, "exceptions", lambda: objects, 90)
    items = read_body(json.dumps(events).encode())
    kept = Keeper(audit, exceptions, 2555).keep(items, by("webhook"), lambda: 60.0)
    assert kept == {"stored": EVENTS}


def state_of(execution: Execution) -> Json:
    """Return where a running execution is, and with which data."""
    frame = execution._walk.gi_frame.f_locals
    waiting = execution.waiting
    return {
        "arn": execution.arn,
        "state": frame["name"],
        "data": frame["data"],
        "token": waiting.token if waiting else "",
    }


def objects(simulation: Simulation) -> Iterator[Json]:
    """Yield every version of every object that code reads again, oldest first."""
    listed = simulation.s3.list_object_versions(Bucket="bucket").get("Versions", ())
    for one in sorted(listed, key=lambda version: version["LastModified"]):
        if one["Key"].endswith(".html"):
            continue
        named = {"Key": one["Key"], "VersionId": one["VersionId"]}
        answer = simulation.s3.get_object(Bucket="bucket", **named)
        yield {
            "key": one["Key"],
            "version": one["VersionId"],
            "metadata": answer["Metadata"],
            "body": base64.b64encode(answer["Body"].read()).decode(),
        }


def recorded(simulation: Simulation) -> Json:
    """Return everything that the simulation holds."""
    scan = simulation.dynamodb.scan
    return {
        "at_ns": simulation.clock.time_ns(),
        "tables": {name: scan(TableName=name)["Items"] for name in TABLES},
        "objects": list(objects(simulation)),
        "executions": [state_of(one) for one in simulation.executions if one.status == "RUNNING"],
        "imports": [
            {"import_id": one.import_id, "status": one.status, "report_key": one.report_key}
            for one in simulation.services().imports.list()
        ],
    }


def play(leave: Callable[[Simulation], None]) -> Json:
    """Return what one situation leaves."""
    with (
        start_sandbox(queued_seconds=0, records_per_second=0, daily_limit=1_000_000) as sandbox,
        pytest.MonkeyPatch.context() as patch,
        emulated_aws(),
    ):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        simulation = Simulation(sandbox, patch)
        create_audit_table()
        simulation.push_feed(FEED)
        leave(simulation)
        return recorded(simulation)


def main() -> None:
    """Write both situations, and the definition that their executions run."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    made = {
        "commit": commit,
        "definition": DEFINITION,
        "situations": {leave.__name__: play(leave) for leave in (held, executing)},
    }
    Path(sys.argv[1]).write_text(
        json.dumps(made, separators=(",", ":"), default=lambda raw: raw.decode())
    )


if __name__ == "__main__":
    main()
