"""What a record is recognised by, comparable between what was sent and what the vendor echoes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prefdrop.feeds.vendor_record import ALTERNATE_ID_TYPE, ALTERNATE_ID_VALUE, PHONE_NUMBER

_NO_DIGIT = re.compile(r"[^0-9]")


def identifiers_of(record: Mapping[str, Any]) -> frozenset[str]:
    """The normalised ids, e-mail addresses and phone numbers of a record.

    Member names are taken in any case, since the vendor's echo need not keep it; e-mail addresses
    and alternate ids are compared without case, phones by their digits.
    """
    return frozenset(_identifiers(record))


def _identifiers(record: Mapping[str, Any]) -> Iterator[str]:
    profile = _member(record, "ProfileId")
    if profile not in (None, ""):
        yield f"profile:{profile}"
    for item in _items(record, "AlternateIds"):
        value = _member(item, ALTERNATE_ID_VALUE)
        if value not in (None, ""):
            kind = str(_member(item, ALTERNATE_ID_TYPE) or "").casefold()
            yield f"alternate:{kind}:{str(value).strip().casefold()}"
    for item in _items(record, "Emails"):
        value = _member(item, "EmailAddress")
        if value:
            yield f"email:{str(value).strip().casefold()}"
    for item in _items(record, "PhoneNumbers"):
        digits = _NO_DIGIT.sub("", str(_member(item, PHONE_NUMBER) or ""))
        if digits:
            yield f"phone:{digits}"


def _member(item: Mapping[str, Any], name: str) -> Any:
    if name in item:
        return item[name]
    wanted = name.casefold()
    return next((value for key, value in item.items() if key.casefold() == wanted), None)


def _items(record: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = _member(record, name)
    if isinstance(found, list):
        yield from (item for item in found if isinstance(item, Mapping))
