"""A local stack with its vendor, for as long as a command needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefdrop.errors import Terminal
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.local_events import ReturningEvents
from prefdrop_cli.options import DEFAULT_STACK
from prefdrop_cli.shapes.stack import Places
from prefdrop_cli.vendors import require_reachable

if TYPE_CHECKING:
    from prefdrop_local.stack import ExternalVendor, LocalStack, StackSettings


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
