"""The vendor account that is examined: where it is, and as whom it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from prefdrop.mypreferences.auth import Auth, auth_from_secret
from prefdrop.mypreferences.client import Client
from prefdrop.mypreferences.routes import routes_in
from prefdrop.mypreferences.transport import Retries

if TYPE_CHECKING:
    from prefdrop_cli.deployments import Deployment
    from prefdrop_local.stack import ExternalVendor

SECONDS = 20.0
"""Time for one request: whoever examines waits at a terminal."""


@dataclass(frozen=True)
class VendorAccount:
    """One account of the vendor with the credentials of an API user."""

    base_url: str
    client_id: str
    secret: Mapping[str, str] = field(repr=False)
    """As the stack's secret holds it."""
    integration_url: str = ""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Paths that replace assumed ones."""

    def auth(self) -> Auth:
        """The authentication; raises Misconfigured, which names the member that is wrong."""
        return auth_from_secret(self.secret, self.client_id, self.base_url)

    def client(self, *, quick: bool = True) -> Client:
        """Return a client, which does not try long if it is `quick`; raises Misconfigured."""
        patience: dict[str, Any] = {"timeout": SECONDS, "retries": Retries(tries=2)}
        return Client(
            self.base_url,
            self.client_id,
            self.auth(),
            integration_url=self.integration_url,
            routes=self.routes,
            **(patience if quick else {}),
        )


def of_stack(stack: Deployment, secret: Mapping[str, str]) -> VendorAccount:
    """Return the account of a stack; raises what reading its routes raises."""
    given = stack.parameters
    routes = routes_in(given.get("Routes") or "{}", lambda key: stack.objects.read(key).body)
    integration_url = given.get("IntegrationUrl", "")
    return VendorAccount(given["BaseUrl"], given["ClientId"], secret, integration_url, routes)


def of_options(server: ExternalVendor) -> VendorAccount:
    """The account that the command line names."""
    secret = msgspec.json.decode(server.secret_json(), type=dict[str, str])
    return VendorAccount(server.url, server.client_id, secret)
