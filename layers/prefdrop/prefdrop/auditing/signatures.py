"""Signed webhooks by the rules of Standard Webhooks (www.standardwebhooks.com).

`webhook-signature` holds one or several `v1,<base64>` separated by blanks: each an HMAC-SHA256 of
`<webhook-id>.<webhook-timestamp>.<body>`. A request is taken within five minutes of its time stamp,
before or after. Whether the vendor signs is not known (O-16).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

TOLERANCE_SECONDS = 300
PREFIX = "whsec_"
STAMP_DIGITS = 12
"""Of a time stamp in seconds; more is no time that a tolerance could reach."""


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
