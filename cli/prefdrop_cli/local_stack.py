"""A local stack with its vendor, for as long as a command needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.options import DEFAULT_STACK
from prefdrop_cli.vendors import VendorOptions

if TYPE_CHECKING:
    from prefdrop_local.stack import LocalStack


@dataclass(frozen=True)
class RunningStack:
    """A local stack that is up."""

    stack: LocalStack
    deployment: Deployment
    vendor_url: str

    def places(self) -> dict[str, str | None]:
        """Where everything is; scripts rely on the names."""
        outputs = self.deployment.outputs
        return {
            "endpoint": self.stack.endpoint,
            "bucket": self.deployment.bucket,
            "webhook_url": outputs.get("WebhookUrl"),
            "vendor_url": self.vendor_url,
            "region": outputs["Region"],
        }

    def gaps(self) -> str:
        """The template's resources that this stack lacks, in a sentence, or nothing."""
        lacking = ", ".join(self.stack.not_carried)
        return f"Not carried here: {lacking}." if lacking else ""


@contextmanager
def running_stack(vendor: VendorOptions, *, port: int = 0) -> Iterator[RunningStack]:
    """Start a stack and, unless `vendor` names a server, the sandbox; stop both at the end."""
    from prefdrop_local.sandbox.process import start_sandbox

    from prefdrop_local.stack import LocalStack

    with ExitStack() as running:
        sandbox = running.enter_context(start_sandbox())
        stack = running.enter_context(LocalStack(vendor=sandbox, port=port))
        deployment = connect(DEFAULT_STACK, stack.endpoint)
        yield RunningStack(stack, deployment, sandbox.url)
