"""Pages of an export's records, which leave the database as the JSON they are stored as."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import msgspec

from prefdrop_local.sandbox.bulk_export.exports import Export
from prefdrop_local.sandbox.bulk_export.history import as_of
from prefdrop_local.sandbox.bulk_export.visible import View
from prefdrop_local.sandbox.problem import bad_request
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.settings import Settings

PAGE_LIMIT = 1000
"""Records per page unless the caller says otherwise."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Wanted(NamedTuple):
    """Which page is asked for."""

    offset: int
    """Number of its first record, from 1."""
    limit: int
    keep_alive: bool


class Page(NamedTuple):
    """A page as it is sent."""

    body: bytes
    is_last: bool


def read_query(query: Query, settings: Settings) -> Wanted:
    """The page that `limit`, `offset` and `keepAlive` ask for. Raises a 400 `ProblemError`."""
    limit = min(_number(query, "limit", PAGE_LIMIT), settings.export_limit_max)
    return Wanted(_number(query, "offset", 1), limit, query.flag("keepAlive", default=False))


def read_page(
    database: sqlite3.Connection, item: Export, wanted: Wanted, show: View | None,
    settings: Settings,
) -> Page:  # fmt: skip
    """The page as the user may see it."""
    last = min(wanted.offset + wanted.limit - (not settings.page_inclusive_quirk), item.rows)
    assert item.snapshot is not None
    found = database.execute(
        "SELECT profile_id FROM export_rows WHERE id BETWEEN ? AND ? ORDER BY id",
        (item.row_id(wanted.offset), item.row_id(last)),
    )
    ids = [profile_id for (profile_id,) in found]
    documents = [document for _, _, document in as_of(database, item.snapshot, ids)]
    if show is not None:
        documents = [_encode(show(_decode(document))) for document in documents]
    is_last = last >= item.rows
    head = msgspec.json.encode({
        "Count": len(documents), "HasMore": not is_last, "Limit": wanted.limit,
        "Offset": wanted.offset, "TotalResults": item.rows,
    })  # fmt: skip
    records = b",".join(documents)
    return Page(head[:-1] + b',"UserProfilePreferences":[' + records + b"]}", is_last)


def _number(query: Query, name: str, default: int) -> int:
    number = query.whole(name, default=default)
    if not 1 <= number < 2**31:
        raise bad_request(f"{name} must be an integer of at least 1.")
    return number
