"""What the bulk export routes answer, typed: the status of an export and its pages.

The profiles of a page stay the bytes that the vendor sent: an export moves millions of them, and
most of their readers only copy them on.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from prefdrop.mypreferences.answers import (
    UNREADABLE,
    Answer,
    any_case,
    lacking,
    lenient_int,
    parse_object,
    vendor_date,
)

STATES = ("Processing", "Complete", "Retrieved", "Expired", "Error", "Failed")
"""The states of an export. It ends Complete where an import ends Completed."""

COLLECTION = "UserProfilePreferences"

_CANONICAL = {state.lower(): state for state in STATES} | {"completed": "Complete"}
_WORDS = {"true": True, "1": True, "false": False, "0": False}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BRACE, _BRACKET = b"{["


class _Page(msgspec.Struct, rename="pascal"):
    """A page exactly as documented; every member is required, or it is read leniently."""

    count: Any
    has_more: Any
    offset: Any
    limit: Any
    total_results: Any
    user_profile_preferences: list[msgspec.Raw]


_documented = msgspec.json.Decoder(_Page)
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
    as it counts, another page than was asked for, no word on whether there are more or one that we
    don't know, no more though the total says so, or none though there are more.
    """
    page = _page(answer)
    records = page.user_profile_preferences
    count, begins = lenient_int(page.count), lenient_int(page.offset)
    total = lenient_int(page.total_results)
    end = offset + len(records) - 1
    has_more = _has_more(page.has_more, end, total)
    unknown = page.has_more is not None and has_more is None
    for wrong, what in (
        ([record for record in records if memoryview(record)[0] != _BRACE], "profiles alone"),
        (count not in (None, len(records)), f"the {count} profiles that it counts"),
        (records and begins not in (None, offset), f"the profiles from {offset} on"),
        (unknown or (records and has_more is None), "the member HasMore"),
        (has_more is False and end < (total or 0), f"all of the {total} profiles that it counts"),
        (has_more and not records, "any of the profiles that it says there are more of"),
    ):
        if wrong:
            raise lacking(answer, what)
    return ExportPage(
        count=len(records),
        has_more=bool(has_more),
        offset=offset,
        limit=lenient_int(page.limit) or limit,
        total=total,
        records=records,
    )


def _has_more(said: Any, end: int, total: int | None) -> bool | None:
    """Whether there are profiles after the one numbered `end`; None where the vendor does not say
    it, or says it with a word that stands for neither."""
    if said is None:
        return None if total is None else total > end
    return _WORDS.get(str(said).strip().lower())


def _page(answer: Answer) -> _Page:
    """The answer's members: at one go where they are as documented, else leniently."""
    body = answer.body.removeprefix(_BYTE_ORDER_MARK)
    try:
        # The profiles are not looked into here, and nobody expects other bytes than UTF-8 later.
        if not body.isascii():
            body.decode()
        with suppress(msgspec.ValidationError):
            return _documented.decode(body)
        members = any_case(_members.decode(body))
    except UNREADABLE:
        members = None
    if members is None:
        raise lacking(answer, "a JSON object")
    return _Page(
        count=_value(members, "count"),
        has_more=_value(members, "hasmore"),
        offset=_value(members, "offset"),
        limit=_value(members, "limit"),
        total_results=_value(members, "totalresults"),
        user_profile_preferences=_records(answer, members),
    )


def _records(answer: Answer, members: dict[str, msgspec.Raw]) -> list[msgspec.Raw]:
    """The collection under its documented name, or else the only one there is."""
    collections = {name: each for name, each in members.items() if memoryview(each)[0] == _BRACKET}
    if COLLECTION.lower() in collections:
        return _items.decode(collections[COLLECTION.lower()])
    if len(collections) == 1:
        return _items.decode(*collections.values())
    if not collections and lenient_int(_value(members, "count")) == 0:
        return []
    raise lacking(answer, "a collection of profiles")


def _value(members: dict[str, msgspec.Raw], name: str) -> Any:
    """A member's value, decoded; None if it is missing or cannot be read."""
    try:
        return msgspec.json.decode(members[name]) if name in members else None
    except UNREADABLE:
        return None
