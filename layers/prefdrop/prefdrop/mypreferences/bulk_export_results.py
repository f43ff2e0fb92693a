"""What the bulk export routes answer, typed: the status of an export and its pages.

The profiles of a page stay the bytes that the vendor sent: an export moves millions of them, and
most of their readers only copy them on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from prefdrop.mypreferences.answers import (
    UNREADABLE,
    Answer,
    any_case,
    lacking,
    lenient_bool,
    lenient_int,
    parse_object,
    vendor_date,
)

STATES = ("Processing", "Complete", "Retrieved", "Expired", "Error", "Failed")
"""The states of an export. It ends Complete where an import ends Completed."""

COLLECTION = "UserProfilePreferences"

_CANONICAL = {state.lower(): state for state in STATES} | {"completed": "Complete"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])


class ExportStatus(msgspec.Struct, frozen=True, kw_only=True):
    """An export as the vendor sees it.

    `status` is one of `STATES` (`Completed` is `Complete`) or, if the vendor invents one, that
    word. `row_count` and `byte_count` are None until the export is complete. `expires` and `date`
    are aware or None; `date` is the server's clock at the answer.
    """

    status: str
    row_count: int | None = None
    byte_count: int | None = None
    expires: datetime | None = None
    date: datetime | None = None

    @property
    def ready(self) -> bool:
        """Whether it can be retrieved."""
        return self.status == "Complete"

    @property
    def final(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in STATES and self.status != "Processing"


class ExportPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of an export, of which `offset` (1-based) is the first profile.

    `records` are the profiles as bytes of JSON, each a slice of the answer's body; `bytes(record)`
    copies one, `msgspec.json.decode(record)` reads one. `total` is the grand total over all pages,
    or None where the vendor names none. The records are people's data, so `repr` leaves them out.
    """

    count: int
    has_more: bool
    offset: int
    limit: int
    total: int | None
    records: list[msgspec.Raw]

    def __repr__(self) -> str:
        return (
            f"ExportPage(count={self.count}, has_more={self.has_more}, offset={self.offset},"
            f" limit={self.limit}, total={self.total})"
        )


def parse_export_status(answer: Answer) -> ExportStatus:
    """The export status in `answer`; raises GarbledAnswer if it names no state."""
    members = parse_object(answer)
    word = str(members.get("status") or "").strip()
    if not word:
        raise lacking(answer, "the member Status")
    return ExportStatus(
        status=_CANONICAL.get(word.lower(), word),
        row_count=lenient_int(members.get("rowcount")),
        byte_count=lenient_int(members.get("bytecount")),
        expires=vendor_date(members.get("expires")),
        date=answer.date,
    )


def parse_page(answer: Answer, *, offset: int, limit: int) -> ExportPage:
    """The page in `answer`; `offset` and `limit` are what was asked for.

    Raises GarbledAnswer for anything that could hide a gap: no collection of objects, not as many
    as it counts, another page than was asked for, or none though there are more.
    """
    members = _members_of(answer)
    records = _records(answer, members)
    count = lenient_int(_value(members, "count"))
    begins = lenient_int(_value(members, "offset"))
    has_more = lenient_bool(_value(members, "hasmore"))
    for wrong, what in (
        (count is not None and count != len(records), f"the {count} profiles that it counts"),
        (records and begins not in (None, offset), f"the profiles from {offset} on"),
        (has_more and not records, "any of the profiles that it says there are more of"),
    ):
        if wrong:
            raise lacking(answer, what)
    return ExportPage(
        count=len(records),
        has_more=has_more,
        offset=offset,
        limit=lenient_int(_value(members, "limit")) or limit,
        total=lenient_int(_value(members, "totalresults")),
        records=records,
    )


def _members_of(answer: Answer) -> dict[str, msgspec.Raw]:
    """The answer's members under lower-case names, none of them decoded yet."""
    body = answer.body.removeprefix(_BYTE_ORDER_MARK)
    try:
        # Undecoded parts are not looked into, and nobody behind us expects other bytes than UTF-8.
        if body.isascii() or body.decode():
            return any_case(_members.decode(body))
    except UNREADABLE:
        pass
    raise lacking(answer, "a JSON object")


def _records(answer: Answer, members: dict[str, msgspec.Raw]) -> list[msgspec.Raw]:
    """The collection under its documented name, or else the only one there is."""
    collections = {name: value for name, value in members.items() if _begins(value, b"[")}
    if COLLECTION.lower() in collections:
        collection = collections[COLLECTION.lower()]
    elif len(collections) == 1:
        (collection,) = collections.values()
    elif not collections and lenient_int(_value(members, "count")) == 0:
        return []
    else:
        raise lacking(answer, "a collection of profiles")
    records = _items.decode(collection)
    if not all(_begins(record, b"{") for record in records):
        raise lacking(answer, "a collection of profiles only")
    return records


def _begins(value: msgspec.Raw, mark: bytes) -> bool:
    return memoryview(value)[:1] == mark


def _value(members: dict[str, msgspec.Raw], name: str) -> Any:
    """A member's value, decoded; None if it is missing or cannot be read."""
    try:
        return msgspec.json.decode(members[name]) if name in members else None
    except UNREADABLE:
        return None
