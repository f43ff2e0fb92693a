"""What the console answers to one request."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from prefdrop.errors import PrefdropError, Transient
from prefdrop.exporting.pinned import ExportMissing
from prefdrop.ledger.audit import UnknownEvent
from prefdrop.ledger.exports import UnknownRun
from prefdrop.ledger.imports import UnknownImport
from prefdrop.ledger.objects import ObjectMissing

JSON = "application/json"
NOT_THERE = (ExportMissing, ObjectMissing, UnknownEvent, UnknownImport, UnknownRun)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `headers` come on top of those that every answer has."""

    status: int = HTTPStatus.OK
    content_type: str = JSON
    body: bytes = b""
    headers: dict[str, str] = {}
    stream: Iterable[bytes] | None = None
    """A long body in blocks, instead of `body`; `length` is how many bytes they are."""
    length: int = 0


class Asked(msgspec.Struct, frozen=True):
    """A question in the words of the address: path parts that the route names, and the query."""

    named: dict[str, str]
    query: dict[str, str]


def as_json(value: Any) -> Answer:
    """`value` as JSON."""
    return Answer(body=msgspec.json.encode(value))


def problem(status: int, code: str, message: str, hint: str = "") -> Answer:
    """An error, told as the command tells it with `--json`."""
    told = {"error": {"code": code, "message": message, "hint": hint}}
    return Answer(status=status, body=msgspec.json.encode(told))


def problem_of(error: PrefdropError) -> Answer:
    """An error of ours: not there, wrongly asked, or nothing that this page can help."""
    return problem(_status_of(error), error.code, error.message, error.hint)


def _status_of(error: PrefdropError) -> int:
    if isinstance(error, NOT_THERE):
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.BAD_GATEWAY if isinstance(error, Transient) else HTTPStatus.BAD_REQUEST
