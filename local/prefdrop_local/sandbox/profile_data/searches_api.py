"""The operations that find profiles: searches, and those in a group with somebody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.calls import Call, Operation
from prefdrop_local.sandbox.model import Item
from prefdrop_local.sandbox.profile_data import searches
from prefdrop_local.sandbox.profile_data.desk import Desk
from prefdrop_local.sandbox.profile_data.groups import GroupQuery
from prefdrop_local.sandbox.profile_data.read_model import wanted
from prefdrop_local.sandbox.profile_data.searches import Test, found
from prefdrop_local.sandbox.queries import Query

ITEMS = NAMES["profiles.items"].value


class SearchCalls:
    """`profiles.search_by_*` and `group_profiles.*`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "profiles.search_by_address": self.by_address,
            "profiles.search_by_phone": self.by_phone,
            "profiles.search_by_email": self.by_email,
            "profiles.search_by_preference_attributes": self.by_attributes,
            "group_profiles.of_profile": self.group_of_profile,
            "group_profiles.by_email": self.group_by_email,
            "group_profiles.by_phone": self.group_by_phone,
        }

    def by_address(self, call: Call) -> Any:
        """Who has an address."""
        return self._search(call, *searches.by_address(Query(call), self._desk.account))

    def by_email(self, call: Call) -> Any:
        """Who has an e-mail address."""
        return self._search(call, *searches.by_email(Query(call), self._desk.account))

    def by_phone(self, call: Call) -> Any:
        """Who has a phone number."""
        return self._search(call, searches.by_phone(Query(call), self._desk.account))

    def by_attributes(self, call: Call) -> Any:
        """Who has a preference with attributes."""
        return self._search(call, searches.by_attributes(Query(call)))

    def group_of_profile(self, call: Call) -> Any:
        """Who is in a group with a profile."""
        groups = GroupQuery(Query(call), self._desk.account)
        profile = self._desk.profile(call.values["profileId"])
        return self._shown(call, groups.members_with(self._desk.store, [profile]))

    def group_by_email(self, call: Call) -> Any:
        """Who is in a group with those who have an e-mail address."""
        groups = GroupQuery(Query(call), self._desk.account)
        test, hint = searches.by_email(Query(call), self._desk.account)
        holders = found(self._desk.store, test, hint)
        return self._shown(call, groups.members_with(self._desk.store, holders))

    def group_by_phone(self, call: Call) -> Any:
        """Who is in a group with those who have a phone number."""
        groups = GroupQuery(Query(call), self._desk.account)
        holders = found(self._desk.store, searches.by_phone(Query(call), self._desk.account))
        return self._shown(call, groups.members_with(self._desk.store, holders))

    def _search(self, call: Call, test: Test, hint: str = "") -> Any:
        self._desk.reader(call)
        return self._shown(call, found(self._desk.store, test, hint))

    def _shown(self, call: Call, profiles: Iterable[Item]) -> Any:
        want, reader = wanted(Query(call)), self._desk.reader(call)
        return {ITEMS: [reader.shown(profile, want) for profile in profiles]}
