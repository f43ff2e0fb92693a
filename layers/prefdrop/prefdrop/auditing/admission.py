"""Who may deliver events, and in which form: all checks that need no look into the body.

A request that is refused leaves nothing behind but the reason.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from prefdrop.auditing.http import Request, Response
from prefdrop.auditing.webhook_secret import SecretCache, WebhookSecret, is_signed
from prefdrop.ledger.clock import now_ms
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
    """Let the request in by its method, source, key and form; raises Refused.

    That is enough for a handshake, by which no sender proves more.
    """
    if request.method not in METHODS:
        raise Refused(405, "MethodNotAllowed")
    if sources and not _comes_from(request.source_ip, sources):
        raise Refused(403, "SourceNotAllowed")
    _check(_unknown_key, request, secrets)
    if request.method == "POST":
        _check_form(request)


def admit_delivery(request: Request, secrets: SecretCache) -> None:
    """Let the body in, if it comes with the shared secret and signed, where these are set up;
    raises Refused."""
    _check(_unknown_sender, request, secrets)


def _check(
    unknown: Callable[[Request, WebhookSecret], str], request: Request, secrets: SecretCache
) -> None:
    """Credentials that are not known have the secret read again: a rotation needs no restart."""
    known = secrets.current()
    reason = unknown(request, known)
    if reason and (rotated := secrets.refreshed(known)):
        reason = unknown(request, rotated)
    if reason:
        raise Refused(401, reason)


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


def _unknown_key(request: Request, secret: WebhookSecret) -> str:
    return "" if _is_one_of(request.key, secret.keys) else "KeyUnknown"


def _unknown_sender(request: Request, secret: WebhookSecret) -> str:
    """Which credential besides the key is not known; empty if all that are set up are."""
    shared = secret.shared_secrets
    if shared and not _is_one_of(request.headers.get(secret.header, ""), shared):
        return "SharedSecretUnknown"
    signing = secret.signing_secrets
    if signing and not is_signed(request.headers, request.body or b"", signing, now_ms() / 1000):
        return "SignatureUnknown"
    return ""


def _is_one_of(given: str, right: Iterable[str]) -> bool:
    """Compare in a time that tells neither how much was right, nor which one, nor its length."""
    seen = _sha256(given)
    matches = [hmac.compare_digest(seen, _sha256(one)) for one in right]
    return any(matches)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
