"""Finds profiles by what they hold. The vendor answers 403 where more than 50 match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.model import (
    ADDRESSES,
    EMAILS,
    PHONE_NUMBER,
    PHONES,
    ContactKind,
    Item,
    preferences,
)
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_found
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.store import Store

MOST = 50
_BLOCK = 2000
"""Profiles that are read at a time."""
_ATTRIBUTE = re.compile(r"\[(\d{1,4})\]\.(key|value)")

Test = Callable[[Item], bool]
_decode = msgspec.json.Decoder().decode


def found(store: Store, test: Test, hint: str = "") -> list[Item]:
    """The active profiles that pass a test, in order of their ids. Raises 403 for too many.

    `hint` is a text that every profile with a match contains; it spares looking at the others.
    """
    matches: list[Item] = []
    for profile in _active(store, hint):
        if test(profile):
            matches.append(profile)
            if len(matches) > MOST:
                raise forbidden(f"More than {MOST} profiles match.")
    return matches


def _active(store: Store, hint: str) -> Iterator[Item]:
    # What JSON writes with escapes, or has letters whose case is not in one bit, is no hint.
    needle = hint.lower().encode() if hint.isascii() and hint.isprintable() else b""
    if b'"' in needle or b"\\" in needle:
        needle = b""
    last = 0
    sql = "SELECT profile_id, document FROM profiles WHERE profile_id > ? ORDER BY 1 LIMIT ?"
    while rows := store.rows(sql, (last, _BLOCK)):
        last = rows[-1][0]
        for _, raw in rows:
            if needle in raw.lower():
                profile: Item = _decode(raw)
                if profile.get("IsActive") is not False:
                    yield profile


def by_email(query: Query, account: Account) -> tuple[Test, str]:
    """The test for an e-mail address, of one type or any, and its hint."""
    address = query.required(NAMES["query.email_address"].value)
    type_name = _type(query, "query.email_type", account.email_types)
    key = EMAILS.identity({"EmailAddress": address})
    return _contact_test(query, EMAILS, type_name, lambda item: EMAILS.identity(item) == key), (
        address
    )


def by_phone(query: Query, account: Account) -> Test:
    """The test for a phone number, of which only the digits count, of one type or any."""
    number = query.required(NAMES["query.phone_number"].value)
    type_name = _type(query, "query.phone_type", tuple(account.phone_types))
    key = PHONES.identity({PHONE_NUMBER: number})
    if not key[0]:
        raise bad_request(f"{NAMES['query.phone_number'].value} must have digits.")
    return _contact_test(query, PHONES, type_name, lambda item: PHONES.identity(item) == key)


def by_address(query: Query, account: Account) -> tuple[Test, str]:
    """The test for an address, and for the name of who lives there, and its hint."""
    city = query.required("city")
    wanted = {"City": city, "StateProvince": query.required("stateProvince")}
    wanted |= {"Address2": query.text("address2"), "PostalCode": query.text("postalCode")}
    first_line = query.text("address1")
    partly = query.flag("partialAddress1Match", default=False)
    type_name = _type_named(query.text("addressType"), "addressType", account.address_types)
    named = _name_test(query)

    def fits(item: Item) -> bool:
        return _agrees(item.get("Address1"), first_line, partly) and all(
            _agrees(item.get(name), value, False) for name, value in wanted.items()
        )

    lives_there = _contact_test(query, ADDRESSES, type_name, fits)
    return lambda profile: named(profile) and lives_there(profile), city.strip()


def by_attributes(query: Query) -> Test:
    """The test for attributes that one preference must have together."""
    name = NAMES["query.attributes"].value
    pairs: dict[int, dict[str, str]] = {}
    for rest, text in query.starting_with(f"{name}[").items():
        match = _ATTRIBUTE.fullmatch(f"[{rest}")
        if match is None:
            raise bad_request(f"{name} must be written {name}[0].Key=...&{name}[0].Value=....")
        pairs.setdefault(int(match[1]), {})[match[2]] = text
    if not pairs or any(len(pair) < 2 for pair in pairs.values()):
        raise bad_request(f"{name} needs a Key and a Value at every index.")
    wanted = {(pair["key"].lower(), pair["value"].lower()) for pair in pairs.values()}

    def test(profile: Item) -> bool:
        return any(
            preference["IsActive"] and wanted <= _attributes(preference)
            for _, _, preference in preferences(profile)
        )

    return test


def _attributes(preference: Item) -> set[tuple[str, str]]:
    return {
        (str(one["Key"]).lower(), str(one["Value"]).lower())
        for one in preference.get("PreferenceAttributes") or ()
    }


def _contact_test(query: Query, kind: ContactKind, type_name: str, fits: Test) -> Test:
    inactive = query.flag(NAMES["query.include_inactive"].value, default=False)

    def test(profile: Item) -> bool:
        return any(
            (inactive or item["IsActive"])
            and (not type_name or str(item[kind.type_name]).lower() == type_name)
            and fits(item)
            for item in profile.get(kind.collection) or ()
        )

    return test


def _name_test(query: Query) -> Test:
    partly = query.flag("partialNameMatch", default=False)
    wanted = {
        NAMES[f"name.{part}"].value: query.text(f"{part}Name")
        for part in ("first", "middle", "last")
    }

    def test(profile: Item) -> bool:
        name = profile.get("CustomerName") or {}
        return all(_agrees(name.get(part), value, partly) for part, value in wanted.items())

    return test


def _agrees(stored: object, wanted: str, partly: bool) -> bool:
    """Whether a stored text is what is wanted, in any case; nothing wanted fits everything."""
    text, part = str(stored or "").strip().lower(), wanted.strip().lower()
    return not part or (part in text if partly else part == text)


def _type(query: Query, name: str, known: tuple[str, ...]) -> str:
    return _type_named(query.text(NAMES[name].value), NAMES[name].value, known)


def _type_named(text: str, name: str, known: tuple[str, ...]) -> str:
    """A type, folded; empty means any. Raises 404 for one that the account does not have."""
    if text and text.lower() not in (one.lower() for one in known):
        raise not_found(f"{name} is not a type of this account.")
    return text.lower()
