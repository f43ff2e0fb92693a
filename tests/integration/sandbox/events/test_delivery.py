"""Delivery: the handshake, what a notification looks like, and what happens when it fails."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from prefdrop_local.sandbox.process import start_sandbox
from tests.integration.sandbox.caller import Json, Vendor
from tests.integration.sandbox.events.conftest import Account
from tests.integration.sandbox.events.receiver import (
    Greeting,
    Receiver,
    challenge,
    cloud_events,
    event_grid,
    refusing,
)
from tests.workbench import PATIENCE

Contact = Callable[..., Json]

ATTEMPTS = 11
"""How often a notification is tried in 24 hours."""


def _handshake(account: Account) -> Json:
    [subscription] = account.vendor.admin("GET", "subscriptions")["subscriptions"]
    return dict(subscription["handshake"])


def _tried(account: Account) -> list[int]:
    """How often each delivery was tried."""
    return [
        len(delivery["attempts"])
        for event in account.vendor.admin("GET", "events")["events"]
        for delivery in event["deliveries"]
    ]


def test_every_event_of_an_import_is_delivered_as_it_can_be_read(
    account: Account, receiver: Receiver, contact: Contact
) -> None:
    account.subscribe(receiver)
    account.vendor.run(contact("C-1", CustomerName={"FirstName": "Ana"}), contact("C-2"))

    assert account.settle() == {"delivered": 5}

    by_id = {event["EventId"]: event for event in receiver.events}
    assert by_id == {event["EventId"]: event for event in account.events()}
    assert len(receiver.events) == 5


class TestHandshake:
    @pytest.mark.parametrize(
        ("mode", "greeting", "method"),
        [
            ("event_grid", event_grid, "POST"),
            ("cloud_events", cloud_events, "OPTIONS"),
            ("challenge", challenge, "POST"),
        ],
    )
    def test_it_comes_before_the_first_notification(
        self, account: Account, receiver: Receiver, contact: Contact,
        mode: str, greeting: Greeting, method: str,
    ) -> None:  # fmt: skip
        account.vendor.switch(handshake=mode)
        receiver.greeting = greeting

        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle()

        assert [arrived.method for arrived in receiver.handshakes] == [method]
        assert receiver.types == ["profile.created"]
        assert _handshake(account)["state"] == "done"

    def test_it_can_be_left_out(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.vendor.switch(handshake="none")

        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle()

        assert receiver.handshakes == []
        assert receiver.types == ["profile.created"]

    def test_a_receiver_that_answers_wrongly_gets_no_notification(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        receiver.greeting = refusing

        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle()

        assert receiver.notifications == []
        assert len(receiver.handshakes) == ATTEMPTS
        assert _handshake(account)["state"] == "failed"

    def test_a_replaced_subscription_tries_again_and_brings_what_had_waited(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        receiver.greeting = refusing
        subscription = account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle()
        receiver.greeting = event_grid

        account.replace(subscription, Description="fixed")
        account.settle()

        assert receiver.types == ["profile.created"]

    def test_another_url_needs_another_handshake(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        subscription = account.subscribe(receiver, "profile.created")
        account.settle()
        with Receiver() as moved:
            account.replace(subscription, Url=moved.url)
            account.vendor.run(contact("C-1"))
            account.settle()

            assert len(moved.handshakes) == 1
            assert moved.types == ["profile.created"]
        assert receiver.types == []

    def test_a_paused_subscription_shakes_hands_when_it_is_resumed(
        self, account: Account, receiver: Receiver
    ) -> None:
        subscription = account.subscribe(receiver, State="Paused")
        account.settle()
        assert receiver.handshakes == []

        account.replace(subscription, State="Active")
        account.settle()

        assert len(receiver.handshakes) == 1


class TestPausing:
    @pytest.mark.parametrize(("catch_up", "told"), [(True, ["C-1", "C-2"]), (False, ["C-2"])])
    def test_what_happened_meanwhile_is_caught_up_only_if_that_is_asked_for(
        self, account: Account, receiver: Receiver, contact: Contact,
        catch_up: bool, told: list[str],
    ) -> None:  # fmt: skip
        subscription = account.subscribe(
            receiver, "contacts.alternateid.added", CatchUpOnResume=catch_up
        )
        paused = account.replace(subscription, State="Paused")
        account.vendor.run(contact("C-1"))
        account.settle()
        assert receiver.events == []

        account.replace(paused, State="Active")
        account.vendor.run(contact("C-2"))
        account.settle()

        assert sorted(event["Data"]["AlternateId"] for event in receiver.events) == told

    def test_catching_up_reaches_back_fifteen_days(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        subscription = account.subscribe(
            receiver, "contacts.alternateid.added", CatchUpOnResume=True, State="Paused"
        )
        account.vendor.run(contact("C-1"))
        account.vendor.advance(hours=24)
        account.vendor.run(contact("C-2"))
        account.vendor.advance(hours=14.5 * 24)

        account.replace(subscription, State="Active")
        account.settle()

        assert [event["Data"]["AlternateId"] for event in receiver.events] == ["C-2"]


class TestShape:
    def test_a_minimised_subscription_brings_no_data(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.subscribe(receiver, "contacts.alternateid.added", IsMinimized=True)
        account.vendor.run(contact("C-1"))
        account.settle()

        [event] = receiver.events
        assert "Data" not in event
        fetched = account.call("GET", f"/{event['EventId']}").json()
        assert fetched["Data"]["AlternateId"] == "C-1"

    def test_a_profile_is_named_by_its_alternate_id_if_the_subscription_says_so(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.subscribe(receiver, "profile.created", AlternateIdType="CrmContactId")
        account.vendor.run(contact("C-1"))
        account.settle()

        assert receiver.events[0]["ProfileId"] == "C-1"

    def test_events_can_come_in_arrays(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.vendor.switch(delivery_shape="array", delivery_batch=4)
        account.subscribe(receiver, "profile.created")
        account.vendor.run(*(contact(f"C-{n}") for n in range(10)))
        account.settle()

        sizes = [len(arrived.json) for arrived in receiver.notifications]
        assert sum(sizes) == 10
        assert max(sizes) == 4

    def test_a_notification_can_carry_a_shared_secret(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.vendor.switch(delivery_header="X-Shared-Secret: abc 123")
        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle()

        [arrived] = receiver.notifications
        assert arrived.headers["x-shared-secret"] == "abc 123"
        assert "webhook-signature" not in arrived.headers

    def test_a_notification_can_be_signed_and_says_that_the_vendor_would_not(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        key = b"an invented key for this test"
        secret = "whsec_" + base64.b64encode(key).decode()
        account.vendor.switch(delivery_signing_secret=secret)
        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle()

        [arrived] = receiver.notifications
        headers = arrived.headers
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + arrived.body
        digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{digest}"
        assert headers["webhook-id"] == arrived.json["EventId"]
        assert "sandbox" in headers["x-sandbox-signature"]


class TestFailing:
    def test_a_failed_notification_is_sent_again_until_it_is_taken(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        receiver.statuses = [500, 429, 302, 404]
        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))

        assert account.settle() == {"delivered": 1}

        assert len({arrived.body for arrived in receiver.notifications}) == 1
        [event] = account.vendor.admin("GET", "events")["events"][:1]
        statuses = [attempt["status"] for attempt in event["deliveries"][0]["attempts"]]
        assert statuses == [500, 429, 302, 404, 200]

    def test_it_is_given_up_in_the_end_and_the_event_can_still_be_read(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        receiver.statuses = [503] * ATTEMPTS
        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))

        assert account.settle() == {"given_up": 1}

        assert len(receiver.notifications) == ATTEMPTS
        assert account.types(eventType="profile.created") == ["profile.created"]

    def test_the_waits_between_attempts_grow_on_the_sandbox_s_clock(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.vendor.switch(delivery_wait_scale=1)
        account.vendor.stop_clock()
        receiver.statuses = [503] * ATTEMPTS
        account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle(retries="false")

        for number, wait in enumerate((10, 30, 60, 300), start=1):
            account.vendor.advance(seconds=wait - 1)
            account.settle(retries="false")
            assert len(receiver.notifications) == number
            account.vendor.advance(seconds=1)
            account.settle(retries="false")
            assert len(receiver.notifications) == number + 1

    def test_a_receiver_that_does_not_answer_in_time_has_failed(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.subscribe(receiver, "profile.created")
        account.settle()
        account.vendor.switch(delivery_timeout_seconds=0.05)
        receiver.hold = threading.Event()

        account.vendor.run(contact("C-1"))

        assert account.settle() == {"given_up": 1}
        [event] = account.vendor.admin("GET", "events")["events"][:1]
        assert event["deliveries"][0]["attempts"][0]["error"] == "ReadTimeout"

    def test_a_receiver_that_is_not_there_is_tried_again(
        self, account: Account, contact: Contact
    ) -> None:
        account.vendor.switch(handshake="none")
        account.subscribe("http://127.0.0.1:9/hook", "profile.created")
        account.vendor.run(contact("C-1"))

        assert account.settle() == {"given_up": 1}
        assert _tried(account) == [ATTEMPTS]

    def test_what_is_left_of_a_deleted_subscription_is_not_delivered(
        self, account: Account, receiver: Receiver, contact: Contact
    ) -> None:
        account.vendor.switch(delivery_wait_scale=1)
        receiver.statuses = [503]
        subscription = account.subscribe(receiver, "profile.created")
        account.vendor.run(contact("C-1"))
        account.settle(retries="false")

        account.replace(subscription, IsActive=False)

        assert account.settle() == {"cancelled": 1}
        assert len(receiver.notifications) == 1


class TestProcess:
    def test_a_new_process_delivers_what_the_last_one_could_not(
        self, tmp_path: Path, receiver: Receiver, contact: Contact
    ) -> None:
        options = {"database": tmp_path / "sandbox.db", "queued_seconds": 0,
                   "allow_http_loopback": True, "delivery_wait_scale": 0}  # fmt: skip
        receiver.hold = threading.Event()
        with start_sandbox(**options) as process:
            account = Account(Vendor(process))
            account.subscribe(receiver, "profile.created")
            account.vendor.run(contact("C-1"))
            _until(lambda: bool(receiver.notifications))
            assert process.stop() == 0
        receiver.hold.set()

        with start_sandbox(**options) as process:
            assert Account(Vendor(process)).settle() == {"delivered": 1}

        first, second = receiver.events
        assert first == second
        assert len(receiver.handshakes) == 1


def _until(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.01)
