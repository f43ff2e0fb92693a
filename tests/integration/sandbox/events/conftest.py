"""A sandbox that delivers to this machine without waits, and somebody to deliver to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mypreferences_assumptions import EVENT_KINDS
from tests.integration.sandbox.caller import Json, Vendor
from tests.integration.sandbox.events.receiver import Receiver


class Account:
    """The events of the sandbox's account, as a subscriber's engineer would use them."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    def call(self, method: str, path: str = "", **options: Any) -> Any:
        """One request below the account's events."""
        return self.vendor.call(method, f"{self.vendor.client_id}/Events{path}", **options)

    def events(self, path: str = "", **query: Any) -> list[Json]:
        """Events as the API tells them; of all changes unless the query says otherwise."""
        answer = self.call("GET", path, params={"subscribedOnly": "false", **query})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["Events"])

    def types(self, **query: Any) -> list[str]:
        return [event["EventType"] for event in self.events(**query)]

    def subscribe(self, receiver: Receiver | str, *kinds: Any, **members: Any) -> Json:
        """A new, active subscription to these event types, or items; to all without any."""
        url = receiver if isinstance(receiver, str) else receiver.url
        items = [item(kind) if isinstance(kind, str) else kind for kind in kinds or EVENT_KINDS]
        body = {"Name": "feed", "Url": url, "State": "Active", "Subscriptions": items, **members}
        answer = self.call("POST", "/Subscriptions", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def replace(self, subscription: Json, **members: Any) -> Json:
        path = f"/Subscriptions/{subscription['Id']}"
        answer = self.call("PUT", path, json={**subscription, **members})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def settle(self, **query: Any) -> Json:
        """Wait until all is delivered or given up; how many deliveries are in which state."""
        answer = self.vendor.admin("GET", "events/idle", params=query)
        assert answer["idle"], answer
        return dict(answer["deliveries"])

    def strike(self, *rules: Json, seed: int = 0) -> None:
        """Put faults of delivery in force."""
        self.vendor.admin("PUT", "events/faults", json={"seed": seed, "rules": list(rules)})


def item(kind: str, **selector: Any) -> Json:
    """An item of a subscription."""
    return {"Entity": EVENT_KINDS[kind].entity, "EventType": kind, **selector}


@pytest.fixture
def account(vendor: Vendor) -> Account:
    vendor.switch(allow_http_loopback=True, delivery_wait_scale=0)
    return Account(vendor)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def ana(contact: Any) -> Any:
    """Makes Ana's record: `ana(Emails=[...])`."""

    def make(**members: Any) -> Json:
        return dict(contact("C-1", **members))

    return make
