"""The way back: the sandbox of a local stack delivers its events to the stack's webhook."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefdrop_local.stack import LocalStack

NAME = "prefdrop-local"
"""Name of the subscription at the sandbox."""
STEP_SECONDS = 1.0
"""How long the sandbox is asked to wait before it is looked at again."""


class ReturningEvents:
    """Counts the events that came back and were kept: each is told to the stack's bus once."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._kept: set[str] = set()
        stack.on_event(self._note)
        _subscribe(stack)

    @property
    def count(self) -> int:
        """How many different events are in the audit table since the stack started."""
        return len(self._kept)

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


def _subscribe(stack: LocalStack) -> None:
    """Subscribe the webhook to all event types; the sandbox shakes hands before it sends."""
    from prefdrop.mypreferences import Client, PnAuthInfo3
    from prefdrop.mypreferences.subscriptions_models import Subscription, select_all_events

    user = stack.sandbox.credentials
    auth = PnAuthInfo3(user["client_id"], user["user_id"], user["secret"])
    with Client(stack.sandbox.url, user["client_id"], auth) as client:
        client.subscriptions.create(
            Subscription(name=NAME, url=stack.webhook_url, subscriptions=select_all_events())
        )
