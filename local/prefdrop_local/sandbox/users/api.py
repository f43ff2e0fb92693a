"""The operations of user management."""

from __future__ import annotations

from typing import Any

import msgspec

from mypreferences_assumptions import NAMES, ROUTES
from prefdrop_local.sandbox.calls import Call, Operation, created, require_json
from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_found
from prefdrop_local.sandbox.reading import read_object, spelled
from prefdrop_local.sandbox.routing import API_BASE
from prefdrop_local.sandbox.users.details import Submitted, UserDetails
from prefdrop_local.sandbox.users.directory import Directory

ITEMS = NAMES["users.items"].value


class Users:
    """User management of one account."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "users.list": self.list,
            "users.create": self.create,
            "users.update": self.update,
        }

    def list(self, call: Call) -> Any:
        """Every user of the account, inactive ones too."""
        _permit(call)
        return {ITEMS: self._directory.all()}

    def create(self, call: Call) -> Response:
        """A new user, or an inactive one who is active again."""
        details = self._details(call)
        number = self._directory.create(details)
        call.entry.applied = True
        path = ROUTES["users.update"].path
        path = path.format(clientId=call.values["clientId"], userId=number)
        return created(Submitted(number, iso(self._clock.now())), API_BASE + path)

    def update(self, call: Call) -> Submitted:
        """Write a user over: what is omitted is blank, but for `IsActive`, which stays."""
        details = self._details(call)
        text = call.values["userId"]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise not_found("The user does not exist.")
        self._directory.update(int(text), details)
        call.entry.applied = True
        return Submitted(int(text), iso(self._clock.now()))

    def _details(self, call: Call) -> UserDetails:
        _permit(call)
        require_json(call.request)
        members = spelled(read_object(call.request.body), UserDetails)
        try:
            return msgspec.convert(members, UserDetails)
        except msgspec.ValidationError as error:
            raise bad_request(f"The user is not as it must be: {error}.") from None


def _permit(call: Call) -> None:
    if not call.caller.user.administrator:
        raise forbidden("Only users of the Administrator group may manage users.")
