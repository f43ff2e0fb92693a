"""The vendor account that is examined: where it is, and as whom it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from prefdrop.mypreferences.auth import Auth, auth_from_secret
from prefdrop.mypreferences.client import Client
from prefdrop.mypreferences.transport import Retries

if TYPE_CHECKING:
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

    def client(self) -> Client:
        """A client that does not try long; raises Misconfigured."""
        return Client(
            self.base_url,
            self.client_id,
            self.auth(),
            integration_url=self.integration_url,
            routes=self.routes,
            timeout=SECONDS,
            retries=Retries(tries=2),
        )


def of_parameters(parameters: Mapping[str, str], secret: Mapping[str, str]) -> VendorAccount:
    """The account of a stack with these parameters."""
    routes = msgspec.json.decode(parameters.get("Routes") or "{}", type=dict[str, str])
    return VendorAccount(
        parameters["BaseUrl"],
        parameters["ClientId"],
        secret,
        parameters.get("IntegrationUrl", ""),
        routes,
    )


def of_options(server: ExternalVendor) -> VendorAccount:
    """The account that the command line names."""
    secret = msgspec.json.decode(server.secret_json(), type=dict[str, str])
    return VendorAccount(server.url, server.client_id, secret)
