"""What an operation is given, and what it may answer.

Each area of the API (a package beside this module) has one class with `operations()`: the routes
of the table of assumptions that it serves. An operation returns the body of a 200 answer, or a
`Response` made by one of the functions here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from prefdrop_local.sandbox.auth.gate import Caller
from prefdrop_local.sandbox.books import Entry
from prefdrop_local.sandbox.messages import Request, Response
from prefdrop_local.sandbox.problem import ProblemError

JSON = "application/json; charset=utf-8"
_JSON_TYPES = ("application/json", "text/json", "application/json-patch+json")


@dataclass(slots=True)
class Call:
    """An authenticated request; what it did is noted in its entry of the books."""

    request: Request
    caller: Caller
    values: Mapping[str, str]
    """The placeholders of the route's path, unquoted."""
    entry: Entry

    @property
    def token(self) -> str:
        """The access token in the path; empty where the route has none."""
        return self.values.get("accessToken", "")


Operation = Callable[[Call], Any]


def created(body: Any, location: str) -> Response:
    """201 with the address of the new resource."""
    return Response(201, msgspec.json.encode(body), {"Content-Type": JSON, "Location": location})


def no_content() -> Response:
    """204: done, nothing to say."""
    return Response(204)


def require_json(request: Request) -> None:
    """Raise 415 for a body that is compressed or does not say that it is JSON."""
    if "content-encoding" in request.headers or request.content_type not in _JSON_TYPES:
        raise ProblemError(415, "The request must be plain application/json.")
