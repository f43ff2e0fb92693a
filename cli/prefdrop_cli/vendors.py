"""The MyPreferences server that a local stack works against: the sandbox, or any other."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit

from prefdrop.errors import Transient
from prefdrop_cli.exits import WrongUse

if TYPE_CHECKING:
    from prefdrop_local.stack import ExternalVendor

AUTHS = ("pnauthinfo3", "oauth2")
CONNECT_SECONDS = 10.0


class VendorUnreachable(Transient):
    """Nobody listens where the vendor should be; nothing was sent."""


@dataclass(frozen=True)
class VendorOptions:
    """What the command line says about the vendor; all empty means the sandbox."""

    url: str = ""
    client_id: str = ""
    user_id: str = ""
    secret: str = ""
    auth: str = "pnauthinfo3"
    oauth_client_id: str = ""
    token_url: str = ""

    def server(self) -> ExternalVendor | None:
        """The server that the options name, or None for the sandbox; raises WrongUse."""
        given = {
            "--client-id": self.client_id,
            "--user-id": self.user_id,
            "--secret": self.secret,
        }
        if self.auth not in AUTHS:
            raise WrongUse(f"--auth {self.auth} is unknown.", hint=f"Use {' or '.join(AUTHS)}.")
        if not self.url:
            self._refuse_strays(given)
            return None
        if self.auth == "oauth2":
            given["--oauth-client-id"] = self.oauth_client_id
        if missing := [name for name, value in given.items() if not value]:
            raise WrongUse(
                f"--vendor-url needs {', '.join(missing)} as well.",
                hint="The secret may also stand in PREFDROP_VENDOR_SECRET.",
            )
        return self._external()

    def _refuse_strays(self, given: dict[str, str]) -> None:
        # The secret may stand in the environment for other commands, so it is no stray.
        stray = [name for name, value in given.items() if value and name != "--secret"]
        if stray:
            raise WrongUse(
                f"{', '.join(stray)} without --vendor-url would be ignored.",
                hint="Name the server with --vendor-url, or leave them out to use the sandbox.",
            )

    def _external(self) -> ExternalVendor:
        from prefdrop_local.stack import ExternalVendor

        try:
            return ExternalVendor(
                url=self.url,
                client_id=self.client_id,
                user_id=self.user_id,
                secret=self.secret,
                auth=cast(Literal["pnauthinfo3", "oauth2"], self.auth),
                oauth_client_id=self.oauth_client_id,
                token_url=self.token_url,
            )
        except ValueError as error:
            raise WrongUse(f"The vendor's {error}", hint="Correct the URL.") from None


def require_reachable(url: str) -> None:
    """Raise VendorUnreachable at once where the workflow would only find out after its retries."""
    from requests.utils import get_environ_proxies

    if get_environ_proxies(url):
        # Only the proxy knows.
        return
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error) or "no answer"
        raise VendorUnreachable(
            f"The vendor at {parts.hostname}:{port} cannot be reached: {reason}.",
            hint="Check --vendor-url and the network. Nothing was sent.",
        ) from None
