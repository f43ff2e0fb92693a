"""The two ways to authenticate: PNAUTHINFO3 with a shared key, and OAuth 2 client credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, Protocol, cast
from urllib.parse import urlencode

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.answers import Answer, lenient_seconds, parse_object
from prefdrop.mypreferences.errors import GarbledAnswer, Misconfigured
from prefdrop.mypreferences.routes import checked_url, origin

Clock = Callable[[], float]
Fetch = Callable[[str, str, bytes], Answer]
"""POSTs a form to a URL with an `Authorization` header and returns the answer, or raises."""

Hash = Literal["SHA256", "SHA384", "SHA512"]

SIGNED_SECONDS = 300.0
"""How long one signed header is used again. The vendor accepts it for 15 minutes by default, and
support can shorten that per account (vendor documentation of the custom scheme)."""

BACKDATED_SECONDS = 2
"""A timestamp from the future is refused, however little (O-14), so ours lag a little."""

REFRESH_AT = 0.8
"""The share of an OAuth token's life after which a new one is fetched."""


class Auth(Protocol):
    """Makes the value of the `Authorization` header."""

    def header(self, fetch: Fetch, /) -> str:
        """The header's value now; `fetch` is there for schemes that must ask a server first."""

    def renew(self, server_time: datetime | None, /) -> None:
        """Forget the current value: the vendor answered 401, at `server_time` by its own clock."""


class PnAuthInfo3:
    """`PNAUTHINFO3-HMAC-SHA256`, `-SHA384` or `-SHA512`.

    `base64(HMAC(key = shared secret, message = "<clientId>:<userId>:<timestamp>"))`. Method, path
    and body are not signed, so one header serves many requests.
    """

    def __init__(
        self,
        client_id: str,
        user_id: str,
        secret: str,
        *,
        hash: Hash = "SHA256",
        clock: Clock = time.time,
    ) -> None:
        self._client_id = client_id
        self._user_id = user_id
        self._secret = secret.encode()
        self._hash = hash
        self._clock = clock
        self._ahead = 0.0
        self._signed: tuple[float, str] | None = None

    def header(self, _fetch: Fetch | None = None, /) -> str:
        """The signed header; a fresh one when the last is older than `SIGNED_SECONDS`."""
        now = self._clock()
        if self._signed is None or not 0 <= now - self._signed[0] < SIGNED_SECONDS:
            self._signed = (now, self.sign(self._timestamp(now)))
        return self._signed[1]

    def renew(self, server_time: datetime | None) -> None:
        """Sign anew next time, by the server's clock if ours is off from it."""
        self._signed = None
        if server_time is not None:
            self._ahead = self._clock() - server_time.timestamp()

    def sign(self, timestamp: str) -> str:
        """The header for `timestamp`, which is ISO 8601 with `Z`."""
        message = f"{self._client_id}:{self._user_id}:{timestamp}".encode()
        digest = hmac.new(self._secret, message, getattr(hashlib, self._hash.lower())).digest()
        signature = base64.b64encode(digest).decode()
        return (
            f"PNAUTHINFO3-HMAC-{self._hash} Credential={self._user_id}/{timestamp}"
            f" Signature={signature}"
        )

    def _timestamp(self, now: float) -> str:
        moment = datetime.fromtimestamp(now - self._ahead - BACKDATED_SECONDS, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class OAuth2:
    """OAuth 2 client credentials with scope `<clientId>/<userId>`.

    The credentials go in a Basic header. A token is fetched when first needed, at 80 % of its
    life and after a 401. May be shared between threads.
    """

    def __init__(
        self,
        client_id: str,
        user_id: str,
        *,
        token_url: str,
        oauth_client_id: str,
        oauth_client_secret: str,
        clock: Clock = time.time,
    ) -> None:
        self._token_url = checked_url(token_url, "token_url")
        basic = base64.b64encode(f"{oauth_client_id}:{oauth_client_secret}".encode()).decode()
        self._authorization = f"Basic {basic}"
        scope = f"{client_id}/{user_id}"
        self._form = urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
        self._clock = clock
        self._lock = threading.Lock()
        self._token: tuple[float, str] | None = None

    def header(self, fetch: Fetch, /) -> str:
        """`Bearer <token>`, after fetching a token if there is none that is young enough."""
        with self._lock:
            if self._token is None or self._clock() >= self._token[0]:
                self._token = self._fetched(fetch)
            return f"Bearer {self._token[1]}"

    def renew(self, _server_time: datetime | None, /) -> None:
        """Fetch another token next time."""
        with self._lock:
            self._token = None

    def _fetched(self, fetch: Fetch) -> tuple[float, str]:
        asked_at = self._clock()
        answer = fetch(self._token_url, self._authorization, self._form)
        members = parse_object(answer)
        token = members.get("access_token")
        if not isinstance(token, str) or not token:
            raise GarbledAnswer(
                "The OAuth token API answered without an access_token.",
                hint="Check token_url (docs/vendor-assumptions.md, O-13).",
                route=answer.route,
            )
        life = lenient_seconds(members.get("expires_in")) or assumptions.OAUTH_TOKEN_SECONDS
        return asked_at + REFRESH_AT * life, token


def auth_from_secret(secret: Mapping[str, str], client_id: str, base_url: str) -> Auth:
    """The authentication that a stack's secret describes.

    `secret` holds `auth` = `pnauthinfo3` with `user_id`, `secret` and optionally `hash`, or `auth`
    = `oauth2` with `user_id`, `oauth_client_id`, `oauth_client_secret` and optionally `token_url`.
    Raises Misconfigured, which names the member that is missing or wrong and never its value.
    """
    kind = secret.get("auth", "")
    if kind == "pnauthinfo3":
        return PnAuthInfo3(
            client_id,
            _member(secret, "user_id"),
            _member(secret, "secret"),
            hash=_hash(secret.get("hash") or "SHA256"),
        )
    if kind == "oauth2":
        token_url = secret.get("token_url") or (
            f"{origin(base_url)}/{assumptions.OAUTH_TOKEN_PATH.value}"
        )
        return OAuth2(
            client_id,
            _member(secret, "user_id"),
            token_url=token_url,
            oauth_client_id=_member(secret, "oauth_client_id"),
            oauth_client_secret=_member(secret, "oauth_client_secret"),
        )
    raise Misconfigured(
        "The vendor secret's member `auth` is missing or unknown.",
        hint='Set it to "pnauthinfo3" or "oauth2".',
    )


def _member(secret: Mapping[str, str], name: str) -> str:
    value = secret.get(name)
    if isinstance(value, str) and value.strip():
        return value
    raise Misconfigured(
        f"The vendor secret lacks the member `{name}`.",
        hint="Add it to the secret in Secrets Manager and try again.",
    )


def _hash(name: str) -> Hash:
    plain = name.upper().replace("-", "")
    if plain in ("SHA256", "SHA384", "SHA512"):
        return cast(Hash, plain)
    raise Misconfigured(
        "The vendor secret's member `hash` is unknown.", hint="Use SHA256, SHA384 or SHA512."
    )
