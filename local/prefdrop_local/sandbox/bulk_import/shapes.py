"""Member by member rules of the JSON objects in a record: names, types, lengths, known values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from prefdrop_local.sandbox.bulk_import.faults import EXCEPTIONS, INVALID_TYPE, Faults, Item
from prefdrop_local.sandbox.dates import stored_date

Finding = tuple[str, str]
"""Code, and a message that continues the member's name."""
Check = Callable[[object], Finding | None]

_READ_ONLY = frozenset((EXCEPTIONS, "SequenceNumber", "Edited"))
"""The vendor adds these to what it echoes; a record that comes back with them is fine."""


class Shape:
    """The rules of one kind of object. Members without a rule pass through (O-5)."""

    def __init__(self, checks: Mapping[str, Check], required: Collection[str] = ()) -> None:
        self._checks = dict(checks)
        self._known = frozenset(checks)
        self._required = tuple(required)
        self._spelling = {name.lower(): name for name in (*checks, *_READ_ONLY)}

    def bind(self, item: Item) -> None:
        """Give members their proper spelling, since the vendor binds names in any case."""
        if item.keys() <= self._known:
            return
        for name in list(item):
            proper = self._spelling.get(name.lower(), name)
            if proper in _READ_ONLY:
                del item[name]
            elif proper != name:
                item[proper] = item.pop(name)

    def check(self, item: Item, faults: Faults) -> None:
        """Bind the item and note every member that breaks its rule."""
        self.bind(item)
        checks = self._checks
        findings: list[tuple[str, Finding]] = []
        for name, value in item.items():
            if value is not None and (check := checks.get(name)) and (finding := check(value)):
                findings.append((name, finding))
        for name in self._required:
            if item.get(name) is None:
                findings.append((name, ("Required", "is required")))
        for name, (code, text) in findings:
            faults.add(item, code, f"{name} {text}.")


def anything(_value: object) -> Finding | None:
    """Objects and arrays that are looked at by their own rules."""
    return None


def boolean(value: object) -> Finding | None:
    """true or false."""
    return None if isinstance(value, bool) else (INVALID_TYPE, "must be true or false")


def integer(value: object) -> Finding | None:
    """A whole number that fits 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        return (INVALID_TYPE, "must be an integer")
    return None if -(2**63) <= value < 2**63 else (INVALID_TYPE, "is out of range")


def date(value: object) -> Finding | None:
    """An ISO 8601 date, with or without time and zone."""
    if not isinstance(value, str):
        return (INVALID_TYPE, "must be a string")
    try:
        stored_date(value)
        stored_date(value, end_of_day=True)
    except (ValueError, OverflowError):
        return ("InvalidDate", "is not an ISO 8601 date")
    return None


def text(longest: int, shortest: int = 0, pattern: str = "") -> Check:
    """A string within length limits, matching the pattern where there is one."""
    match = re.compile(pattern).fullmatch if pattern else None

    def check(value: object) -> Finding | None:
        if not isinstance(value, str):
            return (INVALID_TYPE, "must be a string")
        if not shortest <= len(value) <= longest:
            return _length_finding(len(value), shortest, longest)
        if match and not match(value):
            return ("InvalidFormat", "does not match the account's pattern")
        return None

    return check


def known(names: Collection[str], code: str, what: str, longest: int) -> Check:
    """A string that names something in the account's configuration, in any case."""
    exact = frozenset(names)
    folded = frozenset(name.lower() for name in names)
    sized = text(longest, 1)

    def check(value: object) -> Finding | None:
        if value.__class__ is str and value in exact:
            return None
        if finding := sized(value):
            return finding
        return None if str(value).lower() in folded else (code, f"is not {what} of this account")

    return check


def one_of(numbers: Collection[int], meaning: str) -> Check:
    """One of a few integers."""
    allowed = frozenset(numbers)

    def check(value: object) -> Finding | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return (INVALID_TYPE, "must be an integer")
        return None if value in allowed else ("InvalidValue", f"must be {meaning}")

    return check


def _length_finding(length: int, shortest: int, longest: int) -> Finding:
    if length == 0:
        return ("Required", "is required")
    if length < shortest:
        return ("TooShort", f"is shorter than {shortest} characters")
    return ("TooLong", f"is longer than {longest} characters")
