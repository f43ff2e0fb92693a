"""User management: for API users of the Administrator group only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import Answer, lacking
from prefdrop.mypreferences.operations import Operations
from prefdrop.mypreferences.resources import PersonalData, body_of, items_of, read

LandingPage = Literal["Dashboard", "ProfileSearch", "DataExport"]
"""Values of a user's `default_landing_page`."""

_NAMES = {
    "user_id": NAMES["user.id"].value,
    "source_group_id": "SourceGroupID",
    "is_sso": "IsSSO",
}


def _wire(field: str) -> str:
    return _NAMES.get(field) or "".join(map(str.capitalize, field.split("_")))


class User(PersonalData, frozen=True, kw_only=True, rename=_wire):
    """A user of the account. `is_sso` counts at creation only and suppresses the mail."""

    user_id: int | None = None
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    user_groups: tuple[Any, ...] = ()
    source_group_id: int | None = None
    default_landing_page: str | None = None
    default_landing_page_type_nbr: int | None = None
    is_sso: bool | None = None
    is_active: bool | None = None
    submitted_time: str | None = None
    """When the creation was taken, in the vendor's words; only in its answer."""


class Users(Operations):
    """The users of one account; `Client.users` is where to get it. All raise Forbidden."""

    def list(self) -> tuple[User, ...]:
        """All users. A read: retried."""
        answer = self._send("users.list", quotes_data=True)
        return items_of(User, answer, NAMES["users.items"].value)

    def create(self, user: User | Mapping[str, Any]) -> User:
        """Create a user; the answer has its `user_id` and `submitted_time`. Sent once.

        An inactive user of the same name is activated again, and the answer is the same.
        """
        answer = self._send("users.create", body=body_of(user), quotes_data=True)
        created = _user(answer)
        if created.user_id is None:
            raise lacking(answer, "the member UserId")
        return created

    def update(self, user_id: int, user: User | Mapping[str, Any]) -> User:
        """Overwrite a user: what `user` lacks becomes blank."""
        answer = self._send(
            "users.update", body=body_of(user), quotes_data=True, userId=str(user_id)
        )
        written = _user(answer) if answer.body.strip() else User(user_id=user_id)
        if written.user_id not in (None, user_id):
            raise lacking(answer, "the user that was to be written")
        return written


def _user(answer: Answer) -> User:
    return read(User, answer.json())
