"""The vendor's client with one stack's settings and credentials, counting what it sends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import requests

from prefdrop.errors import PrefdropError, Transient
from prefdrop.importing.vendor_errors import CredentialsRefused, VendorAway
from prefdrop.mypreferences import (
    Client,
    ExceptionPage,
    ImportSpec,
    ImportStatus,
    NotAuthorized,
    Retries,
    TokenRefused,
    WrongCredentials,
    auth_from_secret,
)
from prefdrop.mypreferences.routes import routes_in
from prefdrop.settings import Settings
from prefdrop.telemetry import logger

Result = TypeVar("Result")

PROBE_SECONDS = 10.0
"""Time for the one try of a read that tells whether the vendor answers at all. A step that has
waited two minutes for an answer must still have time for it."""

REFUSED = (NotAuthorized, TokenRefused, WrongCredentials)
"""Surely not applied, and perhaps only because the credentials were changed meanwhile."""


class _Counting(requests.Session):
    """A session that counts its requests to the vendor's API (not those for a token)."""

    def __init__(self, bases: tuple[str, ...]) -> None:
        super().__init__()
        self._bases = bases
        self.sent = 0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if (request.url or "").startswith(self._bases):
            self.sent += 1
        return super().send(request, **options)


class Vendor:
    """The vendor as the workflows see it.

    `read_secret` answers the credentials. They are read again when the vendor refuses a call: if
    they have changed, the call is made once more, so that a rotation needs no restart. `read` gets
    an object of the bucket, where the setting `routes` names one.
    """

    def __init__(
        self,
        settings: Settings,
        read_secret: Callable[[], dict[str, str]],
        read: Callable[[str], bytes],
    ) -> None:
        self._settings = settings
        self._routes = routes_in(settings.routes, read)
        self._read_secret = read_secret
        base = settings.base_url
        self.session = _Counting((base, settings.integration_url or base))
        self._changing = threading.Lock()
        self._secret = read_secret()
        self._client = self._make_client(self._secret)

    def initiate(self, spec: ImportSpec) -> ImportStatus:
        """Begin an import and get its access token."""
        return self.weighed(lambda client: client.imports.initiate(spec))

    def stage(self, token: str, body: bytes, *, timeout: float) -> ImportStatus:
        """Stage a request body, once, within `timeout` seconds."""
        return self.weighed(lambda client: client.imports.stage(token, body, timeout=timeout))

    def execute(self, token: str, *, timeout: float) -> ImportStatus:
        """Let the vendor import what was staged."""
        return self.weighed(lambda client: client.imports.execute(token, timeout=timeout))

    def status(self, token: str) -> ImportStatus:
        """The import's state and counters."""
        return self.weighed(lambda client: client.imports.status(token))

    def exceptions(self, token: str, *, offset: int) -> ExceptionPage:
        """One page of what was refused."""
        return self.weighed(lambda client: client.imports.exceptions(token, offset=offset))

    def weighed(self, call: Callable[[Client], Result]) -> Result:
        """Make a call of an import or an export, and find out what a 401 means.

        The vendor answers a dead access token and refused credentials alike. Only if another read
        works is the token dead: then TokenRefused is raised; else CredentialsRefused or VendorAway.
        """
        try:
            return self.call(call)
        except REFUSED as refused:
            if isinstance(refused, TokenRefused):
                self.require()
                raise
            raise CredentialsRefused(refused) from None

    def require(self) -> None:
        """See that the vendor answers a read without an access token.

        It is the vendor's own example of a call, which `prefdrop doctor` makes first. A 403 on it
        proves the credentials, too. Raises CredentialsRefused and VendorAway.
        """
        sent = self.session.sent
        try:  # `call` reads the secret again, and makes the second try with the new one
            self.call(lambda _: self._probing().configuration.programs.list())
        except REFUSED as refused:
            raise CredentialsRefused(refused) from None
        except Transient as error:
            raise VendorAway(error) from None
        except PrefdropError as answered:
            logger.info("the vendor answers another call", extra={"code": answered.code})
        finally:
            self.session.sent = sent  # it is no request of an import

    def call(self, call: Callable[[Client], Result]) -> Result:
        """Make any other call of the client, again if only the credentials were outdated."""
        client = self._client
        try:
            return call(client)
        except REFUSED:
            with self._changing:
                # Another thread's call may have been refused just before, and have changed it.
                if self._client is client:
                    secret = self._read_secret()
                    if secret == self._secret:
                        raise
                    logger.info("the credentials have changed")
                    self._client, self._secret = self._make_client(secret), secret
                client = self._client
            return call(client)

    def _probing(self) -> Client:
        return self._make_client(self._secret, timeout=PROBE_SECONDS, retries=Retries(tries=1))

    def take_count(self) -> int:
        """How many requests were sent since this was asked last."""
        sent, self.session.sent = self.session.sent, 0
        return sent

    def _make_client(self, secret: dict[str, str], **options: Any) -> Client:
        settings = self._settings
        return Client(
            settings.base_url,
            settings.client_id,
            auth_from_secret(secret, settings.client_id, settings.base_url),
            integration_url=settings.integration_url,
            routes=self._routes,
            session=self.session,
            **options,
        )
