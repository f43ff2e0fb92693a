"""Pages of the records that failed, at staging or at execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT, NAMES
from prefdrop_local.sandbox.bulk_import.imports import Import
from prefdrop_local.sandbox.problem import bad_request
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_RECORDS = NAMES["exceptions.records"].value


def exceptions_page(
    store: Store, item: Import, query: Mapping[str, str], settings: Settings
) -> dict[str, Any]:
    """The page that `limit` (default 1000) and the 1-based `offset` (default 1) ask for.

    Raises a 400 `ProblemError` when either is no number of at least 1.
    """
    offset = _number(query, "offset", 1)
    limit = min(_number(query, "limit", EXCEPTIONS_PAGE_LIMIT), settings.exceptions_limit_max)
    total = item.failed + item.exceptions
    last = offset + limit - (not settings.page_inclusive_quirk)
    rows = store.rows(
        "SELECT record FROM exceptions WHERE id BETWEEN ? AND ? ORDER BY id",
        (item.row_id(offset), item.row_id(min(last, total))),
    )
    return {
        "Count": len(rows),
        "HasMore": offset + len(rows) <= total and bool(rows),
        "Limit": limit,
        "Offset": offset,
        "TotalResults": min(total, limit) if settings.page_total_quirk else total,
        _RECORDS: [msgspec.Raw(record) for (record,) in rows],
    }


def all_exceptions(store: Store, item: Import) -> list[dict[str, Any]]:
    """Every record that failed, in the order of the pages."""
    rows = store.rows(
        "SELECT record FROM exceptions WHERE id BETWEEN ? AND ? ORDER BY id",
        (item.row_id(1), item.row_id(item.failed + item.exceptions)),
    )
    return [msgspec.json.decode(record) for (record,) in rows]


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) < 2**31:
        raise bad_request(f"{name} must be an integer of at least 1.")
    return int(text)
