"""Columns of how a person is called and reached: names, e-mail, phone and postal addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prefdrop.feeds.inference.draft import Constant, Draft, Sureness, Target
from prefdrop.feeds.inference.shapes import (
    Column,
    is_email,
    is_phone,
    is_worded,
    is_written_as_phone,
    percent,
)
from prefdrop.feeds.inference.words import PHONE, pascal, without
from prefdrop.feeds.vendor_record import PHONE_NUMBER, RECORD

MOSTLY = 0.9
ALMOST_NEVER = 0.05

_OTHERS = (
    "owner", "manager", "agent", "rep", "referrer", "emergency", "parent", "spouse", "by",
    "author", "assigned", "advisor", "employee", "sender", "reply",
)  # fmt: skip
_TYPES = (
    ("Work", ("work", "business", "office", "company")),
    ("Home", ("home", "private", "personal")),
)
_PHONE_TYPE = next(iter(RECORD.collections["PhoneNumbers"].fields))
"""What the vendor calls a phone number's type."""
_HONORIFICS = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "frau", "mme", "sr", "sra", "dra"}
)
_NAME_NOISE = (
    "name",
    "customer",
    "contact",
    "person",
    "member",
    "user",
    "crm",
    "legal",
    "profile",
    "personal",
    "details",
)
_PARTS = {"first": "FirstName", "last": "LastName", "middle": "MiddleName", "suffix": "Suffix"}
_PLACES = ("billing", "shipping", "delivery", "mailing", "home", "work", "business")
_ADDRESS_PARTS = {"city": "City", "state": "StateProvince", "zip": "PostalCode"}
_ADDRESS_NEEDS = ("Address1", "City", "StateProvince", "PostalCode")


def find_emails(columns: Sequence[Column], draft: Draft) -> None:
    """E-mail addresses, by their shape above all."""
    found = [column for column in _open(columns, draft) if column.share(is_email) >= MOSTLY]
    for column in sorted(found, key=lambda each: not each.says("email")):
        share = column.share(is_email)
        if _of_somebody_else(column, draft, "an e-mail address"):
            continue
        named = column.says("email")
        values = "value has" if share >= 1 else "values have"
        why = f"{percent(share)} {values} the shape of an e-mail address"
        why += ", and the name says so" if named else ", though the name does not say so"
        kind = _free_type(draft, "Emails[EmailAddressType={}].EmailAddress", column)
        path = f"Emails[EmailAddressType={kind}].EmailAddress"
        sure: Sureness = "sure" if named and share >= 1 else "likely"
        draft.map(column.name, Target(path), sure, why, *_rest(share))


def find_phones(columns: Sequence[Column], draft: Draft, *, texting: bool) -> None:
    """Phone numbers. A plain number is one only if its name says so. `texting`: the file has
    preferences about text messages."""
    for column in _open(columns, draft):
        named = any(word in PHONE for word in column.words)
        share = column.share(is_phone)
        written = column.share(is_written_as_phone)
        if share < MOSTLY or not (named or written >= 0.5):
            continue
        if _of_somebody_else(column, draft, "a phone number"):
            continue
        kind = _phone_type(column, draft, texting=texting)
        item = f"PhoneNumbers[{_PHONE_TYPE}={kind}]"
        why = f"{percent(share)} value{'' if share >= 1 else 's'} could be a phone number"
        why += ", and the name says so" if named else ", with the signs of one"
        sure: Sureness = "sure" if named and share >= 1 else "likely"
        draft.map(column.name, Target(f"{item}.{PHONE_NUMBER}"), sure, why, *_rest(share))
        if kind == "Mobile":
            why = "text messages go to mobile numbers only; take it out if the type says so itself"
            draft.constants[f"{item}.IsMobile"] = Constant(True, "guess", why)


def find_names(columns: Sequence[Column], draft: Draft) -> None:
    """The parts of a person's name, by the columns' names."""
    for column in _open(columns, draft):
        words = without(column.words, _NAME_NOISE)
        if (
            column.share(lambda text: is_worded(text) and len(text) <= 100) < MOSTLY
            and column.filled
        ):
            continue
        if words in (("prefix",), ("title",)):
            _map_prefix(column, draft)
        elif len(words) == 1 and words[0] in _PARTS and not column.says("by"):
            sure: Sureness = "sure" if column.filled else "likely"
            why = "the name says so" + ("" if column.filled else "; the sample shows no value")
            draft.map(column.name, Target(f"CustomerName.{_PARTS[words[0]]}"), sure, why)
    for column in _open(columns, draft):
        if without(column.words, _NAME_NOISE) in ((), ("full",)) and column.says("name"):
            _whole_name(column, draft)


def _map_prefix(column: Column, draft: Draft) -> None:
    if column.share(lambda text: text.lower().rstrip(".") in _HONORIFICS) >= MOSTLY:
        why = "its values are forms of address"
        draft.map(column.name, Target("CustomerName.Prefix"), "likely", why)


def _whole_name(column: Column, draft: Draft) -> None:
    first, last = "CustomerName.FirstName", "CustomerName.LastName"
    if draft.has(first) and not draft.has(last) and column.words == ("name",):
        draft.map(column.name, Target(last), "guess", "stands beside a column of first names")
        return
    why = "holds whole names; MyPreferences takes their parts"
    draft.ignore(column.name, why, '"CustomerName.LastName", if that is meant')


