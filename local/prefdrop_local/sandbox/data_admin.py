"""What the admin endpoint offers of users and of the API's description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.messages import Request
from prefdrop_local.sandbox.openapi.areas import DESCRIBED, SCHEMAS
from prefdrop_local.sandbox.openapi.document import openapi
from prefdrop_local.sandbox.problem import bad_request
from prefdrop_local.sandbox.routing import API_BASE
from prefdrop_local.sandbox.users.directory import Directory

Action = Callable[[Request], Any]
NamedAction = Callable[[Request, str], Any]


class Secrets(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What `PUT users/NAME` takes; what is left out stays as it is."""

    secret: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: str = ""


class DataAdmin:
    """Gives users their secrets, and describes the API."""

    def __init__(self, account: Account, users: Directory) -> None:
        self._account = account
        self._users = users

    def actions(self) -> dict[tuple[str, str], Action]:
        """By method and path."""
        return {("GET", "users"): self._listed, ("GET", "openapi.json"): self._openapi}

    def named_actions(self) -> dict[tuple[str, str], NamedAction]:
        """By method and first part of the path; they are given the rest of it."""
        return {("PUT", "users"): self._set_secrets}

    def _listed(self, _request: Request) -> Any:
        known = self._account.users
        return {
            "users": [
                {
                    "user_id": item.user_id,
                    "user_name": item.user_name,
                    "active": item.is_active,
                    "can_sign": bool(known[item.user_name].secret),
                }
                for item in self._users.all()
            ]
        }

    def _set_secrets(self, request: Request, name: str) -> Any:
        try:
            secrets = msgspec.json.decode(request.body, type=Secrets)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise bad_request(f"Send the secrets of a user: {error}.") from None
        self._users.set_secrets(name, msgspec.to_builtins(secrets))
        return {"status": "ok"}

    def _openapi(self, request: Request) -> Any:
        root = f"http://{request.headers.get('host', '127.0.0.1')}"
        return openapi(root + API_BASE, self._account.client_id, DESCRIBED, SCHEMAS)
