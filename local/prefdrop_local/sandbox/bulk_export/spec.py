"""What an initiate request asks for, checked against types, ranges and the account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from prefdrop_local.guard import is_loopback
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_export.moments import read_moment, rounded_up
from prefdrop_local.sandbox.problem import bad_request, not_found
from prefdrop_local.sandbox.reading import folded_members, read_object

Criteria = Literal["ProfileId", "AlternateId", "PhoneNumber", "EmailAddress"]

_CRITERIA: dict[str, Criteria] = {
    "profileid": "ProfileId",
    "alternateid": "AlternateId",
    "phonenumber": "PhoneNumber",
    "emailaddress": "EmailAddress",
}
_LONGEST_TEXT = 256
_LONGEST_URL = 2_000
_LONGEST_ID = 18


class ExportSpec(msgspec.Struct, frozen=True):
    """The parameters of one export."""

    last_date_time: str | None = None
    """As it was sent."""
    since: int | None = None
    """The boundary that it was rounded up to, in milliseconds since 1970."""
    criteria: Criteria | None = None
    match_type: str | None = None
    """Alternate id type, or customer, phone or e-mail type, by the criteria."""
    values: tuple[str, ...] = ()
    callback_url: str | None = None


def parse_spec(body: bytes, account: Account, *, loopback_http: bool) -> ExportSpec:
    """Read the body of an initiate request; it may be empty, since no member is required.

    `loopback_http` allows a callback to this machine without TLS. Raises a 400 `ProblemError`
    naming the parameter, or 404 when `MatchType` is no type of the account.
    """
    members = folded_members(read_object(body or b"{}"))
    text = _text(members, "LastDateTime", _LONGEST_TEXT)
    criteria = _criteria(members)
    return ExportSpec(
        last_date_time=text,
        since=None if text is None else _since(text),
        criteria=criteria,
        match_type=_match_type(members, criteria, account),
        values=_values(members, criteria),
        callback_url=_callback_url(members, loopback_http),
    )


def _text(members: dict[str, Any], name: str, longest: int) -> str | None:
    value = members.get(name.lower())
    if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= longest):
        raise bad_request(f"{name} must be a string of 1 to {longest} characters.")
    return value


def _since(text: str) -> int:
    try:
        return rounded_up(read_moment(text))
    except (ValueError, OverflowError):
        raise bad_request("LastDateTime must be an ISO 8601 date.") from None


def _criteria(members: dict[str, Any]) -> Criteria | None:
    """The vendor's prose writes ProfileID and AlternateID, its enumeration ProfileId."""
    text = _text(members, "MatchCriteria", _LONGEST_TEXT)
    if text is None:
        return None
    if text.lower() not in _CRITERIA:
        raise bad_request(f"MatchCriteria must be one of {', '.join(_CRITERIA.values())}.")
    return _CRITERIA[text.lower()]


def _match_type(members: dict[str, Any], criteria: Criteria | None, account: Account) -> str | None:
    text = _text(members, "MatchType", _LONGEST_TEXT)
    if text is None:
        if criteria == "AlternateId":
            raise bad_request("MatchType must name the alternate id type.")
        return None
    if criteria is None:
        raise bad_request("MatchType is for use with MatchCriteria.")
    types: dict[Criteria, Iterable[str]] = {
        "ProfileId": account.customer_types,
        "AlternateId": account.alternate_id_types,
        "PhoneNumber": account.phone_types,
        "EmailAddress": account.email_types,
    }
    for known in types[criteria]:
        if known.lower() == text.lower():
            return known
    raise not_found("MatchType is not a type of this account that fits MatchCriteria.")


def _values(members: dict[str, Any], criteria: Criteria | None) -> tuple[str, ...]:
    values = members.get("values")
    if criteria is None:
        if values:
            raise bad_request("Values are for use with MatchCriteria.")
        return ()
    if not isinstance(values, list) or not values:
        raise bad_request("Values must be an array with at least one value.")
    return tuple(_value(value, criteria) for value in values)


def _value(value: Any, criteria: Criteria) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise bad_request("Values must be strings.")
    text = str(value)
    digits = text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
    if criteria == "ProfileId" and not digits:
        raise bad_request("Values must be profile ids.")
    return text


def _callback_url(members: dict[str, Any], loopback_http: bool) -> str | None:
    text = _text(members, "CallbackURL", _LONGEST_URL)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        allowed = parts.scheme == "https" or (
            loopback_http and parts.scheme == "http" and is_loopback(parts.hostname or "")
        )
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        allowed = valid = False
    if not (allowed and valid):
        raise bad_request("CallbackURL must be an https address.")
    return text
