"""The operations on preferences and consents: submit, archive, add, and what they were."""

from __future__ import annotations

from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.calls import Call, Operation, no_content
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.model import (
    CONSENTS,
    CONTACT_KINDS,
    PROFILE_PREFERENCES,
    Item,
)
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_found
from prefdrop_local.sandbox.profile_data.archiving import Archiving
from prefdrop_local.sandbox.profile_data.desk import Desk, body_of
from prefdrop_local.sandbox.profile_data.histories import consent_history, preference_history
from prefdrop_local.sandbox.profile_data.profiles_api import answer, upsert
from prefdrop_local.sandbox.queries import Query

_SUBMITTED = {
    name.lower(): name
    for name in (PROFILE_PREFERENCES, CONSENTS, *(kind.collection for kind in CONTACT_KINDS))
}


class PreferenceCalls:
    """`preferences.*` and `consents.*`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "preferences.submit": self.submit,
            "preferences.archive": self.archive,
            "preferences.history": lambda call: self.history(call, self._of_id(call)),
            "preferences.history_by_alternate_id": lambda call: self.history(
                call, self._of_alternate_id(call)
            ),
            "consents.add": self.add_consents,
            "consents.history": lambda call: self.consents(call, self._of_id(call)),
            "consents.history_by_alternate_id": lambda call: self.consents(
                call, self._of_alternate_id(call)
            ),
        }

    def submit(self, call: Call) -> Item | Response:
        """Contacts, preferences and consents of a profile that may have to be made first."""
        _permit(call)
        record = _only(body_of(call), _SUBMITTED)
        identity = (call.values["alternateIdType"], call.values["alternateId"])
        return upsert(self._desk, call, *identity, record)

    def add_consents(self, call: Call) -> Item:
        """Consents for a profile."""
        _permit(call)
        record = _only(body_of(call), {CONSENTS.lower(): CONSENTS})
        if not record.get(CONSENTS):
            raise bad_request(f"{CONSENTS} must be an array of at least one consent.")
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            editing.judge(record)
            editing.update(profile, record)
        return answer(profile)

    def archive(self, call: Call) -> Response:
        """Take preferences out of force."""
        _permit(call)
        archiving = Archiving(self._desk.account, call.caller.user, body_of(call))
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            archiving.archive(profile, editing.moment)
            editing.change(profile, {}, "updated")
        return no_content()

    def history(self, call: Call, profile: Item) -> Item:
        """Every state of a profile's preferences."""
        reader, filter_id = self._desk.reader(call), self._filter(call)
        return preference_history(profile, self._desk.former(profile), reader, filter_id)

    def consents(self, call: Call, profile: Item) -> Item:
        """Every state of a profile's consents."""
        reader, filter_id = self._desk.reader(call), self._filter(call)
        return consent_history(profile, self._desk.former(profile), reader, filter_id)

    def _filter(self, call: Call) -> str:
        filter_id = Query(call).text(NAMES["query.filter_id"].value)
        if filter_id and filter_id.lower() not in map(str.lower, self._desk.account.filters):
            raise not_found("The filter does not exist.")
        return filter_id

    def _of_id(self, call: Call) -> Item:
        return self._desk.profile(call.values["profileId"])

    def _of_alternate_id(self, call: Call) -> Item:
        values = call.values
        return self._desk.profile_with(values["alternateIdType"], values["alternateId"])


def _only(members: dict[str, Any], names: dict[str, str]) -> Item:
    """The members that a call is about; others mean nothing to it."""
    return {names[name.lower()]: value for name, value in members.items() if name.lower() in names}


def _permit(call: Call) -> None:
    if not call.caller.user.preferences:
        raise forbidden("The user may not write preferences.")
