"""Which MyPreferences the stack talks to: its own sandbox, or any other server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from prefdrop_local.guard import is_loopback

NO_VENDOR: Literal["none"] = "none"
"""For a template that has no vendor."""


class RunningSandbox(Protocol):
    """What the stack needs of a sandbox that somebody else has started."""

    @property
    def url(self) -> str: ...

    @property
    def credentials(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class ExternalVendor:
    """Another server. Plain http is accepted on this machine's loopback only."""

    url: str
    client_id: str
    user_id: str
    secret: str = field(repr=False)
    auth: Literal["pnauthinfo3", "oauth2"] = "pnauthinfo3"
    oauth_client_id: str = ""
    token_url: str = ""
    hash: str = "SHA256"

    def __post_init__(self) -> None:
        for name in ("url", "token_url"):
            address = getattr(self, name)
            if address or name == "url":
                _check_address(name, address)
        if self.auth not in ("pnauthinfo3", "oauth2"):
            raise ValueError(f"auth is {self.auth!r}; it must be pnauthinfo3 or oauth2.")

    def secret_json(self) -> str:
        """The value of the stack's secret."""
        if self.auth == "oauth2":
            return json.dumps(
                {
                    "auth": "oauth2",
                    "user_id": self.user_id,
                    "oauth_client_id": self.oauth_client_id or self.user_id,
                    "oauth_client_secret": self.secret,
                    "token_url": self.token_url,
                }
            )
        return json.dumps(
            {
                "auth": "pnauthinfo3",
                "user_id": self.user_id,
                "secret": self.secret,
                "hash": self.hash,
            }
        )


def of_sandbox(sandbox: RunningSandbox) -> ExternalVendor:
    """A sandbox as a vendor, with the credentials of its demonstration user."""
    credentials: Mapping[str, Any] = sandbox.credentials
    return ExternalVendor(
        url=sandbox.url,
        client_id=credentials["client_id"],
        user_id=credentials["user_id"],
        secret=credentials["secret"],
    )


def _check_address(name: str, address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and is_loopback(parts.hostname):
        return
    raise ValueError(
        f"{name} is {address!r}; it must start with https://"
        " (http:// only on 127.0.0.1 or localhost)."
    )