# Postal addresses


def find_addresses(columns: Sequence[Column], draft: Draft) -> None:
    """Postal addresses: mapped only where the file has all that the vendor requires of one."""
    places: dict[str, dict[str, Column]] = {}
    for column in _open(columns, draft):
        place = next((word for word in column.words if word in _PLACES), "")
        member = _address_member(column)
        if member:
            places.setdefault(place, {}).setdefault(member, column)
    for place, parts in places.items():
        problem = _address_problem(parts)
        if problem:
            for member, column in parts.items():
                path = f'"Addresses[AddressType=Home].{member}"'
                draft.ignore(column.name, f"part of a postal address, but {problem}", path)
        else:
            _map_address(place, parts, draft)


def _address_member(column: Column) -> str:
    words = without(column.words, (*_PLACES, "line", "code", "name", "customer", "contact", "iso"))
    plain = tuple(word for word in words if not word.isdecimal())
    number = next((word for word in words if word.isdecimal()), "1")
    if plain in (("street",), ("address",), ("street", "address"), ("postal", "address")):
        return {"1": "Address1", "2": "Address2"}.get(number, "")
    if plain == ("country",):
        return _country_member(column)
    members: dict[tuple[str, ...], str] = {
        ("city",): "City",
        ("state",): "StateProvince",
        ("zip",): "PostalCode",
    }
    return members.get(plain, "")


def _country_member(column: Column) -> str:
    for member, fits in (
        ("CountryCode_Alpha2", lambda text: len(text) == 2 and text.isalpha()),
        ("CountryCode_Alpha3", lambda text: len(text) == 3 and text.isalpha()),
        ("CountryCode_Numeric", lambda text: len(text) == 3 and text.isdecimal()),
    ):
        if column.share(fits) >= 1:
            return member
    return ""


def _address_problem(parts: Mapping[str, Column]) -> str:
    """Why the parts make no address that the vendor takes, or nothing."""
    missing = [member for member in _ADDRESS_NEEDS if member not in parts]
    if missing:
        return f"the file has no {' and no '.join(missing)}, which the vendor requires"
    needed = [parts[member].cells for member in _ADDRESS_NEEDS]
    partial = sum(any(row) and not all(row) for row in zip(*needed, strict=True))
    if partial > ALMOST_NEVER * len(needed[0]):
        return f"{partial:,} of {len(needed[0]):,} rows lack some of what the vendor requires"
    for member, column in parts.items():
        known = RECORD.collections["Addresses"].fields[member]
        fitting = sum(
            count
            for text, count in column.values.items()
            if known.shortest <= len(text) <= (known.longest or len(text))
        )
        if fitting < 0.95 * column.filled:
            return f"many values of {column.name} are too long or too short for {member}"
    return ""


def _map_address(place: str, parts: Mapping[str, Column], draft: Draft) -> None:
    kind = "Work" if place in ("work", "business") else "Home"
    if draft.has(f"Addresses[AddressType={kind}].Address1"):
        kind = pascal(place, "Other")
    street = parts["Address1"].cells
    for member, column in parts.items():
        alone = sum(
            bool(cell) and not line for cell, line in zip(column.cells, street, strict=True)
        )
        if member not in _ADDRESS_NEEDS and alone > ALMOST_NEVER * len(street):
            draft.ignore(column.name, f"stands in {alone:,} rows without an address")
            continue
        why = "the name says so, and the file has all parts that the vendor requires"
        draft.map(column.name, Target(f"Addresses[AddressType={kind}].{member}"), "likely", why)


# Shared


def _open(columns: Iterable[Column], draft: Draft) -> Iterator[Column]:
    """The columns that nothing is decided about yet."""
    return (column for column in columns if not draft.knows(column.name) and not column.listed)


def _of_somebody_else(column: Column, draft: Draft, what: str) -> bool:
    """Ignore a contact that by its name is not the person's own."""
    if not column.says(*_OTHERS):
        return False
    draft.ignore(column.name, f"{what}, but by its name not that of the person of the row")
    return True


def _rest(share: float) -> tuple[str, ...]:
    return () if share >= 1 else ("rows with another value will be rejected",)


def _free_type(draft: Draft, path: str, column: Column) -> str:
    for kind, words in _TYPES:
        if column.says(*words) and not draft.has(path.format(kind)):
            return kind
    for kind in ("Home", "Work"):
        if not draft.has(path.format(kind)):
            return kind
    return _numbered(draft, path, pascal(column.name, "Other"))


def _phone_type(column: Column, draft: Draft, *, texting: bool) -> str:
    path = (
        f"PhoneNumbers[{next(iter(RECORD.collections['PhoneNumbers'].fields))}={{}}].{PHONE_NUMBER}"
    )
    if column.says("fax"):
        return _numbered(draft, path, "Fax")
    if column.says("mobile", "sms", "msisdn"):
        return _numbered(draft, path, "Mobile")
    if texting and not column.says("home", "work", "business", "office"):
        return _numbered(draft, path, "Mobile")
    return _free_type(draft, path, column)


def _numbered(draft: Draft, path: str, kind: str) -> str:
    number = 1
    while draft.has(path.format(kind if number == 1 else f"{kind}{number}")):
        number += 1
    return kind if number == 1 else f"{kind}{number}"
