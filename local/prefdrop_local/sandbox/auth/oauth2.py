"""OAuth 2.0 client credentials: the token endpoint and the tokens it gave out.

The vendor documents the parameters; shapes of answers are those of RFC 6749 (O-13).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from typing import NamedTuple
from urllib.parse import parse_qs, unquote_plus

import msgspec

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.messages import Request, Response
from prefdrop_local.sandbox.settings import Settings

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class _RefusedError(Exception):
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


class _Grant(NamedTuple):
    user_id: str
    ends_at: float


class TokenOffice:
    """Gives out bearer tokens and knows whose they are."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    def answer(self, request: Request, settings: Settings) -> Response:
        """Answer one request to the token endpoint."""
        try:
            user_id = self._granted_user(request)
        except _RefusedError as refused:
            return _refusal(refused)
        token = secrets.token_urlsafe(32)
        life = settings.oauth_token_seconds
        self._grants[token] = _Grant(user_id, self._clock.now() + life)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": life}
        return Response(200, msgspec.json.encode(body), dict(_NO_STORE))

    def user_id_of(self, token: str) -> str | None:
        """The user a living token belongs to."""
        grant = self._grants.get(token)
        return grant.user_id if grant and self._clock.now() < grant.ends_at else None

    def forget(self) -> None:
        """Revoke every token."""
        self._grants.clear()

    def _granted_user(self, request: Request) -> str:
        form = _form_of(request)
        client_id, secret = _client_of(request, form)
        account_id, _, user_id = form.get("scope", "").partition("/")
        if form.get("grant_type", "") != "client_credentials":
            raise _RefusedError(
                400, "unsupported_grant_type", "grant_type must be client_credentials"
            )
        owner = self._owner(client_id, secret)
        if account_id != self._account.client_id or user_id != owner:
            raise _RefusedError(400, "invalid_scope", "scope must be <account id>/<user id>")
        return owner

    def _owner(self, client_id: str, secret: str) -> str:
        for user_id, user in self._account.users.items():
            if user.active and _same(user, client_id, secret):
                return user_id
        raise _RefusedError(401, "invalid_client", "client authentication failed")


def _same(user: User, client_id: str, secret: str) -> bool:
    known = user.oauth_client_id == client_id and bool(client_id)
    return known and hmac.compare_digest(user.oauth_client_secret.encode(), secret.encode())


def _form_of(request: Request) -> dict[str, str]:
    if request.method != "POST":
        raise _RefusedError(405, "invalid_request", "the token endpoint takes POST")
    if request.content_type != "application/x-www-form-urlencoded":
        raise _RefusedError(400, "invalid_request", "send application/x-www-form-urlencoded")
    fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if any(len(values) > 1 for values in fields.values()):
        raise _RefusedError(400, "invalid_request", "a parameter is repeated")
    if "grant_type" not in fields:
        raise _RefusedError(400, "invalid_request", "grant_type is missing")
    return {name: values[0] for name, values in fields.items()}


def _client_of(request: Request, form: dict[str, str]) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    if not header:
        return form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    if scheme.lower() != "basic":
        pair = ""
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _refusal(refused: _RefusedError) -> Response:
    body = {"error": refused.error, "error_description": refused.description}
    headers = dict(_NO_STORE)
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="MyPreferences"'
    return Response(refused.status, msgspec.json.encode(body), headers)
