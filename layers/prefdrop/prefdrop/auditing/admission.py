"""Who may deliver events, and in which form: all checks that need no look into the body.

A request that is refused leaves nothing behind but the reason.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from prefdrop.auditing.http import Request, Response
from prefdrop.auditing.signatures import is_signed
from prefdrop.auditing.webhook_secret import SecretCache, WebhookSecret
from prefdrop.settings import SettingsError

LARGEST_BODY = 1 << 20
"""1 MB, counted on the body itself, not on its base64."""

METHODS = ("POST", "OPTIONS", "GET")
"""GET only to have a challenge echoed."""

Network = IPv4Network | IPv6Network


class Refused(Exception):  # it is an answer, not a fault
    """The request is not accepted; `reason` is a word for the answer and for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    def response(self) -> Response:
        """What the caller is told."""
        headers = {"allow": "POST, OPTIONS"} if self.status == 405 else {}
        return Response(self.status, {"error": self.reason}, headers)


def networks_of(setting: str) -> list[Network]:
    """The networks of the setting `webhook_sources`; raises SettingsError."""
    try:
        return [ip_network(one.strip()) for one in setting.split(",") if one.strip()]
    except ValueError:
        raise SettingsError(
            "PREFDROP_WEBHOOK_SOURCES holds something that is no network in CIDR form.",
            hint="It looks like 192.0.2.0/24,2001:db8::/32; host bits must be zero.",
        ) from None


def admit(request: Request, secrets: SecretCache, sources: Sequence[Network]) -> None:
    """Let the request pass; raises Refused.

    Credentials that are not known have the secret read again, so that a rotation needs no restart.
    """
    if request.method not in METHODS:
        raise Refused(405, "MethodNotAllowed")
    if sources and not _comes_from(request.source_ip, sources):
        raise Refused(403, "SourceNotAllowed")
    reason = _unknown_credential(request, secrets.current())
    if reason and (rotated := secrets.refreshed()):
        reason = _unknown_credential(request, rotated)
    if reason:
        raise Refused(401, reason)
    if request.method == "POST":
        _check_form(request)


def _check_form(request: Request) -> None:
    if request.body is None:
        raise Refused(400, "BodyNotBase64")
    if len(request.body) > LARGEST_BODY:
        raise Refused(413, "BodyTooLarge")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise Refused(415, "ContentEncodingNotSupported")
    kind = request.media_type
    if kind and kind not in ("application/json", "text/json") and not kind.endswith("+json"):
        raise Refused(415, "ContentTypeNotSupported")


def _comes_from(address: str, sources: Iterable[Network]) -> bool:
    try:
        source: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(source, IPv6Address) and source.ipv4_mapped:
        source = source.ipv4_mapped
    return any(source in network for network in sources)


def _unknown_credential(request: Request, secret: WebhookSecret) -> str:
    """Which credential is not known; empty if all are."""
    if not _is_one_of(request.key, secret.keys):
        return "KeyUnknown"
    shared = [one for one in secret.shared_secrets if one]
    if shared and not _is_one_of(request.headers.get(secret.header, ""), shared):
        return "SharedSecretUnknown"
    signing = [one for one in secret.signing_secrets if one]
    if signing and request.method == "POST":
        body = request.body or b""
        if not is_signed(request.headers, body, signing, time.time()):
            return "SignatureUnknown"
    return ""


def _is_one_of(given: str, right: Iterable[str]) -> bool:
    """Compare in a time that tells neither how much was right, nor which one, nor its length."""
    seen = _sha256(given)
    matches = [hmac.compare_digest(seen, _sha256(one)) for one in right]
    return any(matches)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
