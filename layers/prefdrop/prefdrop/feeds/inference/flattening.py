"""The objects of a JSON sample as columns: members, with dots between for those inside objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from prefdrop.feeds.inference.shapes import Column, is_email, is_number, is_written_as_phone
from prefdrop.feeds.vendor_record import RECORD

MAX_DEPTH = 4
MAX_MEMBERS = 60
"""An object with more members than this over the sample is keyed by values, not by names."""
MIN_ROWS = 50


class Closed:
    """Stands for a value that no column can be mapped from."""


CLOSED = Closed()


def is_vendor_record(value: dict[str, Any]) -> bool:
    """Whether the object has a collection of the vendor's record, written as the vendor does."""
    return any(
        name in RECORD.collections and isinstance(each, list) and _all_objects(each)
        for name, each in value.items()
    )


def _all_objects(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) for item in items)


def columns_of_objects(
    objects: Sequence[dict[str, Any]], most_cells: int
) -> tuple[list[Column], int]:
    """The columns in the order in which they first come, and how many texts spaces surround.

    Lists, and objects keyed by values, give a column that is `listed` and can only be ignored.
    """
    closed = _closed_objects(objects)
    flat = [dict(_flatten(value, closed)) for value in objects]
    names = list(dict.fromkeys(name for each in flat for name in each))
    rows = flat[: max(MIN_ROWS, most_cells // max(len(names), 1))]
    padded = 0
    columns = []
    for place, name in enumerate(names):
        found = [row.get(name, "") for row in rows]
        texts = ["" if isinstance(each, Closed) else each for each in found]
        cells = tuple(text.strip() for text in texts)
        padded += sum(len(cell) < len(text) for cell, text in zip(cells, texts, strict=True))
        listed = any(isinstance(row.get(name), Closed) for row in flat)
        columns.append(Column(name, place, cells, listed))
    return columns, padded


def _closed_objects(objects: Sequence[dict[str, Any]]) -> frozenset[str]:
    """The objects inside others whose members' names are values: they are not looked into."""
    members: dict[str, set[str]] = {}
    for value in objects:
        for path, inner in _inner_objects(value, "", 1):
            members.setdefault(path, set()).update(inner)
    return frozenset(
        path
        for path, names in members.items()
        if len(names) > MAX_MEMBERS or any(_is_no_name(name) for name in names)
    )


def _is_no_name(name: str) -> bool:
    return "." in name or is_email(name) or is_number(name) or is_written_as_phone(name)


def _inner_objects(
    value: dict[str, Any], path: str, depth: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, each in value.items():
        if isinstance(each, dict):
            inner = f"{path}{name}"
            yield inner, each
            if depth < MAX_DEPTH:
                yield from _inner_objects(each, f"{inner}.", depth + 1)


def _flatten(
    value: dict[str, Any], closed: frozenset[str], path: str = "", depth: int = 1
) -> Iterator[tuple[str, str | Closed]]:
    for name, each in value.items():
        place = f"{path}{name}"
        if isinstance(each, list):
            yield place, CLOSED
        elif not isinstance(each, dict):
            yield place, cell_text(each)
        elif not each or place in closed or depth == MAX_DEPTH or (depth == 1 and "." in name):
            yield place, CLOSED
        else:
            yield from _flatten(each, closed, f"{place}.", depth + 1)


def cell_text(value: object) -> str:
    """A JSON scalar as the text that a cell would hold."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
