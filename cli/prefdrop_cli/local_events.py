"""The way back: the sandbox of a local stack delivers its events to the stack's webhook."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefdrop.mypreferences import Client
    from prefdrop_local.stack import LocalStack

NAME = "prefdrop-local"
"""Name of the subscription at the sandbox."""
STEP_SECONDS = 1.0
"""How long the sandbox is asked to wait before it is looked at again."""


class ReturningEvents:
    """Counts the events that came back and were kept: each is told to the stack's bus once.

    With `hold` nothing is delivered before `release`, so that events do not share the machine
    with the import that causes them.
    """

    def __init__(self, stack: LocalStack, *, hold: bool = False) -> None:
        self._stack = stack
        self._kept: set[str] = set()
        stack.on_event(self._note)
        self._subscription = self._subscribe(hold=hold)

    @property
    def count(self) -> int:
        """How many different events are in the audit table since the stack started."""
        return len(self._kept)

    def release(self) -> None:
        """Let the sandbox deliver what was held."""
        with self._client() as client:
            client.subscriptions.resume(self._subscription, catch_up=True)

    def wait(self, seconds: float) -> bool:
        """Wait until the sandbox has delivered all that has happened; whether it came to that."""
        deadline = time.monotonic() + seconds
        while not self._all_delivered():
            if time.monotonic() >= deadline:
                return False
        return self._stack.wait_for_pipes(max(STEP_SECONDS, deadline - time.monotonic()))

    def _all_delivered(self) -> bool:
        import requests

        answer = requests.get(
            f"{self._stack.sandbox.admin_url}events/idle",
            params={"timeout": STEP_SECONDS},
            timeout=STEP_SECONDS + 30,
        )
        return answer.ok and bool(answer.json()["idle"])

    def _note(self, event: dict[str, Any]) -> None:
        if event["source"] == "prefdrop.events":
            self._kept.add(event["detail"]["event_id"])

    def _subscribe(self, *, hold: bool) -> int | str:
        """Subscribe the webhook to all event types; the sandbox shakes hands before it sends."""
        from prefdrop.mypreferences.subscriptions_models import (
            ACTIVE,
            PAUSED,
            Subscription,
            select_all_events,
        )

        wanted = Subscription(
            name=NAME,
            url=self._stack.webhook_url,
            state=PAUSED if hold else ACTIVE,
            subscriptions=select_all_events(),
        )
        with self._client() as client:
            created = client.subscriptions.create(wanted)
        assert created.id is not None, "the client answers a subscription with its id"
        return created.id

    def _client(self) -> Client:
        from prefdrop.mypreferences import Client, PnAuthInfo3

        user = self._stack.sandbox.credentials
        auth = PnAuthInfo3(user["client_id"], user["user_id"], user["secret"])
        return Client(self._stack.sandbox.url, user["client_id"], auth)
