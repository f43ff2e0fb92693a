"""The Audit table: every vendor event once, under its own id, for as long as `audit_days` says.

Two indexes answer what is asked of it: what happened to a person, and what happened since. An
index holds what a list shows; the event's JSON is read from the table, or from the bucket where it
is too large for an item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from heapq import merge
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.exceptions import ATTEMPTS, TableBusy, pause
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.table import marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INLINE_BYTES = 250_000
"""Largest JSON kept in the item; DynamoDB takes 400 KB for all of it."""

LABEL_LENGTH = 256
"""Characters of a type, an entity or an id other than the event's that the item repeats."""

BATCH = 100
"""Items that one BatchGetItem answers."""

Source = Literal["webhook", "backfill"]


class UnknownEvent(Terminal):
    """The audit table holds no event of this id."""


class AuditedEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event as it is kept. Times are ISO 8601 in UTC with milliseconds; empty for none.

    `at` is when it occurred, or when it came if it does not say so or says nonsense: by it the
    event is found. `delivered_at` is when a webhook brought it, `missed` whether it was counted as
    one that no webhook brought in time, and `missed_at` which reading back has counted it. `facts`,
    `content`, `previous` and `rest` are digests of what it says: its kind, its `Data` and its
    `PreviousData` (empty without), all else.

    `raw` is its JSON as it came; in a list it is empty. Where `object_key` names an object of the
    bucket, the JSON lies there.
    """

    event_id: str
    event_type: str = ""
    entity: str = ""
    profile_id: str = ""
    names_alternate_id: bool = False
    """Whether `profile_id` came as text: then it is the value of an alternate id."""
    subscription_id: str = ""

    at: str
    occurred_at: str = ""
    received_at: str
    source: Source
    delivered_at: str = ""
    missed: bool = False
    missed_at: str = ""

    facts: str = ""
    content: str = ""
    previous: str = ""
    rest: str = ""

    raw: str = ""
    bytes: int = 0
    object_key: str = ""
    expires_at: int = 0
    """When DynamoDB may forget the item (s); 0 for never."""
    conflicts: list[str] = []
    """The days (ISO) on which something else came under its id, which lies in Exceptions."""

    def __repr__(self) -> str:
        """Without the event itself: it is a person's data."""
        return f"AuditedEvent(event_id={self.event_id!r}, event_type={self.event_type!r})"


STATE = ("source", "delivered_at", "missed")
"""What may change of an event that is kept; nothing it says ever does."""

PUBLISHED = ("event_type", "entity", "profile_id", "subscription_id", "occurred_at")
"""What the stack's bus tells of a new item, besides its id; all of it is there, if only empty."""

DATA = ("content", "previous")
"""The digests that an event which came without its data gets later."""

COMPARED = ("at", "profile_id", "names_alternate_id", "facts", *DATA, "rest")


