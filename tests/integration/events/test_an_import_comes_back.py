"""What an import changes comes back as events, and each is kept exactly once, whatever happens.

The vendor delivers twice, out of order, late, and drops a tenth; the store fails at every third
write. What no delivery brought, reading back finds. The sandbox's own list of events is the oracle.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from prefdrop.ledger.table import unmarshal
from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop.mypreferences.subscriptions_models import Subscription, select_all_events
from prefdrop_local.stack.table_requests import TableFaultError, TableRequest
from tests.tiers import second_tier, spread
from tests.workbench import PATIENCE, ROOT, Workbench, people

UNRELIABLE = [
    {"kind": "drop", "chance": 0.1},
    {"kind": "duplicate", "chance": 0.2, "copies": 2},
    {"kind": "reorder", "chance": 0.2, "behind": 7},
    {"kind": "delay", "chance": 0.05},
]


def subscribe(bench: Workbench) -> None:
    """Let a vendor that holds nothing deliver all its events to an empty stack."""
    bench.reset_vendor()
    bench.set_vendor(delivery_shape="array", delivery_batch=25, delivery_wait_scale=0.001)
    bench.empty_tables("Audit", "Exceptions")
    bench.push_feed((ROOT / "feeds/crm-contacts.toml").read_text(), "crm-contacts")
    known = bench.sandbox.credentials
    auth = PnAuthInfo3(known["client_id"], known["user_id"], known["secret"])
    with Client(bench.sandbox.url, known["client_id"], auth) as client:
        client.subscriptions.create(
            Subscription(
                name="audit", url=bench.stack.webhook_url, subscriptions=select_all_events()
            )
        )
    settle(bench)


def settle(bench: Workbench) -> dict[str, int]:
    """Wait until the sandbox has delivered all it means to; how many deliveries ended how."""
    for _ in range(20):
        idle = bench.vendor("events/idle", timeout=50)
        if idle["idle"]:
            deliveries: dict[str, int] = idle["deliveries"]
            return deliveries
    raise AssertionError("deliveries do not end")


def example(rows: int) -> bytes:
    lines = (ROOT / "feeds/crm-contacts.csv").read_bytes().splitlines(keepends=True)
    return b"".join(lines[: rows + 1])


def events_made(bench: Workbench) -> dict[str, dict[str, Any]]:
    """Every event that the sandbox has made, by its id."""
    made: dict[str, dict[str, Any]] = {}
    since: int | None = 0
    while since is not None:
        page = bench.vendor("events", since=since, limit=1000)
        made |= {one["event"]["EventId"]: one["event"] for one in page["events"]}
        since = page["next"]
    return made


def table(bench: Workbench, output: str) -> list[dict[str, Any]]:
    name = bench.stack.outputs[output]
    pages = bench.dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return [unmarshal(item) for page in pages for item in page["Items"]]


class FailingStore:
    """Refuses every third write of the audit table, before or after it was applied."""

    def __init__(self, bench: Workbench) -> None:
        self.writes = 0
        self.failed = 0
        self._table = bench.stack.outputs["AuditTableName"]

    def __call__(self, request: TableRequest) -> None:
        if not self._writes(request):
            return
        if request.moment == "before":
            self.writes += 1
        if self.writes % 3 == 0 and request.moment == ("before", "after")[self.writes % 2]:
            self.failed += 1
            raise TableFaultError("InternalServerError")

    def _writes(self, request: TableRequest) -> bool:
        writing = request.action in ("PutItem", "UpdateItem")
        return writing and request.body.get("TableName") == self._table


@pytest.mark.parametrize("rows", spread([60, 600], 1, "more rows than one page of events"))
def test_every_event_of_an_import_is_kept_exactly_once(bench: Workbench, rows: int) -> None:
    subscribe(bench)
    requests.put(
        bench.sandbox.admin_url + "events/faults",
        json={"seed": 7, "rules": UNRELIABLE},
        timeout=PATIENCE,
    ).raise_for_status()
    store = FailingStore(bench)
    stop = bench.stack.on_table_request(store)

    report = bench.run(example(rows), feed="crm-contacts", name="crm-contacts.csv")
    settle(bench)
    requests.post(bench.sandbox.admin_url + "events/release", timeout=PATIENCE).raise_for_status()
    settle(bench)
    stop()

    made = events_made(bench)
    kept = table(bench, "AuditTableName")
    struck = {r["kind"]: r["strikes"] for r in bench.vendor("events/faults")["rules"]}
    assert report["processed"] > 0
    assert store.failed > 0
    assert all(struck.values()), struck
    assert len(kept) == len(made) - struck["drop"]

    answer = json.loads(bench.stack.invoke("BackfillEventsFunction", b"{}").answer)

    kept = table(bench, "AuditTableName")
    assert answer["next"] == "done"
    assert answer["missed"] == struck["drop"]
    assert Counter(item["pk"] for item in kept) == Counter(list(made))
    for item in kept:
        assert json.loads(item["raw"])["EventType"] == made[item["pk"]]["EventType"]
        assert item.get("missed", False) == (item["source"] == "backfill")
    assert [e for e in table(bench, "ExceptionsTableName") if e["pk"].startswith("EVENT#")] == []


def test_an_event_can_be_traced_from_the_person_it_is_about(bench: Workbench) -> None:
    somebody = bench.profiles()[0]

    done = bench.prefdrop("events", "list", "--profile", str(somebody["ProfileId"]), "--json")

    listed = json.loads(done.stdout)
    about = [e for e in events_made(bench).values() if e["ProfileId"] == somebody["ProfileId"]]
    assert Counter(one["event_id"] for one in listed) == Counter(e["EventId"] for e in about)


def test_what_an_event_changed_is_shown_as_a_difference(bench: Workbench) -> None:
    bench.push_feed()
    bench.run("id,first,email,news\nC-9001,Ana,ana9001@example.test,Y\n")
    bench.run("id,first,email,news\nC-9001,Anna,ana9001@example.test,Y\n", name="later.csv")
    settle(bench)
    changed = {"--type": "standardfield.firstname.updated", "--since": "1h", "--limit": "1"}

    words = [word for option in changed.items() for word in option]
    (listed,) = json.loads(bench.prefdrop("events", "list", *words, "--json").stdout)
    shown = bench.prefdrop("events", "show", listed["event_id"])

    assert shown.returncode == 0
    assert 'FirstName: "Ana" → "Anna"' in shown.stdout


@second_tier("the same through the command; test_reading_back is the short form")
def test_missed_events_are_read_back_by_person_by_id_and_for_the_account(bench: Workbench) -> None:
    subscribe(bench)
    requests.put(
        bench.sandbox.admin_url + "events/faults",
        json={"rules": [{"kind": "drop"}]},
        timeout=PATIENCE,
    ).raise_for_status()
    bench.push_feed()
    bench.run(people(3, first=9100), name="unseen.csv")
    settle(bench)
    unseen = [e for e in events_made(bench).values() if is_new(bench, e)]
    one, other = unseen[0], unseen[-1]

    def read_back(*words: str) -> dict[str, int]:
        done = bench.prefdrop("events", "backfill", *words, "--json")
        assert done.returncode == 0, done.stderr
        counts: dict[str, int] = json.loads(done.stdout)
        return counts

    of_person = read_back("--profile", str(one["ProfileId"]))
    of_id = read_back("--event", other["EventId"])
    of_account = read_back("--since", "1d")

    mine = [e for e in unseen if e["ProfileId"] == one["ProfileId"]]
    assert one["ProfileId"] != other["ProfileId"]
    assert (of_person["stored"], of_person["missed"]) == (len(mine), len(mine))
    assert of_id["stored"] == 1
    assert of_account["stored"] == len(unseen) - len(mine) - 1
    assert read_back("--since", "1d")["stored"] == 0


def test_what_was_not_understood_can_be_seen_and_fetched(bench: Workbench, tmp_path: Path) -> None:
    address = bench.stack.webhook_url or ""
    one = next(iter(events_made(bench).values()))
    json_type = {"Content-Type": "application/json"}
    requests.post(address, data=b"{no json", headers=json_type, timeout=PATIENCE).raise_for_status()
    changed = one | {"Data": {"Another": "fact"}}
    requests.post(address, json=changed, timeout=PATIENCE).raise_for_status()

    listed = bench.prefdrop("events", "exceptions", "--out", str(tmp_path / "kept"), "--json")
    shown = bench.prefdrop("events", "show", one["EventId"], "--json")

    codes = Counter(each["code"] for each in json.loads(listed.stdout))
    bodies = [file.read_bytes() for file in (tmp_path / "kept").iterdir()]
    (conflict,) = json.loads(shown.stdout)["conflicts"]
    assert codes == {"EventNotUnderstood": 1, "EventConflict": 1}
    assert b"{no json" in bodies
    assert json.loads(conflict["body"])["Data"] == {"Another": "fact"}


def is_new(bench: Workbench, event: dict[str, Any]) -> bool:
    name = bench.stack.outputs["AuditTableName"]
    key = {"pk": {"S": event["EventId"]}}
    return "Item" not in bench.dynamodb.get_item(TableName=name, Key=key)


def test_nothing_of_an_event_is_in_the_logs(bench: Workbench) -> None:
    said = bench.logs()

    assert "received" in said
    assert "example.test" not in said
    assert (bench.stack.webhook_url or "").rpartition("/")[2] not in said
