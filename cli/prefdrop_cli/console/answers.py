"""Answers as JSON, errors among them, and how many things one question may ask for."""

from __future__ import annotations

import traceback
from http import HTTPStatus
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from flask import Response, request
from werkzeug.exceptions import NotFound

from prefdrop.errors import PrefdropError, Transient
from prefdrop.exporting.pinned import ExportMissing
from prefdrop.ledger.audit import UnknownEvent
from prefdrop.ledger.exports import UnknownRun
from prefdrop.ledger.imports import UnknownImport
from prefdrop.ledger.objects import ObjectMissing
from prefdrop_cli.aws_errors import explain_aws
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.output import note

JSON = "application/json"
NOT_THERE = (ExportMissing, ObjectMissing, UnknownEvent, UnknownImport, UnknownRun)
USUAL = 50
MOST = 500


def as_json(value: Any, status: int = HTTPStatus.OK) -> Response:
    """Return `value` as JSON; Flask's own encoder knows no Structs."""
    return Response(msgspec.json.encode(value), status, content_type=JSON)


def problem(status: int, code: str, message: str, hint: str = "") -> Response:
    """Return an error in the members that the command prints with `--json`."""
    return as_json({"error": {"code": code, "message": message, "hint": hint}}, status)


def problem_of(error: Exception) -> Response:
    """Return what an error of a view means: not there, a wrong question, or a fault."""
    if isinstance(error, NotFound):
        return problem(HTTPStatus.NOT_FOUND, "NoSuchPage", "The console has no such address.")
    if isinstance(error, BotoCoreError | ClientError):
        status, error = HTTPStatus.BAD_GATEWAY, explain_aws(error)
    elif isinstance(error, NOT_THERE):
        status = HTTPStatus.NOT_FOUND
    else:
        status = HTTPStatus.BAD_GATEWAY if isinstance(error, Transient) else HTTPStatus.BAD_REQUEST
    if isinstance(error, PrefdropError):
        return problem(status, error.code, error.message, error.hint)
    note(*traceback.format_exc().rstrip().split("\n"))
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "ConsoleFault",
        "The console could not work that out; that is a fault of its own.",
        "The terminal that it runs in shows where. The command may still tell it.",
    )


def limit_of_query() -> int:
    """Return how many results the query asks for at most; raises WrongUse."""
    text = request.args.get("limit") or str(USUAL)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST):
        raise WrongUse("limit is not a number in reach.", hint=f"Use 1 to {MOST}.")
    return int(text)
