"""One DynamoDB table, with plain Python values on our side of it.

Numbers are whole numbers throughout (counts, bytes, milliseconds), so that nothing is ever rounded.
Reads are strongly consistent: a decision about a person's record never rests on a stale copy.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from prefdrop.errors import Transient
from prefdrop.reached import reached

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

AGAIN = "A step is tried again by itself. After a command, run it again."

PAGE = 100
"""Items of an index that are read at a time where nobody knows how many will be wanted."""


class Key(NamedTuple):
    """The primary key of one item."""

    pk: str
    sk: str


class ConditionFailed(Exception):  # it is an answer to a question, not a fault
    """A conditional write did not happen because its condition does not hold.

    `failed` lists, for a transaction, the positions of the writes whose condition did not hold.
    """

    def __init__(self, failed: tuple[int, ...] = (0,)) -> None:
        super().__init__(f"condition of write {failed} does not hold")
        self.failed = failed


BUSY = (
    "TransactionConflictException",
    "ReplicatedWriteConflictException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
)
"""Codes with which DynamoDB refuses a plain write for now: a collision, or a throttle."""


class LedgerBusy(Transient):
    """DynamoDB refused a write, because of another one to the same items or of too many."""


class _WholeNumbers(TypeDeserializer):
    def _deserialize_n(self, value: str) -> int:
        return int(value)


_serializer = TypeSerializer()
_deserializer = _WholeNumbers()


def marshal(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn plain values into DynamoDB attribute values; members that are None are left out."""
    return {name: _serializer.serialize(_bare(v)) for name, v in item.items() if v is not None}


def unmarshal(item: Mapping[str, Any]) -> Item:
    """Turn DynamoDB attribute values into plain values; numbers become int."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def _bare(value: Any) -> Any:
    """Drop None inside nested maps, so that a stored map equals the one that was given."""
    if isinstance(value, Mapping):
        return {k: _bare(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_bare(v) for v in value]
    return value


class Write(NamedTuple):
    """One write of a transaction: the operation's name and its request members."""

    operation: str
    request: dict[str, Any]


