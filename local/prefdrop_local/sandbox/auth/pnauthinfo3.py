"""The vendor's own scheme PNAUTHINFO3, keyed forms.

The message that is signed comes from a third party's open-source client, not from the vendor's
pages: `<clientId>:<userId>:<issuedTimestamp>`. The input of the un-keyed forms is unknown (O-14),
so they are understood but never let in.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC
from typing import NamedTuple

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.dates import moment_of
from prefdrop_local.sandbox.problem import not_authorized
from prefdrop_local.sandbox.settings import Settings

BAD_SCHEME = "scheme is invalid"
BAD_DATE = "date does not match an expected ISO 8601 format"
TOO_OLD = "difference between issued timestamp and current time too large"
NO_HEADER = "missing authorization header"
UNABLE = "unable to authenticate request"

_KEYED = {f"pnauthinfo3-hmac-{name}" for name in ("sha256", "sha384", "sha512")}
_UNKEYED = {"pnauthinfo3-sha256", "pnauthinfo3-sha384", "pnauthinfo3-sha512"}


class _Header(NamedTuple):
    scheme: str
    user_id: str
    issued: str
    signature: str


def signature(hash_name: str, secret: str, client_id: str, user_id: str, issued: str) -> str:
    """The base64 signature of a keyed header; `hash_name` is SHA256, SHA384 or SHA512."""
    message = f"{client_id}:{user_id}:{issued}".encode()
    digest = hmac.new(secret.encode(), message, hash_name.lower()).digest()
    return base64.b64encode(digest).decode()


def user_of_header(
    text: str, account: Account, clock: Clock, settings: Settings
) -> tuple[str, User]:
    """The user who signed, with id. Raises a 401 `ProblemError` with the vendor's reason."""
    header = _parsed(text)
    _check_issued(header.issued, clock, settings)
    user = account.active_user(header.user_id)
    if user is None or not user.secret or header.scheme in _UNKEYED:
        raise not_authorized(UNABLE)
    hash_name = header.scheme.rpartition("-")[2]
    wanted = signature(hash_name, user.secret, account.client_id, header.user_id, header.issued)
    if not hmac.compare_digest(wanted.encode(), header.signature.encode()):
        raise not_authorized(UNABLE)
    return header.user_id, user


def _parsed(text: str) -> _Header:
    scheme, *parts = text.split(" ")
    if scheme.lower() not in _KEYED and scheme.lower() not in _UNKEYED:
        raise not_authorized(BAD_SCHEME)
    named = dict(part.split("=", 1) for part in parts if "=" in part)
    user_id, _, issued = named.get("Credential", "").rpartition("/")
    if len(parts) != 2 or not user_id or not issued or not named.get("Signature"):
        raise not_authorized(UNABLE)
    return _Header(scheme.lower(), user_id, issued, named["Signature"])


def _check_issued(issued: str, clock: Clock, settings: Settings) -> None:
    """Refuse future and old timestamps.

    A caller signs with real time. After a test has advanced the sandbox's clock, every moment from
    real time to sandbox time counts as now, so that callers are not locked out by it.
    """
    if len(issued) <= len("2026-01-15"):
        raise not_authorized(BAD_DATE)
    try:
        moment = moment_of(issued).astimezone(UTC).timestamp()
    except ValueError:
        raise not_authorized(BAD_DATE) from None
    if moment > max(clock.now(), clock.real()) + settings.future_seconds:
        raise not_authorized(BAD_DATE)
    if moment < clock.real() - settings.signature_minutes * 60:
        raise not_authorized(TOO_OLD)
