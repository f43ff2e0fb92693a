"""Where each operation lives: the table of assumptions, a stack's overrides and the account."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from string import Formatter
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.errors import ASSUMED_ROUTES, Misconfigured

INTEGRATION = ("import.", "export.")
"""Routes that live under the Integration API's base where that differs (O-1)."""


class Target(NamedTuple):
    """The method and the absolute URL of one request."""

    method: str
    url: str


class Routes:
    """The route table of one account.

    `overrides` maps a route's name to a path that replaces the assumed one, with the same
    `{placeholders}`. Raises Misconfigured for an unusable base URL, an unknown name or a path
    whose placeholders differ.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        *,
        integration_url: str = "",
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        if not client_id.strip():
            raise Misconfigured("The client id is empty.", hint="Set the MyPreferences account id.")
        self.base_url = checked_url(base_url, "base_url").rstrip("/") + "/"
        self._integration_url = (
            checked_url(integration_url, "integration_url").rstrip("/") + "/"
            if integration_url
            else self.base_url
        )
        self._client_id = client_id
        self._routes = dict(assumptions.ROUTES)
        for name, path in (overrides or {}).items():
            self._routes[name] = self._overridden(name, path)

    @property
    def origins(self) -> set[str]:
        """Scheme, host and port of every base URL, as a prefix of URLs."""
        return {origin(url) + "/" for url in (self.base_url, self._integration_url)}

    def target(self, name: str, **values: str) -> Target:
        """The request target of the route `name` with its placeholders filled in."""
        route = self._routes[name]
        base = self._integration_url if name.startswith(INTEGRATION) else self.base_url
        return Target(route.method, base + self._filled(route.path, values))

    def raw(self, method: str, path: str) -> Target:
        """The target of a path that the table does not hold; it may use `{clientId}`."""
        path = path.lstrip("/")
        base = self._integration_url if path.startswith("Async/") else self.base_url
        return Target(method.upper(), base + path.replace("{clientId}", quote(self._client_id, "")))

    def _filled(self, path: str, values: Mapping[str, str]) -> str:
        for placeholder, value in values.items():
            _check_filled(placeholder, value)
        quoted = {key: quote(value, safe="") for key, value in values.items()}
        return path.format(clientId=quote(self._client_id, safe=""), **quoted)

    def _overridden(self, name: str, path: str) -> assumptions.Route:
        known = assumptions.ROUTES.get(name)
        if known is None:
            raise Misconfigured(
                f"The setting `routes` names an unknown route {name!r}.",
                hint=f"Known routes: {', '.join(sorted(assumptions.ROUTES))}.",
            )
        if _placeholders(path) != _placeholders(known.path) or "://" in path:
            raise Misconfigured(
                f"The setting `routes` gives {name} a path that cannot be filled in: {path!r}.",
                hint=f"Use the placeholders of {known.path!r}, relative to the base URL"
                f" ({ASSUMED_ROUTES}).",
            )
        return known._replace(path=path.lstrip("/"))


def routes_in(setting: str, read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the overrides of the setting `routes`: a JSON object, or the key of one in the bucket.

    `read` gets the object of a key. Raises Misconfigured for another text, and what `read` raises.
    """
    inline = setting.startswith("{")
    try:
        return msgspec.json.decode(setting if inline else read(setting), type=dict[str, str])
    except ValueError as error:
        place = "The setting `routes`" if inline else f"The object {setting} of the bucket"
        raise Misconfigured(
            f"{place} is not a JSON object of route names and paths: {error}.",
            hint='Write it as {"import.status": "<path>"}, and deploy with the corrected routes.',
        ) from None


def _check_filled(placeholder: str, value: str) -> None:
    if value == "" and placeholder == "accessToken":
        raise Misconfigured("An access token is empty.", hint="Initiate the import first.")
    # Dots alone are folded away on the path's way, and another resource would be meant.
    if value in ("", ".", ".."):
        raise Misconfigured(
            f"{placeholder} is {value!r}, which no path can hold.", hint="Name what is meant."
        )


def checked_url(url: str, setting: str) -> str:
    """`url`, if credentials may be sent there: https, or http to this machine only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Misconfigured(
            f"The setting {setting} is not an http address.",
            hint="It looks like https://pm.mypreferences.com/Profiles/v4/.",
        )
    if parts.username is not None:
        raise Misconfigured(
            f"The setting {setting} holds credentials.", hint="Keep them in the secret only."
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise Misconfigured(
            f"The setting {setting} sends credentials unencrypted to {parts.hostname}.",
            hint="Use https; http is for servers on this machine only.",
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> str:
    """Scheme, host and port of `url`, without a slash at the end."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _placeholders(path: str) -> set[str]:
    try:
        return {field for _, field, _, _ in Formatter().parse(path) if field is not None}
    except ValueError:
        return {"?"}
