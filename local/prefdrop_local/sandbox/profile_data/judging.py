"""Judges the record that a call sends, with the rules of bulk import, and says no as the API does.

Members that only the vendor writes are left out of it, so what was read can be sent back.
"""

from __future__ import annotations

from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.bulk_import.faults import EXCEPTIONS, Faults
from prefdrop_local.sandbox.bulk_import.spec import ImportSpec
from prefdrop_local.sandbox.bulk_import.validation import RecordValidator
from prefdrop_local.sandbox.model import (
    CONTACT_KINDS,
    Item,
    alternate_ids,
    consents,
    preferences,
)
from prefdrop_local.sandbox.problem import ProblemError

_CODE = NAMES["exception.code"].value
_MESSAGE = NAMES["exception.message"].value
_BY_PROFILE = ImportSpec("", 0, "Add", None, frozenset(), None)
"""Records of a call are not matched; the path says whose they are."""

_OF_RECORD = {"createdate", "lastmodifieddate", "userid", "sourceid", "reasoncode"}
_OF_CONTACT = {"isactive"}
_OF_PREFERENCE = {
    "programid", "channelid", "matchtype", "reasoncode", "expirationdate", "preferencestatus",
    "lastmodifieddate", "userid", "sourceid", "isactive",
}  # fmt: skip
_OF_CONSENT = {"expirationdate", "expired", "isactive"}


class Judge:
    """The checks of what one user sends."""

    def __init__(self, account: Account, user: User) -> None:
        self._validator = RecordValidator(account, user, _BY_PROFILE, lambda _type, _value: True)

    def check(self, record: Item) -> None:
        """Bind the record's names and take out what is read-only.

        Raises a `ProblemError` that names every place that is wrong.
        """
        verdict = self._validator.check(record)
        if not verdict.ok:
            raise refusal(record)
        _strip(record)


def refuse_if_faulty(record: Item, faults: Faults) -> None:
    """Raise the problem that faults of a record make, if there are any."""
    if faults:
        raise refusal(record)


def refusal(record: Item) -> ProblemError:
    """The answer to a record whose faults are written into it."""
    found = list(_reasons(record, ""))
    codes = {code for _, code, _ in found}
    places: dict[str, list[str]] = {}
    for place, _, message in found:
        places.setdefault(place or "record", []).append(message)
    status = _status(codes)
    return ProblemError(status, _SUMMARIES[status], model_state=places)


_SUMMARIES = {
    400: "The request is invalid.",
    403: "The user lacks a permission for what was sent.",
    404: "Something named in the request does not exist.",
    409: "An alternate id belongs to another profile.",
}


def _status(codes: set[str]) -> int:
    for status in (403, 404, 409):
        if all(_status_of(code) == status for code in codes):
            return status
    return 400


def _status_of(code: str) -> int:
    if code == "NotPermitted":
        return 403
    if code == "AlternateIdInUse":
        return 409
    return 404 if code.startswith("Unknown") else 400


def _reasons(item: Any, place: str) -> list[tuple[str, str, str]]:
    """Place, code and message of every fault in an item and its children."""
    found = [(place, one[_CODE], one[_MESSAGE]) for one in item.get(EXCEPTIONS) or ()]
    for name, value in item.items():
        if name == EXCEPTIONS:
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, dict):
                at = f"{name}[{index}]" if isinstance(value, list) else name
                found += _reasons(child, f"{place}.{at}".lstrip("."))
    return found


def _strip(record: Item) -> None:
    _drop(record, _OF_RECORD)
    for kind in CONTACT_KINDS:
        for contact in record.get(kind.collection) or ():
            _drop(contact, _OF_CONTACT)
    for _, _, preference in preferences(record):
        _drop(preference, _OF_PREFERENCE)
    for consent in consents(record):
        _drop(consent, _OF_CONSENT)
    for name in ("AlternateIds", "Groups"):
        for item in record.get(name) or ():
            _drop(item, _OF_CONTACT)


def _drop(item: Item, names: set[str]) -> None:
    for name in [name for name in item if name.lower() in names]:
        del item[name]


def has_alternate_id(record: Item, type_name: str, value: str) -> bool:
    """Whether the record has this alternate id, in any case."""
    return value.lower() in (str(one).lower() for one in alternate_ids(record, type_name))