class AuditStore:
    """Writes events once and finds them again. `objects` answers the bucket, seldom needed."""

    def __init__(
        self, client: DynamoDBClient, name: str, objects: Callable[[], ObjectStore]
    ) -> None:
        self._client = client
        self._name = name
        self._objects = objects

    # --- writing ------------------------------------------------------------------------------

    def put_once(self, event: AuditedEvent) -> AuditedEvent | None:
        """Keep `event` unless its id is there; then answer the one that is.

        None also if what is there is this very writing, whose answer got lost on the way: the AWS
        client repeats it unasked, and the event would be taken for one that somebody else brought.
        """
        large = event.bytes > INLINE_BYTES
        if large and (kept := self.find(event.event_id)):
            return kept
        whole = self._moved(event) if large else event
        item = _item(whole)
        try:
            self._client.put_item(
                TableName=self._name,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            there: Any = error.response.get("Item")
            found = _event(there) if there else self.find(event.event_id)
            return None if found and _is_same_writing(found, whole) else found
        return None

    def complete(self, bare: AuditedEvent, event: AuditedEvent) -> bool:
        """Give an event that came without data the JSON of one with; False if somebody had.

        `rest` stays that of the first delivery, with which later ones are compared.
        """
        whole = self._moved(event) if event.bytes > INLINE_BYTES else event
        new = {"bytes": whole.bytes} | {name: getattr(whole, name) for name in DATA}
        where = "object_key" if whole.object_key else "raw"
        gone = "raw" if whole.object_key else "object_key"
        sets = ", ".join(f"#{name} = :{name}" for name in (*new, where))
        before = {f":was_{name}": getattr(bare, name) for name in DATA if getattr(bare, name)}
        unchanged = " AND ".join(
            f"#{name} = :was_{name}" if getattr(bare, name) else f"attribute_not_exists(#{name})"
            for name in DATA
        )
        try:
            self._client.update_item(
                TableName=self._name,
                Key=marshal({"pk": bare.event_id}),
                UpdateExpression=f"SET {sets} REMOVE #{gone}",
                ConditionExpression=f"attribute_exists(pk) AND {unchanged}",
                ExpressionAttributeNames={f"#{name}": name for name in (*new, "raw", "object_key")},
                ExpressionAttributeValues=marshal(
                    {f":{name}": value for name, value in new.items()}
                    | {f":{where}": getattr(whole, where)}
                    | before
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def mark_delivered(self, event_id: str, moment: str) -> None:
        """Write down when a webhook first brought an event that was there already."""
        self._change(
            event_id,
            "SET #n = :v",
            "attribute_exists(pk) AND attribute_not_exists(#n)",
            "delivered_at",
            moment,
        )

    def mark_missed(self, event_id: str, reading: str) -> bool:
        """Count an event as missed by the reading back of that moment (ISO); False if another one
        has counted it. The AWS client repeats a call whose answer got lost, so asking again with
        the same moment answers alike."""
        return self._change(
            event_id,
            "SET missed = :true, #n = :v",
            "attribute_exists(pk) AND (attribute_not_exists(missed) OR #n = :v)",
            "missed_at",
            reading,
            {":true": True},
        )

    def mark_conflict(self, event_id: str, day: str) -> None:
        """Write down that something else came under the same id on `day` (ISO)."""
        self._change(event_id, "ADD #n :v", "attribute_exists(pk)", "conflicts", {day})

    def _change(
        self,
        event_id: str,
        update: str,
        when: str,
        name: str,
        value: Any,
        more: dict[str, Any] | None = None,
    ) -> bool:
        """Change a member, `#n`, by the value `:v`; False if `when` does not hold."""
        try:
            self._client.update_item(
                TableName=self._name,
                Key=marshal({"pk": event_id}),
                UpdateExpression=update,
                ConditionExpression=when,
                ExpressionAttributeNames={"#n": name},
                ExpressionAttributeValues=marshal({":v": value, **(more or {})}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _moved(self, event: AuditedEvent) -> AuditedEvent:
        """`event` with its JSON in the bucket instead of the item."""
        body = event.raw.encode()
        key = keys.audit_object(event.received_at[:10], f"{hashlib.sha256(body).hexdigest()}.json")
        self._objects().write(key, body)
        return msgspec.structs.replace(event, raw="", object_key=key)

    # --- reading ------------------------------------------------------------------------------

    def find(self, event_id: str) -> AuditedEvent | None:
        """Read one event, or None."""
        answer = self._client.get_item(
            TableName=self._name, Key=marshal({"pk": event_id}), ConsistentRead=True
        )
        return _event(answer["Item"]) if "Item" in answer else None

    def get(self, event_id: str) -> AuditedEvent:
        """Read one event; raises UnknownEvent."""
        found = self.find(event_id)
        if found is None:
            raise UnknownEvent(
                "The audit table holds no event of this id.",
                hint="`prefdrop events backfill` asks the vendor for it, for 15 days.",
            )
        return found

    def json_of(self, event: AuditedEvent) -> bytes:
        """The event's JSON as it came, wherever it lies; raises ObjectMissing."""
        if event.object_key:
            return self._objects().read(event.object_key).body
        return (event.raw or self.get(event.event_id).raw).encode()

    def known(self, event_ids: Iterable[str]) -> dict[str, AuditedEvent]:
        """Those of the events that are kept, by id, without their JSON."""
        names = {f"#{name}": name for name in ("pk", "received_at", *COMPARED, *STATE)}
        reading = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        return {event.event_id: event for event in self._batches(event_ids, reading)}

    def whole(self, events: Iterable[AuditedEvent]) -> Iterator[AuditedEvent]:
        """The same events with their JSON where it fits the item, in the same order."""
        stretch = list(events)
        found = {e.event_id: e for e in self._batches((e.event_id for e in stretch), {})}
        for event in stretch:
            yield found.get(event.event_id, event)

    def of_profile(
        self,
        profile_id: str,
        *,
        names_alternate_id: bool = False,
        since: str = "",
        until: str = "",
        newest_first: bool = True,
    ) -> Iterator[AuditedEvent]:
        """One person's events with `since` <= at < `until` (ISO), for lists.

        `profile_id` is the vendor's number; with `names_alternate_id` it is the value of an
        alternate id, which events of some subscriptions carry in its place. The two are never
        mixed: one person's number may be another's alternate id.
        """
        partition = keys.events_of_profile(
            profile_id[:LABEL_LENGTH], names_alternate_id=names_alternate_id
        )
        yield from self._index(
            keys.PROFILE_INDEX, "gsi1", partition, since, until, newest_first=newest_first
        )

    def between(
        self, since: str, until: str, *, newest_first: bool = True
    ) -> Iterator[AuditedEvent]:
        """All events with `since` <= at < `until` (ISO), in order, for lists."""
        first, last = date.fromisoformat(since[:10]), date.fromisoformat(until[:10])
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for day in reversed(days) if newest_first else days:
            yield from merge(
                *(
                    self._index(
                        keys.DAY_INDEX, "gsi2", partition, since, until, newest_first=newest_first
                    )
                    for partition in keys.events_of_day(day.isoformat())
                ),
                key=lambda event: keys.event_order(event.at, event.event_id),
                reverse=newest_first,
            )

    def _index(
        self, index: str, gsi: str, partition: str, since: str, until: str, *, newest_first: bool
    ) -> Iterator[AuditedEvent]:
        bounds = {":pk": partition, ":since": since or "0", ":until": until or "9999"}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName=index,
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :since AND :until",
            ExpressionAttributeNames={"#pk": f"{gsi}pk", "#sk": f"{gsi}sk"},
            ExpressionAttributeValues=marshal(bounds),
            ScanIndexForward=not newest_first,
        )
        for page in pages:
            for item in page["Items"]:
                yield _event(item)

    def _batches(self, event_ids: Iterable[str], reading: Any) -> Iterator[AuditedEvent]:
        wanted = [marshal({"pk": event_id}) for event_id in dict.fromkeys(event_ids)]
        for start in range(0, len(wanted), BATCH):
            asked: Any = {"Keys": wanted[start : start + BATCH], "ConsistentRead": True, **reading}
            yield from self._batch(asked)

    def _batch(self, asked: Any) -> Iterator[AuditedEvent]:
        for attempt in range(ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems={self._name: asked})
            for item in answer["Responses"].get(self._name, []):
                yield _event(item)
            asked = answer.get("UnprocessedKeys", {}).get(self._name)
            if not asked:
                return
            pause(attempt)
        raise TableBusy(
            f"The table {self._name} refused part of a reading {ATTEMPTS} times.",
            hint="It is tried again.",
        )


def _item(event: AuditedEvent) -> dict[str, Any]:
    item = msgspec.to_builtins(event) | {name: getattr(event, name) for name in PUBLISHED}
    del item["event_id"]
    item["pk"] = event.event_id
    order = keys.event_order(event.at, event.event_id)
    item |= {"gsi2pk": keys.event_day(event.at, event.event_id), "gsi2sk": order}
    if event.profile_id:
        partition = keys.events_of_profile(
            event.profile_id, names_alternate_id=event.names_alternate_id
        )
        item |= {"gsi1pk": partition, "gsi1sk": order}
    return marshal(item)


def _is_same_writing(found: AuditedEvent, written: AuditedEvent) -> bool:
    return all(
        getattr(found, name) == getattr(written, name)
        for name in ("received_at", "source", "raw", "object_key")
    )


def _event(item: Any) -> AuditedEvent:
    plain = unmarshal(item)
    plain["event_id"] = plain.pop("pk")
    plain["conflicts"] = sorted(plain.get("conflicts", ()))
    return msgspec.convert(plain, AuditedEvent)
