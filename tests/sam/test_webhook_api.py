"""The webhook behind a real HTTP server, `sam local start-api`, in the built function."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
import requests

from prefdrop.ledger.table import unmarshal
from tests.workbench import PATIENCE, ROOT, Workbench
from tools.sam_local.running import SamLocal

SAMPLE = json.loads(json.loads((ROOT / "events/receive_webhook.json").read_text())["body"])


@pytest.fixture(scope="module")
def address(sam: SamLocal, bench: Workbench) -> Iterator[str]:
    """Where the vendor would deliver, key included."""
    key = (bench.stack.webhook_url or "").rpartition("/")[2]
    with sam.serving("start-api") as served:
        yield f"{served}/webhooks/mypreferences/{key}"


def kept(bench: Workbench, event_id: str) -> dict[str, object] | None:
    table = bench.stack.outputs["AuditTableName"]
    answer = bench.dynamodb.get_item(TableName=table, Key={"pk": {"S": event_id}})
    return unmarshal(answer["Item"]) if "Item" in answer else None


def test_delivered_events_are_kept_once_before_they_are_answered(
    address: str, bench: Workbench
) -> None:
    events = [SAMPLE | {"EventId": str(uuid.uuid4())} for _ in range(3)]

    first = requests.post(address, json=events, timeout=PATIENCE)
    again = requests.post(address, json=events[0], timeout=PATIENCE)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["stored"] == 3
    assert again.json()["duplicate"] == 1
    for event in events:
        item = kept(bench, event["EventId"])
        assert item is not None
        assert json.loads(str(item["raw"])) == event


def test_a_caller_without_the_key_is_refused_and_leaves_nothing(
    address: str, bench: Workbench
) -> None:
    event = SAMPLE | {"EventId": str(uuid.uuid4())}
    elsewhere = address.rpartition("/")[0] + "/not-the-key"

    answer = requests.post(elsewhere, json=event, timeout=PATIENCE)

    assert answer.status_code == 401
    assert kept(bench, event["EventId"]) is None


def test_the_handshake_is_answered(address: str) -> None:
    validation = [
        {
            "id": "1",
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "data": {"validationCode": "0A1B2C"},
        }
    ]

    answer = requests.post(address, json=validation, timeout=PATIENCE)

    assert (answer.status_code, answer.json()) == (200, {"validationResponse": "0A1B2C"})
