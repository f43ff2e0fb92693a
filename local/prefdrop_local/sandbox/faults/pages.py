"""Exceptions pages that change while they are read."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.faults.rules import (
    Drop,
    Repeat,
    Rule,
    Shuffle,
    UnknownRow,
    WrongSequence,
)
from prefdrop_local.sandbox.messages import Response

Record = dict[str, Any]

_RECORDS = NAMES["exceptions.records"].value
_SEQUENCE = "SequenceNumber"
_CODE = NAMES["exception.code"].value
_MESSAGE = NAMES["exception.message"].value
_ID_TYPE = NAMES["alternate_id.type"].value
_ID = NAMES["alternate_id.value"].value
_FAR = 1_000_000
"""So much above the last record's number is the unknown one's."""


@dataclass(slots=True)
class Listing:
    """All failed records of a token, and the page of them that was asked for."""

    records: list[Record]
    first_numbers: list[int]
    """Sequence number of the first record of each stage request, ascending."""
    last_number: int
    """Sequence number of the last staged record."""
    identifier_type: str
    """An alternate id type of the account."""
    start: int = 0
    """Where the page starts, from 0."""
    length: int = 0
    """Most records of the page."""


def change_page(
    response: Response, listing: Listing, rules: list[tuple[Rule, random.Random]]
) -> None:
    """Cut the page anew from a list that the rules have changed."""
    page: dict[str, Any] = msgspec.json.decode(response.body)
    listing.start = page["Offset"] - 1
    listing.length = max(listing.length, page["Limit"])
    for rule, draw in rules:
        _CHANGES[type(rule)](listing, rule, draw)
    shown = listing.records[listing.start : listing.start + listing.length]
    page["Count"] = len(shown)
    page["HasMore"] = bool(shown) and listing.start + len(shown) < len(listing.records)
    page[_RECORDS] = shown
    response.body = msgspec.json.encode(page)


def _repeat(listing: Listing, rule: Rule, _draw: random.Random) -> None:
    assert isinstance(rule, Repeat)
    records, start = listing.records, listing.start
    listing.records = records[:start] + records[max(start - rule.records, 0) :]


def _shuffle(listing: Listing, _rule: Rule, draw: random.Random) -> None:
    listing.records = draw.sample(listing.records, len(listing.records))


def _drop(listing: Listing, rule: Rule, draw: random.Random) -> None:
    assert isinstance(rule, Drop)
    places = range(listing.start, min(listing.start + listing.length, len(listing.records)))
    gone = set(draw.sample(places, min(rule.records, len(places))))
    listing.records = [item for place, item in enumerate(listing.records) if place not in gone]


def _unknown_row(listing: Listing, _rule: Rule, _draw: random.Random) -> None:
    """At the end of the list where this page reaches it, else in the page's last place."""
    number = listing.last_number + _FAR
    unknown = {
        "AlternateIds": [{_ID_TYPE: listing.identifier_type, _ID: f"unknown-{number}"}],
        "Exceptions": [{_CODE: "Unknown", _MESSAGE: "The record is not known."}],
        _SEQUENCE: number,
        "Edited": None,
    }
    listing.records = list(listing.records)
    listing.records.insert(listing.start + listing.length - 1, unknown)


def _wrong_sequence(listing: Listing, _rule: Rule, _draw: random.Random) -> None:
    listing.records = [
        {**record, _SEQUENCE: _number_in_request(record[_SEQUENCE], listing.first_numbers)}
        for record in listing.records
    ]


def _number_in_request(number: int, first_numbers: list[int]) -> int:
    place = bisect_right(first_numbers, number)
    return number - first_numbers[place - 1] + 1 if place else number


_CHANGES: dict[type[Rule], Callable[[Listing, Rule, random.Random], None]] = {
    Repeat: _repeat,
    Shuffle: _shuffle,
    Drop: _drop,
    UnknownRow: _unknown_row,
    WrongSequence: _wrong_sequence,
}
