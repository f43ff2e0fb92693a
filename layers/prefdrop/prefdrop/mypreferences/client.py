"""The client of one MyPreferences account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import requests

from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.auth import Auth
from prefdrop.mypreferences.bulk_import import Imports
from prefdrop.mypreferences.exchange import Request
from prefdrop.mypreferences.routes import Routes
from prefdrop.mypreferences.transport import Retries, Transport

if TYPE_CHECKING:
    from prefdrop.mypreferences.bulk_export import Exports
    from prefdrop.mypreferences.configuration import Configuration
    from prefdrop.mypreferences.consents import Consents
    from prefdrop.mypreferences.events_retrieval import Events
    from prefdrop.mypreferences.group_profiles import GroupProfiles
    from prefdrop.mypreferences.preferences import Preferences
    from prefdrop.mypreferences.profiles import Profiles
    from prefdrop.mypreferences.subscriptions import Subscriptions
    from prefdrop.mypreferences.users import Users

RAW = "request"
"""Route name of raw calls, as errors show it."""


class Client:
    """One account's client over one keep-alive session.

    `base_url` is the API base, for example `https://pm.mypreferences.com/Profiles/v4/`; plain http
    is accepted for this machine only. `client_id` is the MyPreferences account id (not an OAuth
    client id). `integration_url` is the base of the bulk routes where it differs (O-1). `routes`
    maps route names to paths that replace the assumed ones (O-3). `timeout` in seconds bounds each
    try of a request; stage requests bring their own.

    Its members are the parts of the API; each is imported when it is first used, since a function
    pays for every import at its cold start.

    A `session` of your own keeps its proxies, TLS settings and cookies; the adapters of the
    vendor's hosts are replaced by one that sends each request at most once.

        with Client(url, "DEMO_CLIENT", PnAuthInfo3("DEMO_CLIENT", "demo.api.user", key)) as client:
            status = client.imports.initiate(ImportSpec(name="crm-nightly"))
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        auth: Auth,
        *,
        integration_url: str = "",
        routes: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        session: requests.Session | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._routes = Routes(
            base_url, client_id, integration_url=integration_url, overrides=routes
        )
        self._timeout = timeout
        self._transport = Transport(auth, retries=retries or Retries(), session=session)
        self.imports = Imports(self._transport, self._routes, timeout)

    @cached_property
    def profiles(self) -> Profiles:
        """Profiles: create, read, search, change, remove."""
        from prefdrop.mypreferences.profiles import Profiles

        return Profiles(self._transport, self._routes, self._timeout)

    @cached_property
    def preferences(self) -> Preferences:
        """Preferences of single profiles: submit, archive, history."""
        from prefdrop.mypreferences.preferences import Preferences

        return Preferences(self._transport, self._routes, self._timeout)

    @cached_property
    def consents(self) -> Consents:
        """Consents of single profiles: add, history."""
        from prefdrop.mypreferences.consents import Consents

        return Consents(self._transport, self._routes, self._timeout)

    @cached_property
    def group_profiles(self) -> GroupProfiles:
        """Profiles of the same group."""
        from prefdrop.mypreferences.group_profiles import GroupProfiles

        return GroupProfiles(self._transport, self._routes, self._timeout)

    @cached_property
    def configuration(self) -> Configuration:
        """What the account is set up with."""
        from prefdrop.mypreferences.configuration import Configuration

        return Configuration(self._transport, self._routes, self._timeout)

    @cached_property
    def users(self) -> Users:
        """The account's users, for administrators."""
        from prefdrop.mypreferences.users import Users

        return Users(self._transport, self._routes, self._timeout)

    @cached_property
    def exports(self) -> Exports:
        """Bulk export: segments and segment groups, page by page."""
        from prefdrop.mypreferences.bulk_export import Exports

        return Exports(self._transport, self._routes, self._timeout)

    @cached_property
    def events(self) -> Events:
        """What happened to profiles in the last 15 days."""
        from prefdrop.mypreferences.events_retrieval import Events

        return Events(self._transport, self._routes, self._timeout)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Which events the vendor sends to which webhook."""
        from prefdrop.mypreferences.subscriptions import Subscriptions

        return Subscriptions(self._transport, self._routes, self._timeout)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """An authenticated call of anything that is not modelled here.

        Of the Synchronization API the vendor documents nothing but the name, so this is the way to
        it once its paths are known from the vendor.

        `path` is relative to the base, or to the integration base if it begins with `Async/`, and
        may use `{clientId}`. A GET is retried on Transient errors, PUT and DELETE where it is sure
        that nothing was sent; anything else is sent once.
        """
        target = self._routes.raw(method, path)
        if query:
            target = target._replace(url=f"{target.url}?{urlencode(query)}")
        seconds = self._timeout if timeout is None else timeout
        return self._transport.send(Request(RAW, target, seconds, body, quotes_data=True))

    def close(self) -> None:
        """Close the connections. The client stays usable and would open new ones."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
