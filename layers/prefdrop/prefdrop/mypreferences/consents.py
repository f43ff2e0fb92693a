"""Consents of single profiles: add, and what they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prefdrop.mypreferences.errors import GarbledAnswer, Misconfigured
from prefdrop.mypreferences.histories import Recorded
from prefdrop.mypreferences.profile_models import (
    Address,
    Consent,
    Email,
    PhoneNumber,
    Preference,
)
from prefdrop.mypreferences.resources import PersonalData, body_of, items_of

COLLECTION = "Consents"

_Contact = Address | Email | PhoneNumber


class ConsentHistory(PersonalData, frozen=True, kw_only=True):
    """What a profile's consents were, each where it hangs.

    `consents` are those of the profile itself, the others those of its contacts and preferences.
    """

    consents: tuple[Consent, ...] = ()
    addresses: tuple[Address, ...] = ()
    emails: tuple[Email, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    profile_preferences: tuple[Preference, ...] = ()

    def all(self) -> Iterator[Consent]:
        """The consents of all levels, without where they hang."""
        yield from self.consents
        preferences = list(self.profile_preferences)
        contacts: tuple[_Contact, ...] = (*self.addresses, *self.emails, *self.phone_numbers)
        for contact in contacts:
            yield from contact.consents
            preferences += _preferences(contact)
        for preference in preferences:
            yield from preference.consents


class Consents(Recorded):
    """The consent operations of one account; `Client.consents` is where to get it."""

    def add(
        self, profile_id: int, consents: Sequence[Consent | Mapping[str, Any]]
    ) -> tuple[Consent, ...]:
        """Add consents to a profile; answers what the vendor says of them, or nothing. Sent once.

        A consent in another locale than the one that is there takes its place.
        """
        if not consents:
            raise Misconfigured("There is no consent to add.", hint="Name one at least.")
        answer = self._send(
            "consents.add",
            body=body_of({COLLECTION: list(consents)}),
            quotes_data=True,
            profileId=str(profile_id),
        )
        try:
            return items_of(Consent, answer, COLLECTION) if answer.body.strip() else ()
        except GarbledAnswer:
            # They were added: the API says so, in other words. They can be read again.
            return ()

    def history(self, profile_id: int, *, filter_id: str | None = None) -> ConsentHistory:
        """What the profile's consents were, of one filter or all of them. A read: retried."""
        return self._history(
            ConsentHistory, "consents.history", filter_id, profileId=str(profile_id)
        )

    def history_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str, *, filter_id: str | None = None
    ) -> ConsentHistory:
        """As `history`, for the profile with this alternate id."""
        return self._history(
            ConsentHistory,
            "consents.history_by_alternate_id",
            filter_id,
            alternateIdType=alternate_id_type,
            alternateId=alternate_id,
        )


def _preferences(contact: _Contact) -> tuple[Preference, ...]:
    if isinstance(contact, Email):
        return contact.email_preferences
    if isinstance(contact, PhoneNumber):
        return contact.phone_preferences
    return contact.address_preferences
