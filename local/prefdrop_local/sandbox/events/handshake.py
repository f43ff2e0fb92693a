"""Asks a receiver whether it wants notifications, in one of three ways (O-16).

The vendor documents a handshake with an expected answer and no more. `event_grid` posts a
validation event and expects its code back; `cloud_events` asks with OPTIONS and expects its origin
allowed; `challenge` posts a text and expects it back, as it is or under `challenge`.
"""

from __future__ import annotations

import secrets
from typing import Any
from uuid import uuid4

import msgspec

from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.events.sending import Answer, Sender
from prefdrop_local.sandbox.settings import Settings

_ORIGIN = "events.mypreferences.sandbox"
_JSON = {"Content-Type": "application/json; charset=utf-8"}


def shake_hands(sender: Sender, url: str, now: float, settings: Settings) -> tuple[Answer, bool]:
    """The receiver's answer, and whether it is the expected one."""
    if settings.handshake == "cloud_events":
        headers = {"WebHook-Request-Origin": _ORIGIN, "WebHook-Request-Rate": "120"}
        answer = sender.send("OPTIONS", url, b"", headers, settings)
        allowed = answer.headers.get("webhook-allowed-origin", "").strip().lower()
        return answer, answer.succeeded and allowed in ("*", _ORIGIN)
    code = secrets.token_urlsafe(24)
    if settings.handshake == "event_grid":
        headers = {**_JSON, "aeg-event-type": "SubscriptionValidation"}
        answer = sender.send("POST", url, _validation(code, now), headers, settings)
        return answer, answer.status == 200 and _member(answer, "validationresponse") == code
    answer = sender.send("POST", url, msgspec.json.encode({"challenge": code}), _JSON, settings)
    return answer, answer.succeeded and code in (_text(answer), _member(answer, "challenge"))


def _validation(code: str, now: float) -> bytes:
    event = {
        "id": str(uuid4()),
        "topic": "",
        "subject": "",
        "data": {"validationCode": code},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": iso(now),
        "metadataVersion": "1",
        "dataVersion": "2",
    }
    return msgspec.json.encode([event])


def _member(answer: Answer, name: str) -> Any:
    try:
        decoded = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(decoded, dict):
        return None
    return {str(key).lower(): value for key, value in decoded.items()}.get(name)


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace").strip().strip('"')
