"""What a caller of the webhook must know, and how a rotation of it comes through.

A check is made where its secrets are set up, so whatever may be a slip of the pen there is refused:
it would turn the check off, or every delivery away.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.errors import Terminal
from prefdrop.telemetry import logger, metrics

SECONDS_KEPT = 60
"""After which the secret is read again in any case: a key that was taken out must stop working."""

REFRESHES = 5
SECONDS_PER_REFRESH = 1
"""Readings that unknown credentials may force at once, and how long until there is another one:
strangers must not cost a reading each, nor use up the one that a rotation needs."""

DEFAULT_HEADER = "x-webhook-secret"

_KEY = re.compile(r"[A-Za-z0-9_-]{16,}")
"""A segment of a path that no sender, proxy or shell writes in another way, and no guess hits."""

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""RFC 9110, `token`."""

# Signed webhooks by the rules of Standard Webhooks (www.standardwebhooks.com).
#
# `webhook-signature` holds one or several `v1,<base64>` separated by blanks: each an HMAC-SHA256 of
# `<webhook-id>.<webhook-timestamp>.<body>`. A request is taken within five minutes of its time
# stamp, before or after. Whether the vendor signs is not known (O-16).

TOLERANCE_SECONDS = 300
PREFIX = "whsec_"
STAMP_DIGITS = 12
"""Of a time stamp in seconds; more is no time that a tolerance could reach."""


class WrongWebhookSecret(Terminal):
    """The stack's webhook secret is not in the shape that the receiver reads."""


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credentials of the webhook. Two of each kind are valid while one replaces the other.

    `shared_secrets` are expected in the header `shared_secret_header`, `signing_secrets` sign the
    request (Standard Webhooks). Without any of a kind, that check is not made.
    """

    key: str
    previous_key: str = ""
    shared_secret_header: str = ""
    shared_secrets: list[str] = []
    signing_secrets: list[str] = []

    @property
    def keys(self) -> list[str]:
        return [key for key in (self.key, self.previous_key) if key]

    @property
    def header(self) -> str:
        return self.shared_secret_header.strip().lower() or DEFAULT_HEADER

    def __repr__(self) -> str:
        return "WebhookSecret(…)"


def parse(text: str) -> WebhookSecret:
    """Read the secret; raises WrongWebhookSecret, which names the member and shows no value."""
    try:
        secret = msgspec.json.decode(text, type=WebhookSecret)
        fault = next(_faults(secret), "")
    except msgspec.ValidationError as error:
        # It names members and types. A member that nobody knows may be a value in a wrong place.
        unknown = "unknown field" in str(error)
        fault = "it has a member that there is not" if unknown else "a member is missing or no text"
    except msgspec.DecodeError:
        fault = "it is not JSON"
    if not fault:
        return secret
    raise WrongWebhookSecret(
        f"The webhook secret is not usable: {fault}.",
        hint="docs/events.md shows its members; put a right value into it.",
    )


def _faults(secret: WebhookSecret) -> Iterator[str]:
    for name, key in (("key", secret.key), ("previous_key", secret.previous_key)):
        if (key or name == "key") and not _KEY.fullmatch(key):
            yield f"`{name}` is not made of at least 16 letters, digits, - and _"
    for name in ("shared_secrets", "signing_secrets"):
        if any(not one or one != one.strip() for one in getattr(secret, name)):
            yield f"one of `{name}` is empty, or has blanks around it"
    if not all(map(keys_of, secret.signing_secrets)):
        yield "one of `signing_secrets` is `whsec_` without base64 behind it"
    if secret.shared_secret_header and not secret.shared_secrets:
        yield "`shared_secret_header` names a header, and `shared_secrets` is empty"
    if not _HEADER.fullmatch(secret.header):
        yield "`shared_secret_header` is not the name of a header"


class SecretCache:
    """The secret, read when it is needed. `read` answers its text; `clock` counts seconds."""

    def __init__(
        self, read: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._secret: WebhookSecret | None = None
        self._read_at = 0.0
        self._spare = float(REFRESHES)
        self._counted_at = clock()

    def current(self) -> WebhookSecret:
        """The secret, at most a minute old; raises WrongWebhookSecret, or what reading it raises.

        When it cannot be read again, the one that is known goes on being valid.
        """
        if self._secret is None:
            return self._reread()
        if self._clock() - self._read_at >= SECONDS_KEPT:
            return self._reread_or(self._secret)
        return self._secret

    def refreshed(self, known: WebhookSecret) -> WebhookSecret | None:
        """The secret read anew, or None if it was asked for too often or is still `known`."""
        latest = self.current()
        if latest == known:
            if not self._may_refresh():
                return None
            latest = self._reread_or(latest)
        return latest if latest != known else None

    def _may_refresh(self) -> bool:
        now = self._clock()
        won = (now - self._counted_at) / SECONDS_PER_REFRESH
        self._spare, self._counted_at = min(self._spare + won, REFRESHES), now
        if self._spare < 1:
            return False
        self._spare -= 1
        return True

    def _reread_or(self, known: WebhookSecret) -> WebhookSecret:
        try:
            return self._reread()
        except WrongWebhookSecret as error:
            logger.error("the webhook secret before stays in force", extra={"text": str(error)})
        except (ClientError, BotoCoreError) as error:
            logger.warning(
                "the webhook secret could not be read again", extra={"code": type(error).__name__}
            )
        self._read_at = self._clock()
        return known

    def _reread(self) -> WebhookSecret:
        text = self._read()
        try:
            self._secret = parse(text)
        except WrongWebhookSecret:
            metrics.add_metric("WebhookSecretUnusable", "Count", 1)
            metrics.flush_metrics()
            raise
        self._read_at = self._clock()
        return self._secret


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float) -> bool:
    """Whether one of `secrets` signed the request, and not more than five minutes from `now`."""
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "").strip()
    if not message_id or not _is_recent(stamp, now):
        return False
    given = [
        value.encode("utf-8", "replace")
        for version, _, value in (
            one.partition(",") for one in headers.get("webhook-signature", "").split()
        )
        if version == "v1"
    ]
    signed = message_id.encode("utf-8", "replace") + b"." + stamp.encode() + b"." + body
    expected = [
        base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
        for secret in secrets
        for key in keys_of(secret)
    ]
    matches = [hmac.compare_digest(one, right) for one in given for right in expected]
    return any(matches)


def keys_of(secret: str) -> list[bytes]:
    """The keys that a secret may stand for: with the prefix it is base64, else that or plain."""
    plain = [] if secret.startswith(PREFIX) else [secret.encode()]
    try:
        decoded = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return plain
    # No secret at all would be known to everybody.
    return [decoded, *plain] if decoded else plain


def _is_recent(stamp: str, now: float) -> bool:
    if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > STAMP_DIGITS:
        return False
    return abs(now - int(stamp)) <= TOLERANCE_SECONDS
