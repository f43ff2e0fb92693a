"""Consents of single profiles: add, and what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import GarbledAnswer, Misconfigured
from prefdrop.mypreferences.operations import Operations
from prefdrop.mypreferences.profile_models import Consent
from prefdrop.mypreferences.resources import body_of, collection, read_all

COLLECTION = "Consents"


class Consents(Operations):
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
            return _listed(answer) if answer.body else ()
        except GarbledAnswer:
            # They were added, and the answer has nothing that could not be read again.
            return ()

    def history(self, profile_id: int) -> tuple[Consent, ...]:
        """What the profile's consents were. A read: retried."""
        return _listed(self._send("consents.history", quotes_data=True, profileId=str(profile_id)))

    def history_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str
    ) -> tuple[Consent, ...]:
        """As `history`, for the profile with this alternate id."""
        return _listed(
            self._send(
                "consents.history_by_alternate_id",
                quotes_data=True,
                alternateIdType=alternate_id_type,
                alternateId=alternate_id,
            )
        )


def _listed(answer: Answer) -> tuple[Consent, ...]:
    return read_all(Consent, collection(answer, COLLECTION))