class Table:
    """The operations that the stores need, over the low-level client (it imports fastest)."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, key: Key) -> Item | None:
        """Read one item, or None."""
        answer = self._client.get_item(
            TableName=self.name, Key=marshal(key._asdict()), ConsistentRead=True
        )
        return unmarshal(answer["Item"]) if "Item" in answer else None

    def query(
        self, pk: str, *, begins: str = "", limit: int | None = None, reverse: bool = False
    ) -> Iterator[Item]:
        """Read the items under `pk` whose sort key begins with `begins`, in its order."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": marshal({":pk": pk}),
            "ConsistentRead": True,
            "ScanIndexForward": not reverse,
        }
        if begins:
            request["KeyConditionExpression"] += " AND begins_with(sk, :sk)"
            request["ExpressionAttributeValues"] |= marshal({":sk": begins})
        yield from self._pages(request, limit)

    def query_index(
        self, index: str, pk_name: str, pk: str, *, limit: int | None = None, reverse: bool = True
    ) -> Iterator[Item]:
        """Read an index's items under `pk`, newest first (an index is eventually consistent).

        Without a limit, a page of them is read when it is wanted.
        """
        request: dict[str, Any] = {
            "Limit": PAGE,
            "TableName": self.name,
            "IndexName": index,
            "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeNames": {"#pk": pk_name},
            "ExpressionAttributeValues": marshal({":pk": pk}),
            "ScanIndexForward": not reverse,
        }
        yield from self._pages(request, limit)

    def _pages(self, request: dict[str, Any], limit: int | None) -> Iterator[Item]:
        count = 0
        if limit is not None:
            request["Limit"] = limit
        while True:
            answer = self._client.query(**request)
            for item in answer["Items"]:
                yield unmarshal(item)
                count += 1
                if count == limit:
                    return
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def put(self, key: Key, item: Mapping[str, Any], *, when: ConditionBase | None = None) -> None:
        """Write one item whole.

        Raises ConditionFailed when `when` does not hold, LedgerBusy when DynamoDB cannot say.
        """
        with _refusals():
            self._client.put_item(**self.put_write(key, item, when=when).request)

    def update(
        self,
        key: Key,
        *,
        put: Mapping[str, Any] | None = None,
        add: Mapping[str, int | set[str]] | None = None,
        first: Mapping[str, Any] | None = None,
        when: ConditionBase | None = None,
    ) -> Item:
        """Change members of one item and return the item as it is then; see `update_write`."""
        write = self.update_write(key, put=put, add=add, first=first, when=when)
        with _refusals():
            answer = self._client.update_item(**write.request, ReturnValues="ALL_NEW")
        return unmarshal(answer["Attributes"])

    def delete(self, key: Key, *, when: ConditionBase | None = None) -> None:
        """Delete one item (absent is fine); raises ConditionFailed when `when` does not hold."""
        with _refusals():
            self._client.delete_item(
                TableName=self.name, Key=marshal(key._asdict()), **_condition(when)
            )

    def put_write(
        self, key: Key, item: Mapping[str, Any], *, when: ConditionBase | None = None
    ) -> Write:
        """A put as a member of a transaction."""
        whole = marshal({**item, **key._asdict()})
        return Write("Put", {"TableName": self.name, "Item": whole, **_condition(when)})

    def update_write(
        self,
        key: Key,
        *,
        put: Mapping[str, Any] | None = None,
        add: Mapping[str, int | set[str]] | None = None,
        first: Mapping[str, Any] | None = None,
        when: ConditionBase | None = None,
    ) -> Write:
        """An update as a member of a transaction.

        `put` sets members (None removes them), `first` sets those not there yet, `add` counts up or
        adds to a set; all of it only when `when` holds.
        """
        put = put or {}
        expression = _Update()
        expression.clause(
            "SET", "{name} = {value}", {k: v for k, v in put.items() if v is not None}
        )
        expression.clause("SET", "{name} = if_not_exists({name}, {value})", first or {})
        expression.clause("ADD", "{name} {value}", add or {})
        expression.clause("REMOVE", "{name}", {k: v for k, v in put.items() if v is None})
        request = {"TableName": self.name, "Key": marshal(key._asdict()), **_condition(when)}
        return Write("Update", expression.into(request))

    def check_write(self, key: Key, when: ConditionBase) -> Write:
        """A condition on an item that the transaction does not change."""
        request = {"TableName": self.name, "Key": marshal(key._asdict()), **_condition(when)}
        return Write("ConditionCheck", request)

    def transact(self, *writes: Write) -> None:
        """Do all writes or none.

        Raises ConditionFailed with the positions that stood in the way, LedgerBusy on a collision.
        """
        try:
            self._client.transact_write_items(
                TransactItems=[{w.operation: w.request} for w in writes],  # type: ignore[misc]
                # The AWS client repeats a request whose answer was lost. DynamoDB applies it once.
                ClientRequestToken=uuid.uuid4().hex,
            )
        except self._client.exceptions.TransactionInProgressException:
            reached("a transaction still in progress")
            raise another_worker() from None
        except self._client.exceptions.TransactionCanceledException as error:
            codes = [r.get("Code") for r in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in codes:
                failed = (n for n, code in enumerate(codes) if code == "ConditionalCheckFailed")
                raise ConditionFailed(tuple(failed)) from None
            if "ValidationError" in codes:  # such as an item over 400 KB: repeating it cannot help
                raise
            raise another_worker() from None


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise ConditionFailed or LedgerBusy for what DynamoDB answers to one write."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed from None
        if code in BUSY:
            raise LedgerBusy(
                f"DynamoDB refused a write to the ledger for now ({code}).", hint=AGAIN
            ) from None
        raise


def another_worker() -> LedgerBusy:
    """Return the error of a write that another worker was faster with."""
    return LedgerBusy("Another writer touched the same ledger items.", hint=AGAIN)


def _condition(when: ConditionBase | None) -> dict[str, Any]:
    """The request members that state a condition."""
    if when is None:
        return {}
    built = ConditionExpressionBuilder().build_expression(when)
    members: dict[str, Any] = {
        "ConditionExpression": built.condition_expression,
        "ExpressionAttributeNames": dict(built.attribute_name_placeholders),
    }
    if built.attribute_value_placeholders:
        members["ExpressionAttributeValues"] = marshal(built.attribute_value_placeholders)
    return members


class _Update:
    """An update expression in the making."""

    def __init__(self) -> None:
        self._clauses: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def clause(self, word: str, form: str, members: Mapping[str, Any]) -> None:
        """Add one action per member to the clause that `word` opens."""
        for member, value in members.items():
            name, placeholder = f"#u{len(self._names)}", f":u{len(self._names)}"
            self._names[name] = member
            if "{value}" in form:
                self._values[placeholder] = value
            self._clauses.setdefault(word, []).append(form.format(name=name, value=placeholder))

    def into(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add the expression to a request that may already hold a condition."""
        request["UpdateExpression"] = " ".join(
            f"{word} {', '.join(actions)}" for word, actions in self._clauses.items()
        )
        request["ExpressionAttributeNames"] = self._names | request.get(
            "ExpressionAttributeNames", {}
        )
        values = marshal(self._values) | request.get("ExpressionAttributeValues", {})
        if values:
            request["ExpressionAttributeValues"] = values
        return request
