"""The Audit table: every vendor event once, under its own id, for as long as `audit_days` says.

Two indexes answer what is asked of it: what happened to a person, and what happened since. An
index holds what a list shows; the event's JSON is read from the table, or from the bucket where it
is too large for an item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from heapq import merge
from typing import TYPE_CHECKING, Any

import msgspec

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.audited import LABEL_LENGTH, AuditedEvent, Delivery
from prefdrop.ledger.exceptions import ATTEMPTS, TableBusy, pause
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.persons import Person
from prefdrop.ledger.table import marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INLINE_BYTES = 250_000
"""Largest JSON kept in the item; DynamoDB takes 400 KB for all of it."""

BESIDE_BYTES = 10_000
"""The same of a delivery that is kept beside the first; there may be four of them."""

BATCH = 100
"""Items that one BatchGetItem answers."""


class UnknownEvent(Terminal):
    """The audit table holds no event of this id."""


STATE = ("source", "delivered_at", "missed")
"""What may change of an event that is kept; nothing it says ever does."""

PUBLISHED = ("event_type", "entity", "profile_id", "subscription_id", "occurred_at")
"""What the stack's bus tells of a new item, besides its id; all of it is there, if only empty."""

DATA = ("content", "previous")
"""The digests that an event which came without its data gets later."""

LATER = (*DATA, "other_id", "delivered_rest")
"""What later deliveries may add, each member once."""

COMPARED = ("at", "profile_id", "names_alternate_id", "facts", "rest", *LATER)


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

    def keep_beside(self, kept: AuditedEvent, new: AuditedEvent, brings: Mapping[str, str]) -> bool:
        """Keep a later delivery beside the first, with the members of `LATER` that it `brings`.

        False if the item is no longer as `kept` says: then compare again. This includes our own
        writing, whose answer got lost and which the AWS client repeats.
        """
        whole = self._moved(new) if new.bytes > BESIDE_BYTES else new
        delivery = msgspec.structs.replace(whole.first, fuller=any(n in brings for n in DATA))
        sets = ", ".join(f"#{name} = :{name}" for name in brings)
        before = {f":was_{name}": getattr(kept, name) for name in LATER if getattr(kept, name)}
        unchanged = " AND ".join(
            f"#{name} = :was_{name}" if getattr(kept, name) else f"attribute_not_exists(#{name})"
            for name in LATER
        )
        return self._update(
            kept.event_id,
            f"SET #beside = list_append(if_not_exists(#beside, :none), :beside), {sets}",
            f"attribute_exists(pk) AND {unchanged}",
            {f"#{name}": name for name in ("beside", *LATER)},
            {f":{name}": value for name, value in brings.items()}
            | {":beside": [msgspec.to_builtins(delivery)], ":none": []}
            | before,
        )

    def mark_delivered(self, event_id: str, moment: str, rest: str = "") -> None:
        """Write down when a webhook first brought an event that was there already; `rest` is what
        later deliveries by webhook are compared with."""
        sets, values = "#at = :at", {":at": moment}
        names = {"#at": "delivered_at"}
        if rest:
            sets += ", #rest = if_not_exists(#rest, :rest)"
            values[":rest"], names["#rest"] = rest, "delivered_rest"
        when = "attribute_exists(pk) AND attribute_not_exists(#at)"
        self._update(event_id, f"SET {sets}", when, names, values)

    def mark_missed(self, event_id: str, reading: str) -> bool:
        """Count an event as missed by the reading back of that moment (ISO); False if another one
        has counted it. The AWS client repeats a call whose answer got lost, so asking again with
        the same moment answers alike."""
        return self._update(
            event_id,
            "SET missed = :true, #at = :at",
            "attribute_exists(pk) AND (attribute_not_exists(missed) OR #at = :at)",
            {"#at": "missed_at"},
            {":at": reading, ":true": True},
        )

    def mark_conflict(self, event_id: str, day: str) -> None:
        """Write down that something else came under the same id on `day` (ISO)."""
        self._update(
            event_id, "ADD #n :v", "attribute_exists(pk)", {"#n": "conflicts"}, {":v": {day}}
        )

    def _update(
        self,
        event_id: str,
        update: str,
        when: str,
        names: dict[str, str],
        values: dict[str, Any],
    ) -> bool:
        """Change an item; False if `when` does not hold."""
        try:
            self._client.update_item(
                TableName=self._name,
                Key=marshal({"pk": event_id}),
                UpdateExpression=update,
                ConditionExpression=when,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=marshal(values),
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
                hint="`prefdrop events backfill` asks the vendor for it, for 15 days."
                " `prefdrop events exceptions` lists what could not be kept as an event.",
            )
        return found

    def json_of(self, event: AuditedEvent) -> bytes:
        """Return the JSON of the event's fullest delivery; raises ObjectMissing."""
        whole = event if event.raw or event.object_key else self.get(event.event_id)
        return self.body_of(whole.fullest)

    def body_of(self, delivery: Delivery) -> bytes:
        """Return a delivery's JSON as it came; raises ObjectMissing."""
        if delivery.object_key:
            return self._objects().read(delivery.object_key).body
        return delivery.raw.encode()

    def known(self, event_ids: Iterable[str]) -> dict[str, AuditedEvent]:
        """Those of the events that are kept, by id, without their JSON."""
        names = {f"#{name}": name for name in ("pk", "received_at", *COMPARED, *STATE)}
        reading = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        return {event.event_id: event for event in self._batches(event_ids, reading)}

    def of_person(
        self, person: Person, *, since: str = "", until: str = "", newest_first: bool = True
    ) -> Iterator[AuditedEvent]:
        """Yield the events that name a person with `since` <= at < `until` (ISO), in order."""
        partitions = keys.events_of_person(person.id[:LABEL_LENGTH])
        found = self._merged(
            keys.PROFILE_INDEX, "gsi1", partitions, since, until, newest_first=newest_first
        )
        return filter(person.is_named_by, found)

    def between(
        self, since: str, until: str, *, newest_first: bool = True
    ) -> Iterator[AuditedEvent]:
        """All events with `since` <= at < `until` (ISO), in order, for lists."""
        first, last = date.fromisoformat(since[:10]), date.fromisoformat(until[:10])
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for day in reversed(days) if newest_first else days:
            partitions = keys.events_of_day(day.isoformat())
            yield from self._merged(
                keys.DAY_INDEX, "gsi2", partitions, since, until, newest_first=newest_first
            )

    def _merged(
        self,
        index: str,
        gsi: str,
        partitions: Iterable[str],
        since: str,
        until: str,
        *,
        newest_first: bool,
    ) -> Iterator[AuditedEvent]:
        """The events of several partitions of an index, in order."""
        return merge(
            *(
                self._index(index, gsi, partition, since, until, newest_first=newest_first)
                for partition in partitions
            ),
            key=order_of,
            reverse=newest_first,
        )

    def _index(
        self, index: str, gsi: str, partition: str, since: str, until: str, *, newest_first: bool
    ) -> Iterator[AuditedEvent]:
        bounds = {":pk": partition, ":since": since or "0", ":until": until or "9999"}
        if bounds[":since"] > bounds[":until"]:
            return  # DynamoDB refuses bounds the wrong way round
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


def order_of(event: AuditedEvent) -> str:
    """An event's place in a list."""
    return keys.event_order(event.at, event.event_id)


def _item(event: AuditedEvent) -> dict[str, Any]:
    item = msgspec.to_builtins(event) | {name: getattr(event, name) for name in PUBLISHED}
    del item["event_id"]
    item["pk"] = event.event_id
    order = order_of(event)
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
