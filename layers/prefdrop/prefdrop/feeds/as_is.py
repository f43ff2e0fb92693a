"""Checks of vendor records that a JSON source carries as they are.

The record is staged as it stands. Only its dates are touched where they must be: a date with an
offset is written in UTC, since the vendor reads a date without `Z` as US Eastern.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from prefdrop.feeds.account import AccountRules
from prefdrop.feeds.account_checks import object_faults
from prefdrop.feeds.dates import DateRule, date_parser, describe_faults
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.json_rows import JsonRow
from prefdrop.feeds.values import EMAIL, PHONE
from prefdrop.feeds.vendor_record import (
    ALTERNATE_ID_TYPE,
    ALTERNATE_ID_VALUE,
    RECORD,
    Field,
    Shape,
)

_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "date": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "any": (str, int, float, bool),
}
_WORDS = {
    "text": "a text",
    "date": "a date in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "any": "a single value",
}


def as_is_encoder(
    feed: Feed, account: AccountRules | None = None
) -> Callable[[JsonRow, str], str | list[Fault]]:
    """A function from a row to its record's text, or to all that is wrong with it."""
    zone = ZoneInfo(feed.source.timezone) if feed.source.timezone else None
    rule = DateRule("iso8601", zone, "reject", "earlier", time())
    checker = _Checker(date_parser(rule), describe_faults(rule), account)
    wanted = feed.import_.match_alternate_id

    def encode(row: JsonRow, now: str) -> str | list[Fault]:
        if row.fault is not None:
            return [row.fault]
        faults, changed = checker.check(row.value, now)
        if not _has_match_key(row.value, wanted):
            name = f"an alternate id of type {wanted}" if wanted else "a ProfileId"
            faults.append(Fault("MatchKeyMissing", None, f"The record has not {name}."))
        if faults:
            return faults
        return msgspec.json.encode(row.value).decode() if changed else row.text

    return encode


def _has_match_key(record: dict[str, Any], wanted: str | None) -> bool:
    if wanted is None:
        return record.get("ProfileId") not in (None, "")
    items = record.get("AlternateIds")
    return isinstance(items, list) and any(
        isinstance(item, dict)
        and str(item.get(ALTERNATE_ID_TYPE, "")).casefold() == wanted.casefold()
        and item.get(ALTERNATE_ID_VALUE) not in (None, "")
        for item in items
    )


class _Checker:
    def __init__(
        self,
        parse: Callable[[str], str],
        wrong_dates: dict[str, str],
        account: AccountRules | None,
    ) -> None:
        self._account = account
        self._parse = parse
        self._wrong_dates = wrong_dates

    def check(self, record: dict[str, Any], now: str) -> tuple[list[Fault], bool]:
        """All faults of a record, and whether one of its dates was rewritten."""
        self._now = now
        self._changed = False
        self._faults: list[Fault] = []
        self._object(record, RECORD, "")
        return self._faults, self._changed

    def _fault(self, code: str, place: str, wrong: str) -> None:
        self._faults.append(Fault(code, place, f"{place} {wrong}."))

    def _object(self, value: dict[str, Any], shape: Shape, place: str) -> None:
        prefix = f"{place}." if place else ""
        for member, each in value.items():
            known = shape.fields.get(member)
            if known is not None:
                if each is not None and not (each.__class__ is str and len(each) <= known.plain):
                    self._field(value, member, known, prefix + member)
            elif member in shape.objects:
                if isinstance(each, dict):
                    self._object(each, shape.objects[member], prefix + member)
                elif each is not None:
                    self._fault("WrongType", prefix + member, "must be an object")
            elif member in shape.collections:
                self._collection(each, shape.collections[member], prefix + member)
        for member in shape.required:
            if value.get(member) in (None, ""):
                self._fault(
                    "ValueMissing", prefix + member, "is missing, and the vendor requires it"
                )
        if self._account is not None:
            self._faults += object_faults(value, shape, place, self._account)

    def _collection(self, value: object, shape: Shape, place: str) -> None:
        if value is None:
            return
        if not isinstance(value, list):
            self._fault("WrongType", place, "must be a list")
            return
        for number, item in enumerate(value):
            if isinstance(item, dict):
                self._object(item, shape, f"{place}[{number}]")
            else:
                self._fault("WrongType", f"{place}[{number}]", "must be an object")

    def _field(self, owner: dict[str, Any], member: str, known: Field, place: str) -> None:
        value = owner[member]
        if not isinstance(value, _KINDS[known.kind]) or (
            isinstance(value, bool) and known.kind not in ("boolean", "any")
        ):
            self._fault("WrongType", place, f"must be {_WORDS[known.kind]}")
        elif known.kind == "date":
            self._date(owner, member, place)
        elif isinstance(value, str):
            self._text(value, known, place)
        elif isinstance(value, int) and not isinstance(value, bool):
            low, high = known.low, known.high
            if (low is not None and value < low) or (high is not None and value > high):
                self._fault("OutOfRange", place, f"must be from {low} to {high}")

    def _text(self, value: str, known: Field, place: str) -> None:
        if not value:
            return
        if known.longest is not None and len(value) > known.longest:
            self._fault("ValueTooLong", place, f"is longer than {known.longest} characters")
        if len(value) < known.shortest:
            self._fault("ValueTooShort", place, f"has fewer than {known.shortest} characters")
        if known.form == "email" and not EMAIL.fullmatch(value):
            self._fault("NotAnEmail", place, "is not an e-mail address")
        elif known.form == "email" and not self._fits_pattern(value):
            self._fault("NotAnEmail", place, "does not fit the account's own pattern")
        if known.form == "phone" and not PHONE.fullmatch(value):
            self._fault("NotAPhone", place, "is not a phone number")

    def _fits_pattern(self, address: str) -> bool:
        pattern = self._account.email_pattern if self._account else None
        return pattern is None or pattern.takes(address)

    def _date(self, owner: dict[str, Any], member: str, place: str) -> None:
        value = owner[member]
        if not value:
            return
        parsed = self._parse(value)
        if parsed in self._wrong_dates:
            self._fault(parsed[1:], place, self._wrong_dates[parsed])
        elif parsed > self._now:
            self._fault("DateInFuture", place, "lies in the future")
        elif not value.endswith("Z"):
            owner[member] = parsed
            self._changed = True
