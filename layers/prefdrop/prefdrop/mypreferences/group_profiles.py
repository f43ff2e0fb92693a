"""Profiles of the same group as another: a household's members, for example."""

from __future__ import annotations

from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.operations import Operations
from prefdrop.mypreferences.profile_models import Profile
from prefdrop.mypreferences.profiles import matches


class GroupProfiles(Operations):
    """The group searches of one account; `Client.group_profiles` is where to get it.

    All are reads, retried; more than 50 profiles are TooManyMatches.
    """

    def of_profile(
        self, profile_id: int, *, group_type: str, group_name: str | None = None
    ) -> tuple[Profile, ...]:
        """The profiles that share a group of `group_type` with this one."""
        query = _group(group_type, group_name)
        return self._found("group_profiles.of_profile", query, profileId=str(profile_id))

    def by_email(
        self,
        email_address: str,
        *,
        group_type: str,
        group_name: str | None = None,
        email_type: str | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles that share a group of `group_type` with one that has this address."""
        query = [
            (NAMES["query.email_address"].value, email_address),
            (NAMES["query.email_type"].value, email_type),
            *_group(group_type, group_name),
        ]
        return self._found("group_profiles.by_email", query)

    def by_phone(
        self,
        phone_number: str,
        *,
        group_type: str,
        group_name: str | None = None,
        phone_type: str | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles that share a group of `group_type` with one that has this number."""
        query = [
            (NAMES["query.phone_number"].value, phone_number),
            (NAMES["query.phone_type"].value, phone_type),
            *_group(group_type, group_name),
        ]
        return self._found("group_profiles.by_phone", query)

    def _found(
        self, route: str, query: list[tuple[str, object]], **values: Any
    ) -> tuple[Profile, ...]:
        return matches(self._send(route, query=query, quotes_data=True, **values))


def _group(group_type: str, group_name: str | None) -> list[tuple[str, object]]:
    return [
        (NAMES["query.group_type"].value, group_type),
        (NAMES["query.group_name"].value, group_name),
    ]
