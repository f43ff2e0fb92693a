"""Objects of the vendor, typed where it documents them and kept whole where it does not.

A `Resource` reads its members in any case, and from a number or text that stands for just one value
of the member's type; what does not, or has no member here, is kept under the vendor's own name in
`more`. Written back, it holds everything that it was read with and nothing else: a read, a change
and a write lose nothing. Names and types are then the documented ones (`"isdefault": 1` goes back
as `"IsDefault": true`); nulls, empty lists and unchanged dates go back as they came.

Dates that you give leave as UTC with `Z`: without a zone the vendor would take them for US Eastern.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from prefdrop.mypreferences.answers import (
    Answer,
    any_case,
    lacking,
    lenient_int,
    vendor_date,
)
from prefdrop.mypreferences.dates import utc_text
from prefdrop.mypreferences.errors import Misconfigured

ResourceType = TypeVar("ResourceType", bound="Resource")

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_EXACT = 2**53
"""From here on a float no longer says which whole number is meant."""

DATES_SENT = frozenset({"customerdate", "consentdate"})
"""Members that the vendor reads as dates when they are sent, in small letters."""

NOT_SENT = frozenset({"more", "as_read", "in_locale"})
"""Fields of ours that are no members of the vendor's."""


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One object of the vendor. `None` and empty collections are members it does not have.

    `more` holds the members that are not modelled, under the vendor's names. They are sent as they
    are, so an explicit null or an empty collection can be written there: `more={"Emails": []}`. A
    member that has a value of its own wins over one of the same name in `more`.

    `as_read` is for `read` alone: what must go back as it came unless it is changed, by name. It
    does not count when resources are compared.
    """

    more: dict[str, Any] = {}
    as_read: dict[str, Any] = {}

    def members(self) -> dict[str, Any]:
        """The object as it is sent: the vendor's names, dates in UTC with `Z`."""
        written: dict[str, Any] = members_of(self)
        return written

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = (name for name in self.__struct_fields__ if name != "as_read")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]  # `more` can be changed

    def __repr__(self) -> str:
        each = ((name, getattr(self, name)) for name in self.__struct_fields__ if name != "as_read")
        shown = (f"{name}={value!r}" for name, value in each if value not in (None, (), {}))
        return f"{type(self).__name__}({', '.join(shown)})"


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
    return tuple(_Member(f.name, f.encode_name, f.type) for f in fields if f.name not in NOT_SENT)


def wire_names(kind: type[Resource]) -> frozenset[str]:
    """The vendor's names of the members of `kind`, in small letters."""
    return frozenset(member.wire.lower() for member in _known(kind))


def read(kind: type[ResourceType], value: Any) -> ResourceType:
    """`value`, a decoded JSON object, as `kind`; one without members where it is no object."""
    members = value if isinstance(value, dict) else {}
    wires = {member.wire.lower(): member for member in _known(kind)}
    known: dict[str, Any] = {}
    more: dict[str, Any] = {}
    as_read: dict[str, Any] = {}
    for name, given in members.items():
        member = wires.get(name.lower())
        fitting = None if member is None else _fit(member.type, given)
        if member is None or (fitting is None and given is not None):
            more[name] = as_read[name] = given
            continue
        if given is None or given == [] or isinstance(fitting, datetime):
            as_read[member.wire] = given
        if given is not None:
            known[member.name] = fitting
    return kind(**known, more=more, as_read=as_read)


def read_all(kind: type[ResourceType], values: Any) -> tuple[ResourceType, ...]:
    """The objects among `values`; nothing if that is no list."""
    listed = values if isinstance(values, list) else []
    return tuple(read(kind, value) for value in listed if isinstance(value, dict))


def items_of(
    kind: type[ResourceType], answer: Answer, name: str, *, by_name_only: bool = False
) -> tuple[ResourceType, ...]:
    """The items of the answer's collection `name`, or of the only one it has (O-21, O-22, O-23).

    An answer that is itself an array is that collection. Raises GarbledAnswer if there is none, or
    not of objects alone. With `by_name_only` no other collection will do; nor will one beside a
    `Message`, which is how the vendor explains errors.
    """
    items = _collection(answer, name, by_name_only)
    if items is None or not all(isinstance(item, dict) for item in items):
        raise lacking(answer, f"the collection {name}")
    return read_all(kind, items)


def _collection(answer: Answer, name: str, by_name_only: bool) -> list[Any] | None:
    decoded = answer.json()
    if isinstance(decoded, list):
        return decoded
    if not isinstance(decoded, dict):
        return None
    members = any_case(decoded)
    if name.lower() in members:
        named = members[name.lower()]
        return [] if named is None else named if isinstance(named, list) else None
    arrays = [value for value in decoded.values() if isinstance(value, list)]
    told_apart = by_name_only or "message" in members
    return arrays[0] if len(arrays) == 1 and not told_apart else None


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
    if isinstance(given, bool):
        return given
    if isinstance(given, int | str):
        return _BOOLEANS.get(str(given).strip().lower())
    return None


def _text(given: Any) -> str | None:
    """Text, or a whole number as it was written. Of a float, `2.0` or `2.00`, nobody can tell."""
    if isinstance(given, str):
        return given
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else None


def _whole(given: Any) -> int | None:
    if isinstance(given, float) and abs(given) >= _EXACT:
        return None
    return lenient_int(given)


_READERS: dict[Any, Any] = {int: _whole, bool: _boolean, str: _text, datetime: vendor_date}


def members_of(value: Any, member: str = "") -> Any:
    """`value` as plain JSON, resources under the vendor's names; raises Misconfigured for a date
    without a zone and for what JSON has no number for. `member` is the name it is sent under."""
    if isinstance(value, Resource):
        return _written(value)
    if isinstance(value, Mapping):
        return {str(name): members_of(each, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [members_of(each, member) for each in value]
    if isinstance(value, date):
        return utc_text(value, member)
    if isinstance(value, str) and member.lower() in DATES_SENT:
        return _dated(value, member)
    if isinstance(value, float) and not math.isfinite(value):
        raise Misconfigured(f"{member or 'A value'} is {value}, for which JSON has no number.")
    return value


def _written(resource: Resource) -> dict[str, Any]:
    """The members of a resource: those with a value, `more`, and as it came what was left alone."""
    came = resource.as_read
    written: dict[str, Any] = {}
    for member in _known(type(resource)):
        wire, value = member.wire, getattr(resource, member.name)
        if value is None or value == ():
            if wire in came and came[wire] in (None, []):
                written[wire] = came[wire]
        elif isinstance(value, datetime) and vendor_date(came.get(wire)) == value:
            written[wire] = came[wire]
        else:
            written[wire] = members_of(value, wire)
    said = {name.lower() for name, each in written.items() if each not in (None, [])}
    for name, each in resource.more.items():
        if name.lower() not in said:
            left_alone = name in came and came[name] == each
            written[name] = each if left_alone else members_of(each, name)
    return written


def _dated(text: str, member: str) -> str:
    if not text.strip():
        return text  # no date at all, so none that could be misread
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
