"""Takes a stage request's body: judges each record, then stores all of them or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.bulk_import.faults import Item
from prefdrop_local.sandbox.bulk_import.imports import STAGING, Import, save_import
from prefdrop_local.sandbox.bulk_import.validation import RecordValidator
from prefdrop_local.sandbox.problem import bad_request

ROOT = NAMES["stage.records"].value
SEQUENCE = "SequenceNumber"

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading broken or absurdly nested JSON raises."""

_body_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_record_decoder = msgspec.json.Decoder()


class Judged(NamedTuple):
    """One record of a stage request."""

    raw: bytes | msgspec.Raw
    """As it was sent."""
    failed: Item | None
    """The record with its reasons, when it failed validation."""


def judge(body: bytes, validator: RecordValidator, *, refuse_wrong_types: bool) -> list[Judged]:
    """Split the body into records and validate each.

    Raises a 400 `ProblemError` when the body is not the documented object of an array of objects,
    or, with `refuse_wrong_types`, when any member has the wrong JSON type. Nothing is counted then.
    """
    return list(_judged(_split(body), validator, refuse_wrong_types))


def store(
    database: sqlite3.Connection, item: Import, records: list[Judged], now: float, *,
    numbers_begin_anew: bool = False,
) -> None:  # fmt: skip
    """Add judged records to the import; numbers run on over all stage requests of a token."""
    first = item.received + 1
    database.executemany(
        "INSERT INTO staged VALUES (?, ?, ?)",
        (
            (item.row_id(number), record.failed is None, bytes(record.raw))
            for number, record in enumerate(records, first)
        ),
    )
    told_from = 1 if numbers_begin_anew else first
    failed = [
        (number, record.failed) for number, record in enumerate(records, told_from) if record.failed
    ]
    append_exceptions(database, item, item.failed + 1, failed)
    item.received += len(records)
    item.failed += len(failed)
    item.ok += len(records) - len(failed)
    item.state = STAGING
    item.first_staged_at = item.first_staged_at or now
    save_import(database, item)


def append_exceptions(
    database: sqlite3.Connection, item: Import, place: int, failed: list[tuple[int, Item]]
) -> None:
    """Store failed records with their sequence numbers from a 1-based place in the list on.

    The list only grows at its end, so pages that were read stay what they were.
    """
    database.executemany(
        "INSERT INTO exceptions VALUES (?, ?)",
        (
            (item.row_id(index), msgspec.json.encode(record | {SEQUENCE: number, "Edited": None}))
            for index, (number, record) in enumerate(failed, place)
        ),
    )


def decode_record(raw: bytes | msgspec.Raw) -> Any:
    """A staged record as Python objects."""
    return _record_decoder.decode(raw)


def _split(body: bytes) -> list[msgspec.Raw]:
    try:
        members = _body_decoder.decode(body)
    except msgspec.ValidationError:
        raise bad_request("The request body must be a JSON object.") from None
    except NOT_JSON:
        raise bad_request("The request body is not valid JSON.") from None
    for name, value in members.items():
        if name.lower() == ROOT.lower():
            return _array(value)
    raise bad_request(f"The request body must have the member {ROOT}.")


def _array(value: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return _array_decoder.decode(value)
    except NOT_JSON:
        raise bad_request(f"{ROOT} must be an array.") from None


def _judged(
    records: list[msgspec.Raw], validator: RecordValidator, refuse_wrong_types: bool
) -> Iterator[Judged]:
    for index, raw in enumerate(records):
        try:
            record = decode_record(raw)
        except NOT_JSON:
            raise bad_request("The request body is not valid JSON.") from None
        if not isinstance(record, dict):
            raise bad_request(f"{ROOT}[{index}] must be an object.")
        verdict = validator.check(record)
        if verdict.wrong_type and refuse_wrong_types:
            raise bad_request(f"{ROOT}[{index}] has a member of the wrong type.")
        yield Judged(raw, None if verdict.ok else record)
