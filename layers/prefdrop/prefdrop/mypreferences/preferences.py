"""Preferences of single profiles: submit, archive, and what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import any_case
from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.mypreferences.histories import Recorded
from prefdrop.mypreferences.profile_models import (
    Address,
    Email,
    PhoneNumber,
    Preference,
    Profile,
)
from prefdrop.mypreferences.profiles import REASON_LENGTH, ProfileData, saved
from prefdrop.mypreferences.resources import PersonalData, body_of, members_of

Item = Mapping[str, Any]

_PREFERENCES = {
    "Emails": "EmailPreferences",
    "PhoneNumbers": NAMES["phone.preferences"].value,
    "Addresses": NAMES["address.preferences"].value,
}
"""What the contacts of each collection call their preferences."""


class PreferenceHistory(PersonalData, frozen=True, kw_only=True):
    """What a profile's preferences were, each under its contact; no groups, tags or fields."""

    addresses: tuple[Address, ...] = ()
    emails: tuple[Email, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    profile_preferences: tuple[Preference, ...] = ()


class Preferences(Recorded):
    """The preference operations of one account; `Client.preferences` is where to get it."""

    def submit(
        self, alternate_id_type: str, alternate_id: str, preferences: ProfileData
    ) -> Profile:
        """Write preferences to the profile with this alternate id, or to a new one.

        `preferences` are contacts with their preferences, and `ProfilePreferences`; contacts that
        the profile lacks are added. Sent once. Repeated, it makes no second profile, but it writes
        over what was written in between, a withdrawal for example: read first. Raises NotFound for
        an unknown type.
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
        whole_contacts: bool = False,
    ) -> None:
        """Archive preferences: those named, or all with `global_deactivate`.

        Archived ones are found through segments and exports only. A contact that names none of its
        preferences would have them all archived (O-21), so that takes `whole_contacts`. Raises
        Misconfigured without it, and where nothing is named.
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
        if not whole_contacts:
            _check_contacts(chosen)
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
        return self._history(
            PreferenceHistory, "preferences.history", filter_id, profileId=str(profile_id)
        )

    def history_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str, *, filter_id: str | None = None
    ) -> PreferenceHistory:
        """As `history`, for the profile with this alternate id."""
        return self._history(
            PreferenceHistory,
            "preferences.history_by_alternate_id",
            filter_id,
            alternateIdType=alternate_id_type,
            alternateId=alternate_id,
        )


def _check_contacts(chosen: Mapping[str, Sequence[Any]]) -> None:
    """Refuse contacts without preferences: a selection that came out empty looks the same."""
    for collection, name in _PREFERENCES.items():
        for contact in chosen.get(collection, ()):
            members = members_of(contact)
            if not (isinstance(members, dict) and any_case(members).get(name.lower())):
                raise Misconfigured(
                    f"An item of {collection} names no preferences, and MyPreferences would archive"
                    " all that it has.",
                    hint="Name preferences of it, or set whole_contacts.",
                )
