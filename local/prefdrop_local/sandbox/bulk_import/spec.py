"""What an initiate request asks for, checked against types, ranges and the account."""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.problem import ProblemError, bad_request, not_found

FLAGS = (
    "RefreshAlternateIds", "RefreshContacts", "RefreshCustomFields", "RefreshGroups",
    "RefreshTags", "AllowPriorConsents",
)  # fmt: skip
MATCH_BY_ALTERNATE_ID = "AlternateIdType"
_NAME_LENGTH = 100
_REASON_LENGTH = 256
_STAGE_DAYS = 10


class ImportSpec(msgspec.Struct, frozen=True):
    """The parameters of one import."""

    name: str
    data_stage_duration: int
    action: Literal["Add", "Delete"]
    match_type: str | None
    """Alternate id type that records are matched on; None: by `ProfileId`."""
    flags: frozenset[str]
    """The names among `FLAGS` that are true."""
    reason_code: str | None

    def echo(self) -> dict[str, Any]:
        """The members with which the vendor repeats the request in its answers."""
        members: dict[str, Any] = {
            "Name": self.name,
            "DataStageDuration": self.data_stage_duration,
            "ImportAction": self.action,
        }
        if self.match_type:
            members |= {"MatchCriteria": MATCH_BY_ALTERNATE_ID, "MatchValue": self.match_type}
        members |= {flag: flag in self.flags for flag in FLAGS}
        if self.reason_code is not None:
            members["ReasonCode"] = self.reason_code
        return members


def parse_spec(body: bytes, account: Account) -> ImportSpec:
    """Read the body of an initiate request.

    Raises a 400 `ProblemError` naming the parameter, or 404 when `MatchValue` is no alternate id
    type of the account.
    """
    members = _members_of(body)
    return ImportSpec(
        name=_name(members),
        data_stage_duration=_days(members),
        action=_action(members),
        match_type=_match_type(members, account),
        flags=frozenset(flag for flag in FLAGS if _flag(members, flag)),
        reason_code=_text(members, "ReasonCode", _REASON_LENGTH),
    )


def _members_of(body: bytes) -> dict[str, Any]:
    """The body's members under lower-case names; nulls count as absent."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(decoded, dict):
        raise bad_request("The request body must be a JSON object.")
    return {name.lower(): value for name, value in decoded.items() if value is not None}


def _text(members: dict[str, Any], name: str, longest: int) -> str | None:
    value = members.get(name.lower())
    if value is not None and (not isinstance(value, str) or len(value) > longest):
        raise bad_request(f"{name} must be a string of at most {longest} characters.")
    return value


def _name(members: dict[str, Any]) -> str:
    name = _text(members, "Name", _NAME_LENGTH)
    if not name:
        raise bad_request(f"Name is required, 1 to {_NAME_LENGTH} characters.")
    return name


def _days(members: dict[str, Any]) -> int:
    days = members.get("datastageduration", 3)
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= _STAGE_DAYS:
        raise bad_request(f"DataStageDuration must be an integer from 0 to {_STAGE_DAYS}.")
    return days


def _action(members: dict[str, Any]) -> Literal["Add", "Delete"]:
    action = members.get("importaction", "Add")
    if action not in ("Add", "Delete"):
        raise bad_request("ImportAction must be Add or Delete.")
    return cast('Literal["Add", "Delete"]', action)


def _flag(members: dict[str, Any], name: str) -> bool:
    flag = members.get(name.lower(), False)
    if not isinstance(flag, bool):
        raise bad_request(f"{name} must be true or false.")
    return flag


def _match_type(members: dict[str, Any], account: Account) -> str | None:
    criteria = _text(members, "MatchCriteria", _NAME_LENGTH)
    value = _text(members, "MatchValue", _NAME_LENGTH)
    if criteria is None and value is None:
        return None
    if criteria != MATCH_BY_ALTERNATE_ID:
        raise bad_request(f"MatchCriteria must be {MATCH_BY_ALTERNATE_ID}.")
    if not value:
        raise bad_request("MatchValue is required with MatchCriteria.")
    return _configured(value, account)


def _configured(value: str, account: Account) -> str:
    for known in account.alternate_id_types:
        if known.lower() == value.lower():
            return known
    raise _unknown_type()


def _unknown_type() -> ProblemError:
    return not_found("MatchValue is not an alternate id type of this account.")
