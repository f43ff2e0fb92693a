"""The operations on one profile: read, create, update, overwrite, patch, delete, (de)activate."""

from __future__ import annotations

from mypreferences_assumptions import NAMES, ROUTES
from prefdrop_local.sandbox.calls import Call, Operation, created, no_content, require_json
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.model import Item, consents
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_found
from prefdrop_local.sandbox.profile_data.desk import Desk, body_of, text_of
from prefdrop_local.sandbox.profile_data.editing import Editing, identified
from prefdrop_local.sandbox.profile_data.json_patch import patched, read_patch
from prefdrop_local.sandbox.profile_data.read_model import Wanted, wanted
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.routing import API_BASE

_ALTERNATE_ID = NAMES["query.alternate_id"].value
_ALTERNATE_ID_TYPE = NAMES["query.alternate_id_type"].value
_REASON_CODE = NAMES["query.reason_code"].value


class ProfileCalls:
    """`profiles.*` but for the searches."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "profiles.create": self.create,
            "profiles.get": self.get,
            "profiles.update": self.update,
            "profiles.overwrite": self.overwrite,
            "profiles.patch": self.patch,
            "profiles.delete": self.delete,
            "profiles.deactivate": self.deactivate,
            "profiles.activate": self.activate,
            "profiles.get_by_alternate_id": self.get_by_alternate_id,
            "profiles.update_by_alternate_id": self.update_by_alternate_id,
            "profiles.overwrite_by_alternate_id": self.overwrite_by_alternate_id,
            "profiles.patch_by_alternate_id": self.patch_by_alternate_id,
        }

    def get(self, call: Call) -> Item:
        """The profile, deactivated or not."""
        want, reader = wanted(Query(call)), self._desk.reader(call)
        return reader.shown(self._desk.profile(call.values["profileId"]), want)

    def get_by_alternate_id(self, call: Call) -> Item:
        """The active profile with an alternate id."""
        want, reader = wanted(Query(call)), self._desk.reader(call)
        return reader.shown(self._desk.profile_with(*_identity(call)), want)

    def create(self, call: Call) -> Response:
        """A new profile with preferences and consents; any `ProfileId` in it means nothing."""
        record = body_of(call)
        with self._desk.editing(call) as editing:
            editing.judge(record)
            if self._desk.settings().consents_on_create == "refused" and any(consents(record)):
                raise bad_request("A profile cannot be created with consents.")
            number = editing.create(record)
        return made(call, number)

    def update(self, call: Call) -> Item:
        """What is sent is added or updated, what is not sent stays."""
        record = body_of(call)
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            editing.judge(record, profile)
            editing.update(profile, record)
        return answer(profile)

    def overwrite(self, call: Call) -> Item:
        """What is not sent becomes blank."""
        record = body_of(call)
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            editing.judge(record, profile)
            editing.overwrite(profile, record)
        return answer(profile)

    def patch(self, call: Call) -> Item:
        """A JSON Patch of what a read of the profile shows."""
        require_json(call.request)
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            return self._patch(call, editing, profile)

    def update_by_alternate_id(self, call: Call) -> Item | Response:
        """As `update`; without such a profile, one is made that has the alternate id."""
        return upsert(self._desk, call, *_identity(call), body_of(call))

    def overwrite_by_alternate_id(self, call: Call) -> Item:
        """As `overwrite`; the profile keeps the alternate id even if it is left out."""
        record = body_of(call)
        with self._desk.editing(call) as editing:
            profile = _found(editing, call)
            editing.judge(record, profile)
            editing.overwrite(profile, identified(record, *_identity(call)))
        return answer(profile)

    def patch_by_alternate_id(self, call: Call) -> Item:
        """As `patch`."""
        require_json(call.request)
        with self._desk.editing(call) as editing:
            return self._patch(call, editing, _found(editing, call))

    def delete(self, call: Call) -> Response:
        """Remove the profile for good."""
        if not call.caller.user.delete_profiles:
            raise forbidden("The user may not delete profiles.")
        reason = Query(call).text(_REASON_CODE)
        with self._desk.editing(call) as editing:
            editing.delete(editing.profile(call.values["profileId"]), reason)
        return no_content()

    def deactivate(self, call: Call) -> Item:
        """From now on only the profile id finds it."""
        _permit(call)
        reason = text_of(body_of(call), "Reason", 256) if call.request.body else ""
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            if profile["IsActive"]:
                members = {"IsActive": False, "ReasonCode": reason}
                editing.change(profile, members, "deactivated")
        return answer(profile)

    def activate(self, call: Call) -> Item:
        """Let it be found again."""
        _permit(call)
        with self._desk.editing(call) as editing:
            profile = editing.profile(call.values["profileId"])
            if not profile["IsActive"]:
                editing.change(profile, {"IsActive": True, "ReasonCode": ""}, "reactivated")
        return answer(profile)

    def _patch(self, call: Call, editing: Editing, profile: Item) -> Item:
        reader = self._desk.reader(call)
        shown = reader.shown(editing.profile(str(profile["ProfileId"])), Wanted())
        record = patched(shown, read_patch(call.request.body))
        editing.judge(record, profile)
        editing.overwrite(profile, record, "updated")
        return answer(profile)


def upsert(desk: Desk, call: Call, type_name: str, value: str, record: Item) -> Item | Response:
    """Update the profile with an alternate id, or make one. Raises 404 for an unknown type."""
    with desk.editing(call) as editing:
        profile = editing.found(type_name, value)
        editing.judge(record, profile)
        if profile is not None:
            editing.update(profile, record)
            return answer(profile)
        number = editing.create(identified(record, type_name, value))
    return made(call, number)


def answer(profile: Item) -> Item:
    """What a call that changes a profile answers."""
    return {"ProfileId": profile["ProfileId"]}


def made(call: Call, number: int) -> Response:
    """What a call that makes a profile answers."""
    path = ROUTES["profiles.get"].path
    path = path.format(clientId=call.values["clientId"], profileId=number)
    return created({"ProfileId": number}, API_BASE + path)


def _identity(call: Call) -> tuple[str, str]:
    query = Query(call)
    return query.required(_ALTERNATE_ID_TYPE), query.required(_ALTERNATE_ID)


def _found(editing: Editing, call: Call) -> Item:
    profile = editing.found(*_identity(call))
    if profile is None:
        raise not_found("No profile has this alternate id.")
    return profile


def _permit(call: Call) -> None:
    if not call.caller.user.profiles:
        raise forbidden("The user may not write profiles.")
