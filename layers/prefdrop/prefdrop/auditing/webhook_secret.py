"""What a caller of the webhook must know, and how a rotation of it comes through."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.errors import Terminal
from prefdrop.telemetry import logger

SECONDS_KEPT = 60
"""After which the secret is read again in any case: a key that was taken out must stop working."""

REFRESHES = 5
SECONDS_PER_REFRESH = 1
"""Readings that unknown credentials may force at once, and how long until there is another one:
strangers must not cost a reading each, nor use up the one that a rotation needs."""

DEFAULT_HEADER = "x-webhook-secret"


class WrongWebhookSecret(Terminal):
    """The stack's webhook secret is not in the shape that the receiver reads."""


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
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

    def refreshed(self) -> WebhookSecret | None:
        """The secret read anew, or None if it was asked for too often or has not changed."""
        before = self.current()
        if not self._may_refresh():
            return None
        after = self._reread_or(before)
        return after if after != before else None

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
        except (ClientError, BotoCoreError, WrongWebhookSecret) as error:
            logger.warning(
                "the webhook secret could not be read again", extra={"code": type(error).__name__}
            )
            self._read_at = self._clock()
            return known

    def _reread(self) -> WebhookSecret:
        text = self._read()
        try:
            self._secret = msgspec.json.decode(text, type=WebhookSecret)
        except msgspec.DecodeError:
            raise WrongWebhookSecret(
                "The webhook secret is not a JSON object with a text `key`.",
                hint="docs/events.md shows its members; put a right value into it.",
            ) from None
        self._read_at = self._clock()
        return self._secret
