"""Preferences of single profiles: submit, archive, and what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.mypreferences.operations import Operations
from prefdrop.mypreferences.profile_models import (
    Address,
    Email,
    PhoneNumber,
    Preference,
    Profile,
)
from prefdrop.mypreferences.profiles import REASON_LENGTH, ProfileData, saved
from prefdrop.mypreferences.resources import PersonalData, body_of, read

Item = Mapping[str, Any]


class PreferenceHistory(PersonalData, frozen=True, kw_only=True):
    """What a profile's preferences were, each under its contact; no groups, tags or fields."""

    addresses: tuple[Address, ...] = ()
    emails: tuple[Email, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    profile_preferences: tuple[Preference, ...] = ()


class Preferences(Operations):
    """The preference operations of one account; `Client.preferences` is where to get it."""

    def submit(
        self, alternate_id_type: str, alternate_id: str, preferences: ProfileData
    ) -> Profile:
        """Write preferences to the profile with this alternate id, or to a new one.

        `preferences` are contacts with their preferences, and `ProfilePreferences`; contacts that
        the profile lacks are added. Sent once, safe to repeat. Raises NotFound for an unknown type.
        """
        return saved(
            self._send(
                "preferences.submit",
                body=body_of(preferences),
                quotes_data=True,
                alternateIdType=alternate_id_type,
                alternateId=alternate_id,
            )
        )

    def archive(
        self,
        profile_id: int,
        *,
        global_deactivate: bool = False,
        reason_code: str = "",
        phone_numbers: Sequence[PhoneNumber | Item] = (),
        addresses: Sequence[Address | Item] = (),
        emails: Sequence[Email | Item] = (),
        profile_preferences: Sequence[Preference | Item] = (),
    ) -> None:
        """Archive preferences: those named, or all with `global_deactivate`.

        Archived ones are found through segments and exports only. Raises Misconfigured where
        nothing is named.
        """
        named = {
            "PhoneNumbers": phone_numbers,
            "Addresses": addresses,
            "Emails": emails,
            "ProfilePreferences": profile_preferences,
        }
        chosen: dict[str, Any] = {name: each for name, each in named.items() if each}
        if not chosen and not global_deactivate:
            raise Misconfigured(
                "There is nothing to archive.", hint="Name preferences, or set global_deactivate."
            )
        if len(reason_code) > REASON_LENGTH:
            raise Misconfigured(f"The reason code has more than {REASON_LENGTH} characters.")
        body = {"GlobalDeactivate": global_deactivate, "Reason_Code": reason_code, **chosen}
        if not reason_code:
            del body["Reason_Code"]
        self._send(
            "preferences.archive",
            body=body_of(body),
            quotes_data=True,
            profileId=str(profile_id),
        )

    def history(self, profile_id: int, *, filter_id: str | None = None) -> PreferenceHistory:
        """What the profile's preferences were, of one filter or of all. A read: retried."""
        return _history(
            self._send(
                "preferences.history",
                query=_only(filter_id),
                quotes_data=True,
                profileId=str(profile_id),
            )
        )

    def history_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str, *, filter_id: str | None = None
    ) -> PreferenceHistory:
        """As `history`, for the profile with this alternate id."""
        return _history(
            self._send(
                "preferences.history_by_alternate_id",
                query=_only(filter_id),
                quotes_data=True,
                alternateIdType=alternate_id_type,
                alternateId=alternate_id,
            )
        )


def _only(filter_id: str | None) -> list[tuple[str, object]]:
    return [(NAMES["query.filter_id"].value, filter_id)]


def _history(answer: Answer) -> PreferenceHistory:
    return read(PreferenceHistory, answer.json())
