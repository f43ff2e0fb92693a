"""The MyPreferences server that a local stack works against: the sandbox, or any other."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_type_hints
from urllib.parse import urlsplit

import typer

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

    url: Annotated[
        str,
        typer.Option(
            "--vendor-url", help="API base of a MyPreferences server to use instead of the sandbox."
        ),
    ] = ""
    client_id: Annotated[str, typer.Option(help="MyPreferences account id at that server.")] = ""
    user_id: Annotated[str, typer.Option(help="API user of that account.")] = ""
    secret: Annotated[
        str,
        typer.Option(
            envvar="PREFDROP_VENDOR_SECRET",
            help="Shared key, or client secret with --auth oauth2. "
            "Better given in the environment.",
        ),
    ] = ""
    auth: Annotated[str, typer.Option(help="pnauthinfo3 or oauth2.")] = "pnauthinfo3"
    oauth_client_id: Annotated[str, typer.Option(help="OAuth client id, with --auth oauth2.")] = ""
    token_url: Annotated[
        str, typer.Option(help="OAuth token URL, where it differs from the server's default.")
    ] = ""

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


SANDBOX = VendorOptions()


def with_vendor(command: Callable[..., None], *, url: Any = None) -> Callable[..., None]:
    """Give a command all options of VendorOptions in place of its parameter `options`.

    Typer reads options from a signature and knows no groups of them. `url` describes --vendor-url
    where another server is not used instead of the sandbox.
    """
    hints = get_type_hints(VendorOptions, include_extras=True) | ({"url": url} if url else {})
    signature = inspect.signature(command, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name == "options":
            parameters += [
                parameter.replace(name=one.name, default=one.default, annotation=hints[one.name])
                for one in fields(VendorOptions)
            ]
        else:
            parameters.append(parameter)

    @wraps(command)
    def called(**given: Any) -> None:
        options = VendorOptions(*(given.pop(one.name) for one in fields(VendorOptions)))
        command(options=options, **given)

    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return called


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
