"""An invented event, posted to the stack's webhook and removed again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec
import requests

from prefdrop.auditing.webhook_secret import WebhookSecret, keys_of, parse
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop_cli.doctor.findings import Finding, bad, skipped
from prefdrop_cli.doctor.patient import Patient

NAME = "prefdrop-first-hour"
"""Every id, key and name that the first hour makes begins so."""
SECONDS = 60.0


class Delivery(msgspec.Struct, frozen=True):
    """What was posted, and how the webhook answered: its status, or the class of the error."""

    patient: Patient
    event_id: str
    body: bytes
    answer: int | str

    @property
    def function(self) -> str:
        """The name of the webhook's function, whose log has the reason of a refusal."""
        return self.patient.physical("ReceiveWebhookFunction")

    def refused(self, check: str) -> Finding | None:
        """What it means that the webhook did not answer 200; None where it did."""
        if self.answer == 200:
            return None
        if self.answer == 403:
            return skipped(check, "The parameter WebhookSources does not name this machine's "
                           "network.", "Run it from a network that may deliver.")  # fmt: skip
        said = f"The webhook answered {self.answer} to an event of {len(self.body):,} bytes."
        return bad(check, said, f"Read the log of {self.function}.")

    def kept(self) -> bytes:
        """The event as the audit table has it; empty where it has not."""
        audit = self.patient.deployment.audit
        found = audit.find(self.event_id)
        return audit.json_of(found) if found else b""


@contextmanager
def delivered(patient: Patient, name: str, note: str = "") -> Iterator[Delivery]:
    """Post one event to the webhook, as the vendor does; remove it at the end of the block."""
    event_id = f"{NAME} {name} {secrets.token_hex(4)}"
    event = {"EventId": event_id, "EventType": NAME, "EventDate": iso_now(), "Data": {"Note": note}}
    body = msgspec.json.encode(event)
    known = parse(patient.deployment.secret_text("WebhookSecretArn"))
    with ExitStack() as undo:
        undo.callback(_remove, patient, event_id)
        try:
            url = f"{patient.deployment.outputs['WebhookUrl'].rstrip('/')}/{known.key}"
            answer: int | str = requests.post(
                url, data=body, headers=_headers(known, body), timeout=SECONDS
            ).status_code
        except requests.RequestException as error:
            answer = type(error).__name__  # its text would show the address, which is a secret
        yield Delivery(patient, event_id, body, answer)


def _headers(known: WebhookSecret, body: bytes) -> dict[str, str]:
    """The headers by which the stack knows the sender."""
    headers = {"Content-Type": "application/json"}
    if known.shared_secrets:
        headers[known.header] = known.shared_secrets[0]
    if known.signing_secrets:
        stamp = str(now_ms() // 1000)
        signed = f"{NAME}.{stamp}.".encode() + body
        digest = hmac.digest(keys_of(known.signing_secrets[0])[0], signed, hashlib.sha256)
        headers |= {
            "webhook-id": NAME,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
    return headers


def _remove(patient: Patient, event_id: str) -> None:
    """Remove an event of our own making, and the object that it may have."""
    deployment = patient.deployment
    found = deployment.audit.find(event_id)
    if found is None:
        return
    if found.object_key:
        remove_objects(patient, found.object_key)
    deployment.client("dynamodb").delete_item(
        TableName=deployment.outputs["AuditTableName"],
        Key={"pk": {"S": event_id}},
        ConditionExpression="event_type = :ours",
        ExpressionAttributeValues={":ours": {"S": NAME}},
    )


def remove_objects(patient: Patient, prefix: str) -> None:
    """Remove every version of the objects whose keys begin so."""
    s3, bucket = patient.deployment.s3, patient.deployment.bucket
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
