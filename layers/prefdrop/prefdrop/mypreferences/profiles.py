"""Profile data: create, read, search, change and remove single profiles, synchronously.

For more than a handful of profiles bulk import is the vendor's way. Every change here is sent once:
after an unclear error, read the profile before sending it again. By an alternate id a repeated
update makes no second profile, but it writes over what was written since, a withdrawal for
example: read first there, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import Answer, any_case, lacking, lenient_int
from prefdrop.mypreferences.errors import Misconfigured, NotFound
from prefdrop.mypreferences.json_patch import JsonPatch, Operation
from prefdrop.mypreferences.operations import Operations
from prefdrop.mypreferences.profile_models import Profile
from prefdrop.mypreferences.resources import body_of, items_of, read

ProfileData = Profile | Mapping[str, Any]
"""A profile, or its JSON members under the vendor's names."""

Patch = JsonPatch | Iterable[Operation | Mapping[str, Any]]

REASON_LENGTH = 256
"""Characters that the vendor takes for a reason."""


class Profiles(Operations):
    """The profile operations of one account; `Client.profiles` is where to get it."""

    # --- one profile, by its id ---------------------------------------------------------------

    def create(self, profile: ProfileData) -> Profile:
        """Create a profile with its preferences and consents; the answer has its `profile_id`.

        Sent once; raises Conflict where an alternate id is another profile's.
        """
        answer = self._send("profiles.create", body=body_of(profile), quotes_data=True)
        created = saved(answer)
        if created.profile_id is None:
            raise lacking(answer, "the member ProfileId")
        return created

    def get(
        self,
        profile_id: int,
        *,
        implied: bool | None = None,
        include_inactive: bool | None = None,
        include_consent_history: bool | None = None,
    ) -> Profile:
        """One profile. A read: retried. Raises NotFound.

        A deactivated profile is found here, and by its profile id alone (vendor documentation of
        Deactivate); what `include_inactive` (the vendor's default: no) adds to that is not
        documented. `include_consent_history` (default: yes) brings consents that are over, which
        an `overwrite` must not send back; `implied` brings preferences that propagation made.
        """
        query = _scope(implied, include_inactive, include_consent_history)
        return self._one("profiles.get", query, profile_id, profileId=str(profile_id))

    def update(self, profile_id: int, profile: ProfileData) -> Profile:
        """Change what `profile` has and leave the rest, without reading it first. Sent once."""
        return self._saved_by_id("profiles.update", profile_id, profile)

    def overwrite(self, profile_id: int, profile: ProfileData) -> Profile:
        """Replace the whole profile: what `profile` lacks becomes blank.

        To change what is there, `get` it with `include_consent_history=False`: with the history,
        consents that newer ones took the place of would be given anew.
        """
        return self._saved_by_id("profiles.overwrite", profile_id, profile)

    def patch(self, profile_id: int, patch: Patch) -> Profile:
        """Apply a JSON Patch, in the order that the vendor asks for. Sent once."""
        return self._saved_by_id("profiles.patch", profile_id, _patch(patch))

    def delete(self, profile_id: int, *, reason_code: str = "") -> None:
        """Remove a profile for good; it cannot be had back. Needs "Delete Profiles"."""
        query = [(NAMES["query.reason_code"].value, _reason(reason_code) or None)]
        self._send("profiles.delete", query=query, profileId=str(profile_id), quotes_data=True)

    def deactivate(self, profile_id: int, *, reason: str = "") -> None:
        """Hide a profile: from then on only its id finds it. Sent once."""
        body = body_of({"Reason": _reason(reason)})
        self._send("profiles.deactivate", body=body, profileId=str(profile_id), quotes_data=True)

    def activate(self, profile_id: int) -> None:
        """Let a deactivated profile be found again. Sent once."""
        self._send("profiles.activate", profileId=str(profile_id), quotes_data=True)

    # --- one profile, by an alternate id; letters match in any case -----------------------------

    def get_by_alternate_id(
        self,
        alternate_id_type: str,
        alternate_id: str,
        *,
        implied: bool | None = None,
        include_inactive: bool | None = None,
        include_consent_history: bool | None = None,
    ) -> Profile:
        """The active profile with this alternate id, as `get`. Raises NotFound."""
        query = [
            *_alternate_id(alternate_id_type, alternate_id),
            *_scope(implied, include_inactive, include_consent_history),
        ]
        return self._one("profiles.get_by_alternate_id", query)

    def update_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str, profile: ProfileData
    ) -> Profile:
        """Change the profile with this alternate id, or create it. Sent once.

        Repeated, it makes no second profile, but writes over what was written in between.
        """
        query = _alternate_id(alternate_id_type, alternate_id)
        return self._saved("profiles.update_by_alternate_id", profile, query)

    def overwrite_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str, profile: ProfileData
    ) -> Profile:
        """Replace the profile with this alternate id, as `overwrite`."""
        query = _alternate_id(alternate_id_type, alternate_id)
        return self._saved("profiles.overwrite_by_alternate_id", profile, query)

    def patch_by_alternate_id(
        self, alternate_id_type: str, alternate_id: str, patch: Patch
    ) -> Profile:
        """Apply a JSON Patch to the profile with this alternate id, as `patch`."""
        query = _alternate_id(alternate_id_type, alternate_id)
        return self._saved("profiles.patch_by_alternate_id", _patch(patch), query)

    # --- searches: at most 50 matches, else TooManyMatches ------------------------------------

    def search_by_address(
        self,
        *,
        city: str,
        state_province: str,
        address1: str | None = None,
        address2: str | None = None,
        postal_code: str | None = None,
        address_type: str | None = None,
        first_name: str | None = None,
        middle_name: str | None = None,
        last_name: str | None = None,
        partial_address1_match: bool | None = None,
        partial_name_match: bool | None = None,
        implied: bool | None = None,
        include_inactive: bool | None = None,
        include_consent_history: bool | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles with such an address. A read: retried. Raises TooManyMatches."""
        query = [
            ("city", city),
            ("stateProvince", state_province),
            ("address1", address1),
            ("address2", address2),
            ("postalCode", postal_code),
            ("addressType", address_type),
            ("firstName", first_name),
            ("middleName", middle_name),
            ("lastName", last_name),
            ("partialAddress1Match", partial_address1_match),
            ("partialNameMatch", partial_name_match),
            *_scope(implied, include_inactive, include_consent_history),
        ]
        return self._found("profiles.search_by_address", query)

    def search_by_phone(
        self,
        phone_number: str,
        *,
        phone_type: str | None = None,
        implied: bool | None = None,
        include_inactive: bool | None = None,
        include_consent_history: bool | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles with this phone number. A read: retried. Raises TooManyMatches."""
        query = [
            (NAMES["query.phone_number"].value, phone_number),
            (NAMES["query.phone_type"].value, phone_type),
            *_scope(implied, include_inactive, include_consent_history),
        ]
        return self._found("profiles.search_by_phone", query)

    def search_by_email(
        self,
        email_address: str,
        *,
        email_type: str | None = None,
        implied: bool | None = None,
        include_inactive: bool | None = None,
        include_consent_history: bool | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles with this e-mail address. A read: retried. Raises TooManyMatches."""
        query = [
            (NAMES["query.email_address"].value, email_address),
            (NAMES["query.email_type"].value, email_type),
            *_scope(implied, include_inactive, include_consent_history),
        ]
        return self._found("profiles.search_by_email", query)

    def search_by_preference_attributes(
        self,
        attributes: Mapping[str, str],
        *,
        implied: bool | None = None,
        include_inactive: bool | None = None,
        include_consent_history: bool | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles whose preferences have these attributes. A read: retried.

        Raises TooManyMatches, and Misconfigured where no attribute is named.
        """
        if not attributes:
            raise Misconfigured("The search names no attribute.", hint="Name one at least.")
        name = NAMES["query.attributes"].value
        indexed = enumerate(attributes.items())
        pairs = [
            (f"{name}[{at}].{part}", text)
            for at, (key, value) in indexed
            for part, text in (("Key", key), ("Value", value))
        ]
        scope = _scope(implied, include_inactive, include_consent_history)
        return self._found("profiles.search_by_preference_attributes", [*pairs, *scope])

    # --- what they share ----------------------------------------------------------------------

    def _one(
        self,
        route: str,
        query: list[tuple[str, object]],
        profile_id: int | None = None,
        **values: Any,
    ) -> Profile:
        answer = self._send(route, query=query, quotes_data=True, **values)
        found = matches(answer)
        if not found:
            raise NotFound(
                f"{route} was answered with no profile.",
                hint="Check the id; a deactivated profile is found by its profile id alone.",
                route=route,
                status=answer.status,
            )
        if len(found) > 1:
            raise lacking(answer, "the one profile that was asked for")
        return _of(profile_id, found[0], answer)

    def _saved_by_id(self, route: str, profile_id: int, content: Any) -> Profile:
        body = body_of(content)
        answer = self._send(route, body=body, quotes_data=True, profileId=str(profile_id))
        return _of(profile_id, saved(answer), answer)

    def _saved(self, route: str, content: Any, query: list[tuple[str, object]]) -> Profile:
        body = body_of(content)
        return saved(self._send(route, body=body, query=query, quotes_data=True))

    def _found(self, route: str, query: list[tuple[str, object]]) -> tuple[Profile, ...]:
        return matches(self._send(route, query=query, quotes_data=True))


def matches(answer: Answer) -> tuple[Profile, ...]:
    """The profiles of an answer: the collection of that name, an array, or a single one.

    Raises GarbledAnswer for anything else, so that it is not taken for no match.
    """
    decoded = answer.json()
    if isinstance(decoded, dict) and "profileid" in any_case(decoded):
        return (read(Profile, decoded),)
    return items_of(Profile, answer, NAMES["profiles.items"].value, by_name_only=True)


def saved(answer: Answer) -> Profile:
    """What the vendor says of a profile it has written; nothing but the id, or nothing, will do."""
    decoded = answer.json() if answer.body.strip() else {}
    if isinstance(decoded, dict):
        return read(Profile, decoded)
    return Profile(profile_id=lenient_int(decoded))


def _of(profile_id: int | None, profile: Profile, answer: Answer) -> Profile:
    """`profile`, unless it is another than was asked for; not every answer says which it is."""
    if profile_id is not None and profile.profile_id not in (None, profile_id):
        raise lacking(answer, "the profile that was asked for")
    return profile


def _scope(
    implied: bool | None, include_inactive: bool | None, include_consent_history: bool | None
) -> list[tuple[str, object]]:
    return [
        (NAMES["query.implied"].value, implied),
        (NAMES["query.include_inactive"].value, include_inactive),
        (NAMES["query.include_consent_history"].value, include_consent_history),
    ]


def _alternate_id(alternate_id_type: str, alternate_id: str) -> list[tuple[str, object]]:
    if not alternate_id_type or not alternate_id:
        raise Misconfigured(
            "An alternate id or its type is empty.", hint="Both are needed to find a profile."
        )
    return [
        (NAMES["query.alternate_id"].value, alternate_id),
        (NAMES["query.alternate_id_type"].value, alternate_id_type),
    ]


def _patch(patch: Patch) -> list[dict[str, Any]]:
    return (patch if isinstance(patch, JsonPatch) else JsonPatch(patch)).body()


def _reason(text: str) -> str:
    if len(text) > REASON_LENGTH:
        raise Misconfigured(f"The reason has more than {REASON_LENGTH} characters.")
    return text
