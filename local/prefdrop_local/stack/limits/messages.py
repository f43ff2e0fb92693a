"""Limits of EventBridge, SQS and SNS that moto does not check, for clients and deliveries alike.

Events: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
Queues: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
Topics: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
AWS has raised some sizes to 1 MB, not in every region: 256 KB is what all of them take.
"""

from __future__ import annotations

import re
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend
from moto.sns.exceptions import SNSException, SNSInvalidParameter
from moto.sns.models import SNSBackend
from moto.sqs.exceptions import InvalidParameterValue, SQSException
from moto.sqs.models import SQSBackend

from prefdrop_local.stack.patching import Patches

MOST_BYTES = 256 * 1024
MOST_DETAIL_TYPE = 128
_MOMENT_BYTES = 14
"""What EventBridge counts for the time of an event."""
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def install(patches: Patches) -> None:
    """Check the sizes and texts of events and messages."""
    _events(patches)
    _queues(patches)
    _topics(patches)


def _events(patches: Patches) -> None:
    put_events = EventsBackend.put_events

    def checked(backend: Any, events: list[dict[str, Any]]) -> Any:
        total = sum(map(_event_bytes, events))
        if total > MOST_BYTES:
            raise ValidationException(
                f"Total size of the entries in the request is over the limit: {total} bytes."
            )
        if any(len(event.get("DetailType") or "") > MOST_DETAIL_TYPE for event in events):
            raise ValidationException(
                "1 validation error detected: Value at 'entries.member.detailType' failed to "
                f"satisfy constraint: Member must have length less than or equal to "
                f"{MOST_DETAIL_TYPE}"
            )
        return put_events(backend, events)

    patches.set(EventsBackend, "put_events", checked)


def _event_bytes(event: dict[str, Any]) -> int:
    texts = [event.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += event.get("Resources") or []
    return sum(len(text.encode()) for text in texts) + (_MOMENT_BYTES if "Time" in event else 0)


def _queues(patches: Patches) -> None:
    send, send_batch = SQSBackend.send_message, SQSBackend.send_message_batch

    def checked(
        backend: Any,
        queue_name: str,
        message_body: str,
        message_attributes: Any = None,
        *rest: Any,
        **named: Any,
    ) -> Any:
        if not message_body:
            code = "MissingParameter"
            raise SQSException(code, "The request must contain the parameter MessageBody.")
        if _NOT_XML.search(message_body):
            code = "InvalidMessageContents"
            raise SQSException(code, "Invalid binary character was found in the message body.")
        if _message_bytes(message_body, message_attributes) > MOST_BYTES:
            raise InvalidParameterValue(
                "One or more parameters are invalid. Reason: Message must be shorter than "
                f"{MOST_BYTES} bytes."
            )
        return send(backend, queue_name, message_body, message_attributes, *rest, **named)

    def checked_batch(backend: Any, queue_name: str, entries: dict[str, dict[str, Any]]) -> Any:
        total = sum(
            _message_bytes(one["MessageBody"], one.get("MessageAttributes"))
            for one in entries.values()
        )
        if total > MOST_BYTES:
            raise SQSException(
                "BatchRequestTooLong",
                f"Batch requests cannot be longer than {MOST_BYTES} bytes. "
                f"You have sent {total} bytes.",
            )
        return send_batch(backend, queue_name, entries)

    patches.set(SQSBackend, "send_message", checked)
    patches.set(SQSBackend, "send_message_batch", checked_batch)


def _message_bytes(body: str, attributes: Any) -> int:
    return len(body.encode()) + sum(
        len(str(part).encode())
        for name, value in (attributes or {}).items()
        for part in (name, *(value.values() if isinstance(value, dict) else (value,)))
    )


def _topics(patches: Patches) -> None:
    publish, publish_batch = SNSBackend.publish, SNSBackend.publish_batch

    def checked(
        backend: Any,
        message: str,
        arn: Any,
        phone_number: Any = None,
        subject: Any = None,
        **named: Any,
    ) -> Any:
        if not message:
            raise SNSInvalidParameter("Invalid parameter: Empty message")
        if subject is not None and (not subject or not subject.isprintable()):
            raise SNSInvalidParameter("Invalid parameter: Subject")
        if _message_bytes(message, named.get("message_attributes")) > MOST_BYTES:
            raise SNSInvalidParameter("Invalid parameter: Message too long")
        return publish(backend, message, arn, phone_number, subject, **named)

    def checked_batch(
        backend: Any, topic_arn: str, publish_batch_request_entries: list[dict[str, Any]]
    ) -> Any:
        total = sum(
            _message_bytes(one["Message"], one.get("MessageAttributes"))
            for one in publish_batch_request_entries
        )
        if total > MOST_BYTES:
            raise SNSException(
                "BatchRequestTooLong",
                "The length of all the batch messages put together is more than the limit.",
            )
        return publish_batch(backend, topic_arn, publish_batch_request_entries)

    patches.set(SNSBackend, "publish", checked)
    patches.set(SNSBackend, "publish_batch", checked_batch)
