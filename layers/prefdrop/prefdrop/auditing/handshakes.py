"""The handshakes by which a sender may make sure that we want its events.

The vendor asks for "the expected validation payload" and does not say which (O-16). So the ones in
use are all answered: Event Grid's validation event, the OPTIONS request of CloudEvents, and a
challenge that is to be echoed, in the query or in the body. Nothing is ever fetched from an address
that a handshake names.

What only looks like a handshake must not be lost over it. So a challenge in the query counts where
nothing else came, and of a body that brings more than a challenge the rest is kept as well. What
has an `EventId` is an event and is kept, whether it is answered as a handshake or not.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from prefdrop.auditing.admission import Refused
from prefdrop.auditing.http import Request, Response

VALIDATION_TYPE = "microsoft.eventgrid.subscriptionvalidationevent"
CHALLENGES = ("validationtoken", "hub.challenge", "challenge")
"""Query parameters, in lower case, that Microsoft Graph, WebSub and others send."""

LONGEST_ECHO = 1_000
LONGEST_PLAIN = 4_096
"""Bytes of a handshake; the addresses that Event Grid names have several hundred letters."""
_ORIGIN = re.compile(r"[A-Za-z0-9.*:/_-]{1,255}")


def answer_without_body(request: Request) -> Response | None:
    """Answer an OPTIONS request or a challenge in the query; None for a delivery.

    Raises Refused for a GET that brings no challenge.
    """
    if request.method == "OPTIONS":
        return _allowed(request)
    if not (request.body or b"").strip() or request.method == "GET":
        for name, value in request.query.items():
            if name.lower() in CHALLENGES and _may_be_echoed(value):
                return Response(200, value)
    if request.method == "GET":
        raise Refused(405, "MethodNotAllowed")
    return None


class Greeting(NamedTuple):
    """The answer to a handshake, and whether the part that it came in says nothing else."""

    answer: Response
    is_all: bool


def answer_to(part: bytes) -> Greeting | None:
    """Answer a part of a body that is a handshake; None if it is none."""
    try:
        decoded = msgspec.json.decode(part)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    members = _lower(decoded)
    data = _lower(members.get("data"))
    code = data.get("validationcode")
    if str(members.get("eventtype")).lower() == VALIDATION_TYPE and isinstance(code, str):
        answer = Response(200, {"validationResponse": code[:LONGEST_ECHO]})
        is_event = "eventid" in members or "eventid" in data
        return Greeting(answer, not is_event and _is_plain(part, objects=2))
    challenge = members.get("challenge")
    if isinstance(challenge, str) and "eventid" not in members:
        answer = Response(200, {"challenge": challenge[:LONGEST_ECHO]})
        return Greeting(answer, _is_plain(part, objects=1))
    return None


def _is_plain(part: bytes, *, objects: int) -> bool:
    """Return whether no member can hold an event: no further object, no array, no long text.

    The bytes are looked at, because of two members of one name a reader sees only the last.
    """
    return part.count(b"{") == objects and b"[" not in part and len(part) <= LONGEST_PLAIN


def _allowed(request: Request) -> Response:
    """CloudEvents 1.0, "HTTP 1.1 Web Hooks": the sender asks, we allow it any rate."""
    origin = request.headers.get("webhook-request-origin", "")
    allowed = {"allow": "POST, OPTIONS"}
    if origin:
        allowed["webhook-allowed-origin"] = origin if _ORIGIN.fullmatch(origin) else "*"
        allowed["webhook-allowed-rate"] = "*"
    return Response(200, headers=allowed)


def _may_be_echoed(value: str) -> bool:
    return 0 < len(value) <= LONGEST_ECHO and value.isascii() and value.isprintable()


def _lower(value: Any) -> dict[str, Any]:
    return {name.lower(): one for name, one in value.items()} if isinstance(value, dict) else {}
