"""A local stack with its vendor, for as long as a command needs it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prefdrop.errors import Terminal
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.options import DEFAULT_STACK
from prefdrop_cli.shapes.stack import Places
from prefdrop_cli.vendors import require_reachable

if TYPE_CHECKING:
    from prefdrop.mypreferences import Client
    from prefdrop_local.stack import ExternalVendor, LocalStack, StackSettings


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


ALARM = "AWS::CloudWatch::Alarm"
"""There are many, and nobody misses them here."""


class LocalStackFailed(Terminal):
    """The local stack did not start."""


@dataclass(frozen=True)
class RunningStack:
    """A local stack that is up, and what the command needs to work on it."""

    stack: LocalStack
    deployment: Deployment
    vendor_url: str
    events: ReturningEvents | None
    """What the sandbox reports back; None where another server is the vendor."""

    def places(self) -> Places:
        """Where everything is."""
        return Places(
            endpoint=self.stack.endpoint,
            bucket=self.deployment.bucket,
            webhook_url=self.stack.webhook_url,
            vendor_url=self.vendor_url,
            region=self.deployment.outputs["Region"],
        )

    def gaps(self) -> str:
        """The template's resources that this stack lacks, in a sentence, or nothing."""
        lacking = self.stack.not_carried
        others = sorted(name for name, kind in lacking.items() if kind != ALARM)
        alarms = len(lacking) - len(others)
        named = ", ".join([*others, *([f"{alarms} alarms"] if alarms else [])])
        return f"Not carried on this machine: {named}." if named else ""


@contextmanager
def running_stack(
    server: ExternalVendor | None,
    *,
    port: int = 0,
    hold_events: bool = False,
    allow_hosts: Sequence[str] = (),
) -> Iterator[RunningStack]:
    """Start a stack against `server`, or against a sandbox of its own; stop it all at the end.

    The sandbox delivers its events to the stack's webhook, with `hold_events` once it is told to.
    """
    from prefdrop_local.stack import LocalStack, StackError

    settings = _settings(port, allow_hosts)
    if server is not None:
        require_reachable(server.url)
    stack = LocalStack(vendor=server, settings=settings)
    try:
        stack.start()
    except StackError as error:
        raise LocalStackFailed(f"The local stack did not start: {error}") from None
    try:
        vendor_url = server.url if server else stack.sandbox.url
        events = None if server else ReturningEvents(stack, hold=hold_events)
        yield RunningStack(stack, connect(DEFAULT_STACK, stack.endpoint), vendor_url, events)
    finally:
        stack.stop()


def _settings(port: int, allow_hosts: Sequence[str]) -> StackSettings:
    from prefdrop_local.stack import StackSettings

    try:
        return StackSettings(port=port, allow_hosts=tuple(allow_hosts))
    except ValueError as error:
        raise WrongUse(str(error), hint="Correct --allow-host.") from None
