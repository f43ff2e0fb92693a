"""Events that no delivery brought are read back by each way that the vendor offers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop.mypreferences.subscriptions_models import Subscription, select_all_events
from tests.integration.events.deliveries import Deliveries
from tests.workbench import PATIENCE, people

DROPS_ALL = {"seed": 1, "rules": [{"kind": "drop", "chance": 1.0}]}


@pytest.fixture
def vendor(deliveries: Deliveries) -> Client:
    known = deliveries.bench.sandbox.credentials
    auth = PnAuthInfo3(known["client_id"], known["user_id"], known["secret"])
    return Client(deliveries.bench.sandbox.url, known["client_id"], auth)


def test_missed_events_are_found_by_event_profile_subscription_and_account(
    deliveries: Deliveries, vendor: Client
) -> None:
    bench = deliveries.bench
    subscription = vendor.subscriptions.create(
        Subscription(name="s", url=bench.stack.webhook_url, subscriptions=select_all_events())
    )
    faults = bench.sandbox.admin_url + "events/faults"
    requests.put(faults, json=DROPS_ALL, timeout=PATIENCE).raise_for_status()
    bench.push_feed()
    bench.run(people(5))
    made = vendor.events.of_account()
    person = made[0].profile_id
    about = [one for one in made if one.profile_id == person]

    by_event = read_back(deliveries, event_id=made[0].event_id)
    by_profile = read_back(deliveries, profile_id=person)
    by_subscription = read_back(deliveries, subscription_id=subscription.id)
    by_account = read_back(deliveries)

    assert (by_event["found"], by_event["stored"], by_event["missed"]) == (1, 1, 0)
    assert (by_profile["stored"], by_profile["missed"]) == (len(about) - 1, len(about))
    assert by_subscription["stored"] == len(made) - len(about)
    assert (by_account["duplicate"], by_account["missed"]) == (len(made), 0)
    kept = deliveries.kept()
    assert set(kept) == {one.event_id for one in made}
    assert all(item["missed"] and item["source"] == "backfill" for item in kept.values())


def test_what_the_vendor_does_not_have_is_said_without_a_guess(deliveries: Deliveries) -> None:
    call = deliveries.bench.stack.invoke(
        "BackfillEventsFunction", json.dumps({"event_id": "no-such-event"}).encode()
    )

    assert json.loads(call.answer)["errorType"] == "Terminal"
    assert "NotFound" in json.loads(call.answer)["errorMessage"]


def read_back(deliveries: Deliveries, **request: Any) -> dict[str, Any]:
    payload = json.dumps(request).encode()
    call = deliveries.bench.stack.invoke("BackfillEventsFunction", payload)
    answer: dict[str, Any] = json.loads(call.answer)
    return answer
