"""Objects of the vendor, typed where it documents them and kept whole where it does not.

A `Resource` reads its members in any case and from number, text or boolean alike; what does not fit
a member's type, or has no member here, is kept under the vendor's own name in `more`. Written back,
it holds everything it was read with, so that a read, a change and a write lose nothing.

Dates leave as UTC with `Z`: without a zone the vendor would take them for US Eastern.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from prefdrop.mypreferences.answers import (
    Answer,
    any_case,
    lacking,
    lenient_bool,
    lenient_int,
    vendor_date,
)
from prefdrop.mypreferences.errors import Misconfigured

ResourceType = TypeVar("ResourceType", bound="Resource")

_BOOLEANS = ("true", "false", "1", "0")

DATES_SENT = frozenset({"customerdate", "consentdate"})
"""Members that the vendor reads as dates when they are sent, in small letters."""


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One object of the vendor. `None` and empty collections are members it does not have.

    `more` holds the members that are not modelled, under the vendor's names. They are sent as they
    are, so an explicit null or an empty collection can be written there: `more={"Emails": []}`.
    """

    more: dict[str, Any] = {}

    def members(self) -> dict[str, Any]:
        """The object as it is sent: the vendor's names, dates in UTC with `Z`."""
        written: dict[str, Any] = members_of(self)
        return written


class PersonalData(Resource, frozen=True, kw_only=True):
    """A resource that may hold a person's data, so `repr` leaves its members out."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class _Member(NamedTuple):
    name: str
    wire: str
    type: Any


@cache
def _known(kind: type[Resource]) -> tuple[_Member, ...]:
    fields = msgspec.structs.fields(kind)
    return tuple(_Member(f.name, f.encode_name, f.type) for f in fields if f.name != "more")


def read(kind: type[ResourceType], value: Any) -> ResourceType:
    """`value`, a decoded JSON object, as `kind`; one without members where it is no object."""
    members = value if isinstance(value, dict) else {}
    wires = {member.wire.lower(): member for member in _known(kind)}
    known: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for name, given in members.items():
        member = wires.get(name.lower())
        fitting = None if member is None else _fit(member.type, given)
        if member is None or (fitting is None and given is not None):
            more[name] = given
        elif given is not None:
            known[member.name] = fitting
    return kind(**known, more=more)


def read_all(kind: type[ResourceType], values: Any) -> tuple[ResourceType, ...]:
    """The objects among `values`; nothing if that is no list."""
    listed = values if isinstance(values, list) else []
    return tuple(read(kind, value) for value in listed if isinstance(value, dict))


def collection(answer: Answer, name: str) -> list[Any]:
    """The items of the answer's collection `name`, or of the only one it has (O-21, O-22, O-23).

    An answer that is itself an array is that collection. Raises GarbledAnswer if there is none.
    """
    decoded = answer.json()
    if isinstance(decoded, list):
        return decoded
    if isinstance(decoded, dict):
        members = any_case(decoded)
        if name.lower() in members:
            return members[name.lower()] or []
        arrays = [value for value in decoded.values() if isinstance(value, list)]
        if len(arrays) == 1:
            return arrays[0]
    raise lacking(answer, f"the collection {name}")


def _fit(wanted: Any, given: Any) -> Any:
    """`given` as the type `wanted`; None if it is not that at all."""
    origin = get_origin(wanted)
    if origin is UnionType:
        fits = (_fit(kind, given) for kind in get_args(wanted) if kind is not type(None))
        return next((fitting for fitting in fits if fitting is not None), None)
    if origin is tuple:
        return _fit_items(get_args(wanted)[0], given)
    if isinstance(wanted, type) and issubclass(wanted, Resource):
        return read(wanted, given) if isinstance(given, dict) else None
    reader = _READERS.get(wanted)
    return given if reader is None else reader(given)


def _fit_items(wanted: Any, given: Any) -> tuple[Any, ...] | None:
    """All items as `wanted`, or None if one is not, so that none gets lost."""
    if not isinstance(given, list):
        return None
    items = tuple(_fit(wanted, item) for item in given)
    return None if any(item is None for item in items) else items


def _boolean(given: Any) -> bool | None:
    known = isinstance(given, bool | int) or str(given).strip().lower() in _BOOLEANS
    return lenient_bool(given) if known else None


def _text(given: Any) -> str | None:
    if isinstance(given, str):
        return given
    number = lenient_int(given)
    return None if number is None else str(number)


_READERS: dict[Any, Any] = {int: lenient_int, bool: _boolean, str: _text, datetime: vendor_date}


def members_of(value: Any, member: str = "") -> Any:
    """`value` as plain JSON, resources under the vendor's names; raises Misconfigured for a date
    without a zone. `member` is the name that it is sent under."""
    if isinstance(value, Resource):
        known = {m.wire: getattr(value, m.name) for m in _known(type(value))}
        written = {name: each for name, each in known.items() if each is not None and each != ()}
        return {name: members_of(each, name) for name, each in {**written, **value.more}.items()}
    if isinstance(value, Mapping):
        return {str(name): members_of(each, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [members_of(each, member) for each in value]
    if isinstance(value, date):
        return utc_text(value, member)
    if isinstance(value, str) and member.lower() in DATES_SENT:
        return _dated(value, member)
    return value


def utc_text(moment: date, member: str) -> str:
    """An aware datetime as the vendor is sent it, in milliseconds; raises Misconfigured."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise Misconfigured(
            f"{member or 'A date'} names no time zone, and MyPreferences would read it as US"
            " Eastern.",
            hint="Give an aware datetime, for example datetime.now(UTC).",
        )
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _dated(text: str, member: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Misconfigured(
            f"{member} is no ISO 8601 date.", hint="Give an aware datetime."
        ) from None
    return utc_text(moment, member)


def body_of(value: Any) -> bytes:
    """The request body for `value`."""
    return msgspec.json.encode(members_of(value))
