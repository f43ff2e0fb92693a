"""A user as the API shows it, and the permissions that come with user groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import CHANNELS, Account, Permissions, User
from prefdrop_local.sandbox.problem import not_found

_NAMES = {"user_id": NAMES["user.id"].value, "source_group_id": "SourceGroupID", "is_sso": "IsSSO"}


def _api_name(field: str) -> str:
    return _NAMES.get(field, "".join(map(str.capitalize, field.split("_"))))


class UserDetails(Struct, rename=_api_name):
    """What administrators send and see of a user."""

    user_name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\s/:]+$")]
    """What credentials name; no part of them may end inside it."""
    user_id: int = 0
    """Read-only."""
    first_name: Annotated[str, Meta(max_length=100)] = ""
    last_name: Annotated[str, Meta(max_length=100)] = ""
    email: Annotated[str, Meta(max_length=256)] = ""
    phone: Annotated[str, Meta(max_length=50)] = ""
    description: Annotated[str, Meta(max_length=1000)] = ""
    user_groups: list[str] = []
    source_group_id: int | None = None
    default_landing_page: Literal["Dashboard", "ProfileSearch", "DataExport"] = "Dashboard"
    default_landing_page_type_nbr: int | None = None
    is_sso: bool = False
    """Suppresses the mail to a new user; taken on creation only."""
    is_active: bool | None = None
    """Left out of an update, it stays as it is."""


class Submitted(Struct, rename=_api_name):
    """The answer to a create or update."""

    user_id: int
    submitted_time: str


def permitted(account: Account, groups: Iterable[str]) -> dict[str, Any]:
    """What a user of these groups may do: whatever any of them permits.

    Raises 404 for a group that the account does not have.
    """
    known = {name.lower(): group for name, group in account.user_groups.items()}
    found: list[Permissions] = []
    for name in groups:
        if name.lower() not in known:
            raise not_found("One of UserGroups does not exist.")
        found.append(known[name.lower()])
    members = [msgspec.structs.asdict(group) for group in found]
    flags = [name for name in Permissions.__struct_fields__ if name != "channels"]
    channels = tuple(name for name in CHANNELS if any(name in one["channels"] for one in members))
    return {name: any(one[name] for one in members) for name in flags} | {"channels": channels}


def source_of(account: Account, number: int | None) -> str:
    """The name of a source group; None means the account's first. Raises 404 for no such group."""
    groups = account.source_groups
    if number is None:
        return next(iter(groups.values()), "API")
    if (name := groups.get(str(number))) is None:
        raise not_found("SourceGroupID does not exist.")
    return name


def details_of(account: Account, number: int, name: str, user: User) -> UserDetails:
    """What is known about a user of the account file."""
    sources = {source: int(key) for key, source in account.source_groups.items() if key.isdigit()}
    return UserDetails(
        name, number, user_groups=list(user.groups), source_group_id=sources.get(user.source),
        is_active=user.active,
    )  # fmt: skip
