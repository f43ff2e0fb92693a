"""The receiver over its own emulated tables, and words to talk to it as an HTTP API does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import msgspec

from prefdrop.auditing.receive_webhook import webhook
from prefdrop.auditing.services import EventServices
from prefdrop.ledger.audited import AuditedEvent
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.event_exceptions import EventException
from prefdrop.ledger.table import unmarshal
from tests import emulated_aws
from tests.call_watch import by_hand, calls_of
from tests.emulated_aws import key_schema

NOW = datetime.now(UTC).replace(microsecond=0)
"""When each test begins, by the clock of the code: see `_clock` of the fixtures."""

KEY = "path-key-that-is-known-0001"
PREVIOUS_KEY = "path-key-that-was-known-0000"
SECRET = "webhook-secret"

ENVIRONMENT = emulated_aws.ENVIRONMENT | {
    "PREFDROP_SECRET": "vendor-secret",
    "PREFDROP_WEBHOOK_SECRET": SECRET,
    "PREFDROP_BASE_URL": "https://vendor.example.test/v4/",
}


def event(event_id: str = "e-1", **members: Any) -> dict[str, Any]:
    """One vendor event; a member that is None is left out."""
    whole = {
        "EventId": event_id,
        "EventType": "contacts.email.updated",
        "Subject": "",
        "Entity": "Contacts",
        "SubscriptionId": 42,
        "Name": "Email updated",
        "ProfileId": 9100231,
        "Data": {"EmailAddress": "new@example.test"},
        "PreviousData": {"EmailAddress": "old@example.test"},
        **members,
    }
    return {name: value for name, value in whole.items() if value is not None}


class Context:
    """What Lambda says about an invocation."""

    aws_request_id = "request-1"

    def __init__(self, seconds: float = 29) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


class Receiver:
    """One instance of the function. Its services may be prepared before the first request."""

    def __init__(self, **environment: str) -> None:
        self.environment = {**ENVIRONMENT, **environment}
        self.services = EventServices(self.environment)
        self._handler = webhook(lambda: self.services)

    # --- what it is configured with -----------------------------------------------------------

    def set_secret(self, **members: Any) -> None:
        """Change the webhook's secret, as an operator does."""
        text = json.dumps({"key": KEY, **members})
        with by_hand():
            boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)

    # --- requests -----------------------------------------------------------------------------

    def send(
        self,
        body: Any = None,
        *,
        key: str = KEY,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        source: str = "192.0.2.10",
        encoded: bool = False,
        seconds: float = 29,
    ) -> dict[str, Any]:
        """Send a request and get the function's answer; a body that is no text becomes JSON."""
        text = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        return self.invoke(
            http_event(
                text,
                key=key,
                method=method,
                headers=headers,
                query=query,
                source=source,
                encoded=encoded,
            ),
            seconds,
        )

    def invoke(self, http: dict[str, Any], seconds: float = 29) -> dict[str, Any]:
        """Invoke the function with a whole event."""
        with calls_of("ReceiveWebhookFunction", self.environment):
            return self._handler(http, Context(seconds))

    # --- what came of it ----------------------------------------------------------------------

    def events(self) -> dict[str, AuditedEvent]:
        """Everything in the audit table, by id, with all that it says."""
        return {item["pk"]: self.services.audit.get(item["pk"]) for item in scan("audit")}

    def exceptions(self) -> list[EventException]:
        """Everything that the exceptions table holds of deliveries."""
        found = [
            item | {"body": bytes(item.get("body", b""))}
            for item in scan("exceptions")
            if item["pk"].startswith("EVENT#")
        ]
        return [msgspec.convert(one, EventException, builtin_types=(bytes,)) for one in found]

    def kept_whole(self) -> list[bytes]:
        """What was set aside, to the byte."""
        return [self.services.event_exceptions.body_of(one) for one in self.exceptions()]


def forget() -> None:
    """Empty the tables."""
    client = boto3.client("dynamodb")
    for table, names in (
        ("audit", ("pk",)),
        ("exceptions", ("pk", "sk")),
        ("imports", ("pk", "sk")),
    ):
        keys = [{name: item[name] for name in names} for item in _raw_items(table)]
        for at in range(0, len(keys), 25):  # as many as one request takes
            gone = [{"DeleteRequest": {"Key": key}} for key in keys[at : at + 25]]
            client.batch_write_item(RequestItems={table: gone})


def scan(table: str) -> list[dict[str, Any]]:
    """All items of a table."""
    return [unmarshal(item) for item in _raw_items(table)]


def _raw_items(table: str) -> list[Any]:
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def http_event(
    body: str | bytes | None,
    *,
    key: str = KEY,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    source: str = "192.0.2.10",
    encoded: bool = False,
) -> dict[str, Any]:
    """A request as the HTTP API hands it to a function (payload format 2.0)."""
    encoded = encoded or isinstance(body, bytes)
    raw = body.encode() if isinstance(body, str) else body
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "ANY /webhooks/mypreferences/{key}",
        "rawPath": f"/webhooks/mypreferences/{key}",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **(headers or {})},
        "requestContext": {
            "http": {
                "method": method,
                "path": f"/webhooks/mypreferences/{key}",
                "protocol": "HTTP/1.1",
                "sourceIp": source,
            },
            "routeKey": "ANY /webhooks/mypreferences/{key}",
            "stage": "$default",
        },
        "pathParameters": {"key": key},
        "isBase64Encoded": encoded,
    }
    if query:
        made["queryStringParameters"] = dict(query)
    if raw is not None:
        made["body"] = base64.b64encode(raw).decode() if encoded else raw.decode()
    return made


def answer_of(response: dict[str, Any]) -> Any:
    """The answer's JSON."""
    return json.loads(response["body"])


def signature_headers(
    body: str,
    secret: str,
    *,
    at: int | str | None = None,
    message_id: str = "msg-1",
    version: str = "v1",
    before: str = "",
) -> dict[str, str]:
    """The headers of a body that a sender signs by Standard Webhooks with a `whsec_` secret."""
    stamp = str(now_ms() // 1000 if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{stamp}.{body}".encode()
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"{before}{version},{signature}",
    }


def metric_values(log: str, name: str) -> list[float]:
    """What the function wrote of a metric, in CloudWatch's embedded format, in its order."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    values = [line[name] for line in lines if "_aws" in line and name in line]
    return [one for value in values for one in value]


def create_audit_table() -> None:
    """The audit table as the stack has it."""
    names = ["pk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"]
    boto3.client("dynamodb").create_table(
        TableName="audit",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=key_schema("pk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": key_schema(f"{gsi}pk", f"{gsi}sk"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": SHOWN},
            }
            for index, gsi in (("by-profile", "gsi1"), ("by-day", "gsi2"))
        ],
    )


SHOWN = [
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
    "missed",
    "bytes",
    "object_key",
]
"""What the indexes of the audit table hold besides keys."""
