"""Sends notifications and handshakes over HTTP, signed if that is switched on."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import HTTPError

from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.settings import Settings

_MOST_OF_ANSWER = 64 * 1024
_AGENT = "mypreferences-sandbox"
_NOT_THE_VENDORS = "made by the sandbox; no vendor signature is known"
_SECRET_PREFIX = "whsec_"


class Answer(NamedTuple):
    """What a receiver said; without a status it said nothing."""

    status: int | None
    error: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took what was sent."""
        return self.status is not None and 200 <= self.status < 300

    def attempt(self, now: float) -> dict[str, Any]:
        """The answer for the books; `now` is on the sandbox's clock."""
        said = {"error": self.error} if self.status is None else {"status": self.status}
        return {"at": iso(now), **said}


class Sender:
    """Sends from many threads; connections are kept alive for each thread and receiver."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._own = threading.local()

    def notify(self, url: str, message_id: str, body: bytes, settings: Settings) -> Answer:
        """Send a notification."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if settings.handshake == "event_grid":
            headers["aeg-event-type"] = "Notification"
        name, _, value = settings.delivery_header.partition(":")
        if name.strip():
            headers[name.strip()] = value.strip()
        if settings.delivery_signing_secret:
            # The machine's time: receivers compare it with theirs.
            stamp = str(int(self._clock.real()))
            headers |= signature(settings.delivery_signing_secret, message_id, stamp, body)
        return self.send("POST", url, body, headers, settings)

    def send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], settings: Settings
    ) -> Answer:
        """Send any request; redirects are not followed."""
        try:
            with self._session().request(
                method, url, data=body, headers={"User-Agent": _AGENT, **headers}, stream=True,
                timeout=settings.delivery_timeout_seconds, allow_redirects=False,
            ) as answer:  # fmt: skip
                said = answer.raw.read(_MOST_OF_ANSWER, decode_content=True)
                lower = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status_code, "", said, lower)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            return Answer(None, type(error).__name__, b"", {})

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            # The machine's proxies are not for receivers on it.
            session.trust_env = False
        return session


def signature(secret: str, message_id: str, stamp: str, body: bytes) -> dict[str, str]:
    """The headers of a signed message (Standard Webhooks, symmetric)."""
    content = b".".join((message_id.encode(), stamp.encode(), body))
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "x-sandbox-signature": _NOT_THE_VENDORS,
    }


def _key(secret: str) -> bytes:
    if secret.startswith(_SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()
