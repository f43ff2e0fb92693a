"""An invented event, posted to the stack's webhook and removed again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec
import requests

from prefdrop.auditing.webhook_secret import parse
from prefdrop.ledger.clock import iso_now
from prefdrop_cli.doctor.findings import Finding, bad, skipped
from prefdrop_cli.doctor.patient import Patient

NAME = "prefdrop-first-hour"
"""Every id, key and name that the first hour makes begins so."""
SECONDS = 60.0


@dataclass(frozen=True)
class Delivery:
    """What was posted, and the answer: its status, or the class of the error."""

    patient: Patient
    event_id: str
    body: bytes
    answer: int | str
    is_signed: bool = False
    """Whether the webhook demands a signature, which a probe has not."""

    @property
    def read_log(self) -> str:
        """The remedy where the function's log has the reason."""
        return f"Read the log of {self.patient.physical('ReceiveWebhookFunction')}."

    def refused(self, check: str) -> Finding | None:
        """Return what another answer than 200 means; None for 200."""
        if self.answer == 200:
            return None
        if self.answer == 403:
            return skipped(check, "The parameter WebhookSources leaves this machine out.",
                           "Run it from a network that may deliver.")  # fmt: skip
        if self.answer == 401 and self.is_signed:
            return skipped(check, "The webhook demands a signature, and only the vendor signs.")
        said = f"The webhook answered {self.answer} to an event of {len(self.body):,} bytes."
        return bad(check, said, self.read_log)

    def kept(self) -> bytes:
        """Return the event as the audit table has it, or nothing."""
        audit = self.patient.deployment.audit
        found = audit.find(self.event_id)
        return audit.json_of(found) if found else b""


@contextmanager
def delivered(patient: Patient, name: str, note: str = "") -> Iterator[Delivery]:
    """Post one event to the webhook, as the vendor does; remove it at the end of the block."""
    event_id = f"{NAME} {name} {secrets.token_hex(4)}"
    event = {"EventId": event_id, "EventType": NAME, "EventDate": iso_now(), "Data": {"Note": note}}
    known = parse(patient.deployment.secret_text("WebhookSecretArn"))
    url = f"{patient.deployment.outputs['WebhookUrl'].rstrip('/')}/{known.key}"
    headers = {"Content-Type": "application/json"}
    if known.shared_secrets:
        headers[known.header] = known.shared_secrets[0]
    body, answer = msgspec.json.encode(event), ""
    with ExitStack() as undo:
        undo.callback(_remove, patient, event_id)
        try:
            posted = requests.post(url, data=body, headers=headers, timeout=SECONDS)
        except requests.RequestException as error:
            answer = type(error).__name__  # its text would show the address, which is a secret
        signed = bool(known.signing_secrets)
        yield Delivery(patient, event_id, body, answer or posted.status_code, signed)


def _remove(patient: Patient, event_id: str) -> None:
    """Remove an event of our own making, and the object that it may have."""
    deployment = patient.deployment
    found = deployment.audit.find(event_id)
    if found is None:
        return
    if found.object_key:
        remove_objects(patient, found.object_key)
    deployment.client("dynamodb").delete_item(
        TableName=deployment.outputs["AuditTableName"], Key={"pk": {"S": event_id}}
    )


def remove_objects(patient: Patient, prefix: str) -> None:
    """Remove every version of the objects whose keys begin so."""
    s3, bucket = patient.deployment.s3, patient.deployment.bucket
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
