"""ReceiveWebhook: take a delivery of events, and answer 2xx once all of it is kept.

Refused (4xx): who or what may not deliver; nothing of it is kept. Not kept (5xx): the store failed
or the time ran out; the sender is to repeat it, and what was kept of it is not kept twice. All else
is kept, understood or not, and answered 200, so that nothing is sent for ever.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.auditing import handshakes
from prefdrop.auditing.admission import Refused, admit, admit_delivery
from prefdrop.auditing.http import Request, Response, request_of
from prefdrop.auditing.keeping import Item, by, code_of, count, read_body
from prefdrop.auditing.services import EventServices
from prefdrop.errors import PrefdropError
from prefdrop.mypreferences.events import Event, NotUnderstood
from prefdrop.telemetry import frames, logger

MARGIN_SECONDS = 3
"""Kept back from the function's time for a write that is under way, and for the answer."""

LATER = Response(503, {"error": "NotKept"}, {"retry-after": "10"})


def webhook(
    make_services: Callable[[], EventServices] = EventServices,
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The Lambda handler; its services are made at its first call."""
    kept: list[EventServices] = []

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.append_keys(step="receive_webhook", request=context.aws_request_id)
        ends = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
        try:
            if not kept:
                kept.append(make_services())
            response = receive(kept[0], request_of(event), lambda: ends - time.monotonic())
        except Refused as refused:
            logger.warning("refused", extra={"status": refused.status, "reason": refused.reason})
            response = refused.response()
        except PrefdropError as error:
            logger.error("cannot receive", extra={"code": error.code, "text": str(error)})
            response = LATER
        except (ClientError, BotoCoreError) as error:
            logger.error("AWS call failed", extra={"code": code_of(error)})
            response = LATER
        except Exception as error:
            logger.error("crashed", extra={"code": type(error).__name__, "where": frames()})
            response = LATER
        return response.payload()

    return handler


def receive(services: EventServices, request: Request, remaining: Callable[[], float]) -> Response:
    """Answer one request; raises Refused, and what reading the secret raises."""
    admit(request, services.webhook_secret, services.sources)
    if greeting := handshakes.answer_without_body(request):
        logger.info("handshake answered", extra={"method": request.method})
        return greeting
    answer, items = _handshake_and_rest(_items(request.body or b""))
    if answer:
        logger.info("handshake answered", extra={"method": request.method})
    if answer and not items:
        return answer
    admit_delivery(request, services.webhook_secret)
    origin = by("webhook", request.media_type)
    outcomes = services.keeper.keep(items, origin, remaining) if items else Counter[str]()
    count(outcomes, items)
    logger.info("received", extra=dict(outcomes))
    if outcomes["failed"] or outcomes["late"]:
        return LATER
    return answer or Response(200, {"received": len(items), **outcomes})


def _items(body: bytes) -> list[Item]:
    """The body's items; should reading it fail in an unforeseen way, all of it as one."""
    try:
        return read_body(body)
    except Exception as error:
        logger.error("unreadable", extra={"code": type(error).__name__, "where": frames()})
        return [NotUnderstood(position=None, reason="Reading it failed.", raw=body)]


def _handshake_and_rest(items: list[Item]) -> tuple[Response | None, list[Item]]:
    """The answer to the handshake in a body, if there is one, and what else the body holds."""
    greetings = [_greeting(item) for item in items]
    rest = [
        item
        for item, greeting in zip(items, greetings, strict=True)
        if greeting is None or not greeting.is_all
    ]
    return next((one.answer for one in greetings if one), None), rest


def _greeting(item: Item) -> handshakes.Greeting | None:
    is_usual = isinstance(item, Event) and item.event_type.lower() != handshakes.VALIDATION_TYPE
    return None if is_usual else handshakes.answer_to(item.raw)
