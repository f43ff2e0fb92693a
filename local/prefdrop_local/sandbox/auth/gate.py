"""Finds out who sends a request, by whichever scheme its `Authorization` header uses."""

from __future__ import annotations

from typing import NamedTuple

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.auth import pnauthinfo3
from prefdrop_local.sandbox.auth.oauth2 import TokenOffice
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.messages import Request
from prefdrop_local.sandbox.problem import not_authorized, not_found
from prefdrop_local.sandbox.settings import Settings


class Caller(NamedTuple):
    """An authenticated user."""

    user_id: str
    user: User


class Gate:
    """The check at the door of every route below the API base."""

    def __init__(self, account: Account, clock: Clock, office: TokenOffice) -> None:
        self._account = account
        self._clock = clock
        self._office = office

    def caller(self, request: Request, client_id: str, settings: Settings) -> Caller:
        """Who sends the request.

        Raises a 401 `ProblemError` with the vendor's reason, or 404 for a client id other than the
        account's: without that account there is no user list to check the caller against.
        """
        header = request.headers.get("authorization", "").strip()
        if not header:
            raise not_authorized(pnauthinfo3.NO_HEADER)
        if client_id != self._account.client_id:
            raise not_found("The client was not found.")
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "bearer":
            return self._bearer(rest.strip())
        return Caller(*pnauthinfo3.user_of_header(header, self._account, self._clock, settings))

    def _bearer(self, token: str) -> Caller:
        user_id = self._office.user_id_of(token)
        user = self._account.active_user(user_id) if user_id else None
        if user_id is None or user is None:
            raise not_authorized(pnauthinfo3.UNABLE)
        return Caller(user_id, user)
