"""Whom events name, in every way in which the vendor may write an id.

An event's item is indexed by the id that its first delivery names. A later delivery that names the
person in the other form, or another event that came under the same id, is found by an item of its
own in the Exceptions table: a mention. It holds labels alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from prefdrop.ledger import keys
from prefdrop.ledger.audited import LABEL_LENGTH, AuditedEvent, NamedIn
from prefdrop.ledger.clock import days_from_now
from prefdrop.ledger.table import marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LABELS = (
    "event_id",
    "event_type",
    "entity",
    "profile_id",
    "names_alternate_id",
    "subscription_id",
    "at",
    "occurred_at",
    "received_at",
    "source",
    "delivered_at",
)


class Person(NamedTuple):
    """One person by the id that an operator gives: a profile's number, or an alternate id.

    The vendor may write either as a number or as text. A profile's number is found in every
    writing of that number, an alternate id letter by letter, without blanks around it.
    """

    id: str
    is_alternate_id: bool = False

    def is_named_by(self, event: AuditedEvent) -> bool:
        """Return whether the event names this person."""
        asked, named = self.id[:LABEL_LENGTH], event.profile_id
        if self.is_alternate_id:
            return asked.strip() == named.strip()
        return keys.plain_id(asked) == keys.plain_id(named)


class Mentions:
    """Keeps mentions for `audit_days` (0 for ever), each once, and finds them again."""

    def __init__(self, client: DynamoDBClient, name: str, audit_days: int) -> None:
        self._client = client
        self._name = name
        self._audit_days = audit_days

    def put(self, event: AuditedEvent, named_in: NamedIn) -> None:
        """Keep whom a delivery names; nothing if it names no one, or the mention is there."""
        if not event.profile_id:
            return
        labels = {name: getattr(event, name) for name in _LABELS} | {"named_in": named_in}
        said = [labels[name] for name in (*_LABELS[:6], "named_in")]
        item: dict[str, Any] = {
            "pk": keys.mentions_of_person(event.profile_id),
            "sk": hashlib.sha256(msgspec.json.encode(said)).hexdigest(),
            **labels,
        }
        if self._audit_days:
            item["expires_at"] = days_from_now(self._audit_days)
        try:
            self._client.put_item(
                TableName=self._name,
                Item=marshal(item),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def of_person(self, person: Person) -> Iterator[AuditedEvent]:
        """Yield what names a person besides the kept events, in no order."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=marshal(
                {":pk": keys.mentions_of_person(person.id[:LABEL_LENGTH])}
            ),
        )
        for page in pages:
            for item in page["Items"]:
                event = msgspec.convert(unmarshal(item), AuditedEvent)
                if person.is_named_by(event):
                    yield event
