"""The vendor's client with one stack's settings and credentials, counting what it sends."""

from __future__ import annotations

from typing import Any

import msgspec
import requests

from prefdrop.mypreferences import Client, Imports, auth_from_secret
from prefdrop.settings import Settings


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
    """The vendor as the import's steps see it."""

    def __init__(self, settings: Settings, secret: dict[str, str]) -> None:
        base = settings.base_url
        self._session = _Counting((base, settings.integration_url or base))
        self._client = Client(
            base,
            settings.client_id,
            auth_from_secret(secret, settings.client_id, base),
            integration_url=settings.integration_url,
            routes=msgspec.json.decode(settings.routes, type=dict[str, str]),
            session=self._session,
        )

    @property
    def imports(self) -> Imports:
        """The vendor's bulk import."""
        return self._client.imports

    def take_count(self) -> int:
        """How many requests were sent since this was asked last."""
        sent, self._session.sent = self._session.sent, 0
        return sent
