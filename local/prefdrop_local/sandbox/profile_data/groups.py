"""Finds the profiles that are in a group with somebody."""

from __future__ import annotations

from collections.abc import Iterable

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.model import GROUP_NAME, GROUP_TYPE, Item
from prefdrop_local.sandbox.problem import not_found
from prefdrop_local.sandbox.profile_data.searches import found
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.store import Store

_GROUP_TYPE = NAMES["query.group_type"].value
_GROUP_NAME = NAMES["query.group_name"].value


class GroupQuery:
    """The groups that a call asks about: of one type, or one of them."""

    def __init__(self, query: Query, account: Account) -> None:
        """Raises 400 without a type and 404 for one, or a group, that the account lacks."""
        known = {name.lower(): names for name, names in account.groups.items()}
        self._type = query.required(_GROUP_TYPE).lower()
        self._name = query.text(_GROUP_NAME).lower()
        if self._type not in known:
            raise not_found(f"{_GROUP_TYPE} is not a group type of this account.")
        if self._name and self._name not in (name.lower() for name in known[self._type]):
            raise not_found(f"{_GROUP_NAME} is not a group of this type.")

    def members_with(self, store: Store, profiles: Iterable[Item]) -> list[Item]:
        """All profiles in the groups of these profiles, they themselves too.

        Raises 403 for too many.
        """
        wanted = {name for profile in profiles for name in self._groups(profile)}
        if not wanted:
            return []
        return found(store, lambda profile: not wanted.isdisjoint(self._groups(profile)))

    def _groups(self, profile: Item) -> set[str]:
        return {
            str(item[GROUP_NAME]).lower()
            for item in profile.get("Groups") or ()
            if item.get("IsActive", True)
            and str(item[GROUP_TYPE]).lower() == self._type
            and self._name in ("", str(item[GROUP_NAME]).lower())
        }
