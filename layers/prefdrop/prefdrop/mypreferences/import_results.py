"""What the bulk import routes answer, typed: the status of an import and its exceptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.answers import (
    Answer,
    access_token,
    any_case,
    lacking,
    lenient_bool,
    lenient_int,
    parse_object,
    vendor_date,
)

STATES = ("Initiated", "Staging", "Queued", "Processing", "Completed", "Failed")
"""The states of an import in their order; the last two are final."""

_CANONICAL = {state.lower(): state for state in STATES} | {"complete": "Completed"}

_ADDED_TO_RECORD = ("sequencenumber", "exceptions", "edited")
"""Members that the vendor adds to a staged record when it echoes it as an exception."""

_ADDED_TO_CHILD = ("exceptions", "edited")


class ImportStatus(msgspec.Struct, frozen=True, kw_only=True):
    """An import as the vendor sees it. All counters are totals over the import so far.

    `access_token` is opaque and secret, so `repr` leaves it out. `status` is one of `STATES` (the
    vendor's `Complete` is `Completed`) or, if the vendor invents one, that word; it is empty where
    an answer has none. `expires` and `date` are aware; `date` is the server's clock at the answer.
    """

    access_token: str
    status: str = ""
    expires: datetime | None = None
    date: datetime | None = None
    total_records_received: int = 0
    validation_successful: int = 0
    validation_failed: int = 0
    processed: int = 0
    pending: int = 0
    exceptions: int = 0
    not_honored: int = 0

    @property
    def final(self) -> bool:
        """Whether the import has ended, well or not."""
        return self.status in ("Completed", "Failed")

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "access_token")
        return f"ImportStatus({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class Reason(msgspec.Struct, frozen=True):
    """Why a record, or one child of it, did not make it.

    `path` is empty for the record itself, else like `Emails[0]`. `code` is empty where the vendor
    names none. `message` is the vendor's text, or the whole item as compact JSON.
    """

    path: str
    code: str
    message: str


class ExceptionRecord(msgspec.Struct, frozen=True):
    """One record that failed validation or execution.

    `sequence` is the record's 1-based number in staging order (O-10). `record` is the record as it
    was staged, without the members that the vendor adds. It is a person's data, so `repr` leaves
    it out, and the reasons too, since they may quote it.
    """

    sequence: int | None
    record: dict[str, Any]
    reasons: list[Reason]

    def __repr__(self) -> str:
        return f"ExceptionRecord(sequence={self.sequence!r}, reasons={len(self.reasons)})"


class ExceptionPage(msgspec.Struct, frozen=True):
    """One page of an import's exceptions, of which `offset` (1-based) is the first."""

    count: int
    has_more: bool
    offset: int
    limit: int
    records: list[ExceptionRecord]


def parse_status(answer: Answer, *, token: str = "", required: str) -> ImportStatus:
    """The import status in `answer`; raises GarbledAnswer if it lacks the member `required`.

    `token` is the access token asked about, for answers that do not repeat it.
    """
    members = parse_object(answer)
    counters = {name: _counter(answer, members, name) for name in _COUNTERS}
    if members.get(required.lower()) is None:
        raise lacking(answer, f"the member {required}")
    word = str(members.get("status") or "").strip()
    return ImportStatus(
        access_token=access_token(answer, members, asked=token),
        status=_CANONICAL.get(word.lower(), word),
        expires=vendor_date(members.get("expires")),
        date=answer.date,
        **counters,
    )


_COUNTERS = (
    "total_records_received",
    "validation_successful",
    "validation_failed",
    "processed",
    "pending",
    "exceptions",
    "not_honored",
)


def _counter(answer: Answer, members: dict[str, Any], name: str) -> int:
    value = members.get(name.replace("_", ""))
    if value is None:
        return 0
    number = lenient_int(value)
    if number is None or number < 0:
        raise lacking(answer, f"a number in {name.title().replace('_', '')}")
    return number


def parse_exceptions(answer: Answer, *, offset: int, limit: int) -> ExceptionPage:
    """The page of exceptions in `answer`; `offset` and `limit` are what was asked for.

    Raises GarbledAnswer if it holds no collection of records, or not as many as it counts.
    """
    members = parse_object(answer)
    items = _collection(answer, members)
    count = lenient_int(members.get("count"))
    if count is None:
        count = len(items)
    if count != sum(isinstance(item, dict) for item in items):
        raise lacking(answer, f"the {count} records that it counts")
    return ExceptionPage(
        count=count,
        has_more=lenient_bool(members.get("hasmore", False)),
        offset=lenient_int(members.get("offset")) or offset,
        limit=lenient_int(members.get("limit")) or limit,
        records=[parse_exception(item) for item in items],
    )


def _collection(answer: Answer, members: dict[str, Any]) -> list[Any]:
    """The collection under its assumed name (O-10), or else the only one there is."""
    assumed = assumptions.NAMES["exceptions.records"].value.lower()
    if isinstance(members.get(assumed), list):
        return list(members[assumed])
    collections = [value for value in members.values() if isinstance(value, list)]
    if len(collections) == 1:
        return collections[0]
    if not collections and lenient_int(members.get("count")) == 0:
        return []
    raise lacking(answer, "a collection of exception records")


def parse_exception(item: dict[str, Any]) -> ExceptionRecord:
    """One echoed record, parted into what was staged and why it did not make it."""
    reasons: list[Reason] = []
    record = _stripped(item, "", _ADDED_TO_RECORD, reasons)
    return ExceptionRecord(
        sequence=lenient_int(any_case(item).get("sequencenumber")),
        record=record,
        reasons=reasons,
    )


def _stripped(
    members: dict[str, Any], path: str, added: tuple[str, ...], reasons: list[Reason]
) -> dict[str, Any]:
    """`members` without what the vendor added, at any depth; its reasons go to `reasons`."""
    kept: dict[str, Any] = {}
    for name, value in members.items():
        if name.lower() == "exceptions":
            reasons += _reasons(path, value)
        elif name.lower() not in added:
            kept[name] = _stripped_value(value, f"{path}.{name}" if path else name, reasons)
    return kept


def _stripped_value(value: Any, path: str, reasons: list[Reason]) -> Any:
    if isinstance(value, dict):
        return _stripped(value, path, _ADDED_TO_CHILD, reasons)
    if isinstance(value, list):
        return [
            _stripped_value(item, f"{path}[{position}]", reasons)
            for position, item in enumerate(value)
        ]
    return value


def _reasons(path: str, value: Any) -> list[Reason]:
    if value is None:
        return []
    return [_reason(path, item) for item in (value if isinstance(value, list) else [value])]


def _reason(path: str, item: Any) -> Reason:
    if isinstance(item, str):
        return Reason(path, "", item)
    if not isinstance(item, dict):
        return Reason(path, "", _compact(item))
    code_name = assumptions.NAMES["exception.code"].value.lower()
    message_name = assumptions.NAMES["exception.message"].value.lower()
    known = any_case(item)
    code = known.get(code_name)
    message = known.get(message_name)
    rest = {
        name: value for name, value in item.items() if name.lower() not in (code_name, message_name)
    }
    if not isinstance(message, str):
        return Reason(path, _text(code), _compact(item))
    return Reason(path, _text(code), f"{message} {_compact(rest)}" if rest else message)


def _text(code: Any) -> str:
    return "" if code is None else code if isinstance(code, str) else _compact(code)


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()
