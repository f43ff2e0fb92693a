"""What came as an event and could not be taken for one: kept whole in the Exceptions table.

A day's items are spread over 16 partitions, and an item is found by what it holds: the same thing
coming again on the same day is one item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from prefdrop.ledger import keys
from prefdrop.ledger.audit import INLINE_BYTES
from prefdrop.ledger.audited import LABEL_LENGTH
from prefdrop.ledger.clock import days_from_now
from prefdrop.ledger.objects import ObjectMissing, ObjectStore
from prefdrop.ledger.table import marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Code = Literal["EventNotUnderstood", "EventConflict", "EventNotStorable"]
"""`EventConflict`: another event of that id is kept. `EventNotStorable`: DynamoDB refuses it."""


_CODES: Any = {"ProjectionExpression": "#c", "ExpressionAttributeNames": {"#c": "code"}}


class EventException(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One thing that was no event. `reason` quotes nothing of it; `received_at` is ISO in UTC.

    `body` is what came, to the byte; where `object_key` names an object of the bucket, it lies
    there. It may hold a person's data, so `repr` does not show it.
    """

    code: Code
    reason: str
    received_at: str
    source: str
    content_type: str = ""
    event_id: str = ""
    size: int = 0
    body: bytes = b""
    object_key: str = ""

    def __repr__(self) -> str:
        return f"EventException(code={self.code!r}, reason={self.reason!r}, size={self.size})"


class EventExceptionStore:
    """Keeps such things, each once a day. `objects` answers the bucket, seldom needed.

    `retention_days` is how long they are kept, `audit_days` how long conflicts are; 0 for ever.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        objects: Callable[[], ObjectStore],
        retention_days: int,
        audit_days: int = 0,
    ) -> None:
        self._client = client
        self._name = name
        self._objects = objects
        self._retention_days = retention_days
        self._audit_days = audit_days

    def put_once(self, exception: EventException) -> bool:
        """Keep it; False if the same was kept on the same day before.

        True also if it is this very writing that is there: the AWS client repeats one whose answer
        got lost. A conflict lives as long as the event that it contradicts.
        """
        day = exception.received_at[:10]
        is_conflict = exception.code == "EventConflict"
        sha256 = hashlib.sha256(exception.code.encode() + b"\0" + exception.body).hexdigest()
        item = msgspec.to_builtins(exception, builtin_types=(bytes,))
        item |= keys.not_understood(day, sha256)._asdict()
        item["size"] = len(exception.body)
        for label in ("content_type", "event_id"):
            item[label] = getattr(exception, label)[:LABEL_LENGTH]
        if len(exception.body) > INLINE_BYTES:
            place = keys.audit_object if is_conflict else keys.exception_object
            item["object_key"] = place(day, f"{sha256}.body")
            self._objects().write(
                item["object_key"], item.pop("body"), content_type="application/octet-stream"
            )
        if lives := self._audit_days if is_conflict else self._retention_days:
            item["expires_at"] = days_from_now(lives)
        return self._put(item)

    def _put(self, item: dict[str, Any]) -> bool:
        try:
            self._client.put_item(
                TableName=self._name,
                Item=marshal(item),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            answered: Any = error.response.get("Item")
            there = unmarshal(answered or {})
            return all(there.get(name) == item[name] for name in ("received_at", "source"))
        return True

    def of_day(self, day: str) -> list[EventException]:
        """All that came on `day` (ISO), in the order it came."""
        found = (one for pk in keys.not_understood_of(day) for one in self._partition(pk))
        return sorted(found, key=lambda one: one.received_at)

    def counts_of_day(self, day: str) -> dict[str, int]:
        """How many of each code came on `day` (ISO); no body is read."""
        counts: dict[str, int] = {}
        for pk in keys.not_understood_of(day):
            for item in self._items(pk, **_CODES):
                code = unmarshal(item)["code"]
                counts[code] = counts.get(code, 0) + 1
        return counts

    def body_of(self, exception: EventException) -> bytes:
        """What came, wherever it lies; raises ObjectMissing."""
        if exception.object_key:
            return self._objects().read(exception.object_key).body
        return exception.body

    def find_body(self, exception: EventException) -> bytes | None:
        """What came, or None if the object that held it is gone."""
        try:
            return self.body_of(exception)
        except ObjectMissing:
            return None

    def _partition(self, pk: str) -> Iterator[EventException]:
        for item in self._items(pk):
            plain = unmarshal(item)
            plain["body"] = bytes(plain.get("body", b""))
            yield msgspec.convert(plain, EventException, builtin_types=(bytes,))

    def _items(self, pk: str, **reading: Any) -> Iterator[Any]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=marshal({":pk": pk}),
            **reading,
        )
        for page in pages:
            yield from page["Items"]
