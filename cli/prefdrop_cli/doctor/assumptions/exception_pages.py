"""Pages of an import's exceptions, of which little is documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import any_case, lenient_int


def records_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The failed records: those of the assumed collection, or else of the only one."""
    lists = [value for value in page.values() if isinstance(value, list)]
    named = any_case(page).get(NAMES["exceptions.records"].value.lower())
    chosen = named if isinstance(named, list) else lists[0] if len(lists) == 1 else []
    return [record for record in chosen if isinstance(record, dict)]


def reasons_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every exception of a record and of what it holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() == "exceptions" and isinstance(inner, list):
                yield from (one for one in inner if isinstance(one, dict))
            else:
                yield from reasons_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from reasons_in(inner)


def number_of(record: dict[str, Any]) -> int:
    """Its `SequenceNumber`; 0 without one."""
    return lenient_int(any_case(record).get("sequencenumber")) or 0


def said_of(record: dict[str, Any]) -> str:
    """All that was said of a record, for comparing."""
    return msgspec.json.encode(list(reasons_in(record))).decode()
