"""False answers: error pages, garbage, and answers in other letters."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec

from prefdrop_local.sandbox.faults.rules import Away, Status, Word
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.problem import ProblemError, not_authorized

_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_COMPLETED = ("Complete", "Completed")
_MEMBERS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "camel": lambda name: name[:1].lower() + name[1:],
    "odd": str.swapcase,
}


def refusal(rule: Status | Away) -> Response:
    """The answer to a request that is not applied."""
    if isinstance(rule, Away):
        return _vendor_error(rule.status, "")
    if rule.page == "json":
        response = _vendor_error(rule.status, rule.message)
    elif rule.page == "html":
        response = _page(rule.status)
    else:
        response = Response(rule.status)
    if rule.retry_after is not None:
        response.headers["Retry-After"] = str(rule.retry_after)
    return response


def garbage() -> Response:
    """A success that is no JSON."""
    return _page(200)


def reworded(response: Response, rule: Word) -> None:
    """Write an answer's status and members in other letters."""
    if not response.body:
        return
    members: dict[str, Any] = msgspec.json.decode(response.body)
    if rule.word is not None and members.get("Status") in _COMPLETED:
        members["Status"] = rule.word
    if rule.members is not None:
        spell = _MEMBERS[rule.members]
        members = {spell(name): value for name, value in members.items()}
    response.body = msgspec.json.encode(members)


def _vendor_error(status: int, message: str) -> Response:
    """An error as the vendor words it."""
    message = message or HTTPStatus(status).phrase
    problem = not_authorized(message) if status == 401 else ProblemError(status, message)
    return Response(status, problem.body, {"Content-Type": _JSON, **problem.headers})


def _page(status: int) -> Response:
    phrase = HTTPStatus(status).phrase
    text = f"<html><head><title>{phrase}</title></head><body><h1>{phrase}</h1></body></html>"
    return Response(status, text.encode(), {"Content-Type": _HTML})
