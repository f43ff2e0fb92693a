"""Whether the vendor delivers its events here, and whether they are understood."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import msgspec

from prefdrop.auditing.webhook_secret import WebhookSecret, WrongWebhookSecret, parse
from prefdrop.ledger.clock import iso
from prefdrop.mypreferences.errors import Forbidden, MyPreferencesError
from prefdrop.mypreferences.subscriptions_models import ACTIVE, Subscription
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good, skipped
from prefdrop_cli.doctor.patient import Patient

CHECK = "webhook subscription"
PLAN = (
    "`prefdrop subscriptions plan FILE` shows what is there, `prefdrop subscriptions apply FILE` "
    "puts it right."
)
MISSED = "What was missed meanwhile: `prefdrop events backfill`, within 15 days."
LATELY = timedelta(days=2)
LOOKED_AT = 5_000
"""Newest events that are looked at for missed ones."""
SECRET = "Put a right value into the secret WebhookSecretArn; docs/events.md shows its members."


def subscription(patient: Patient) -> Iterator[Finding]:
    """Whether an active subscription at the vendor leads to this stack's webhook."""
    try:
        known = parse(patient.deployment.secret_text("WebhookSecretArn"))
    except WrongWebhookSecret as error:
        yield bad("webhook secret", f"{error.message} Deliveries are refused.", SECRET)
        return
    try:
        with patient.vendor.client() as client:
            there = client.subscriptions.list()
    except Forbidden:
        yield skipped(CHECK, "The API user may not see subscriptions.",
                      "Its group needs Event Data -> View.")  # fmt: skip
    except (MyPreferencesError, msgspec.DecodeError) as error:
        said = error.message if isinstance(error, MyPreferencesError) else "the vendor secret"
        yield skipped(CHECK, f"Subscriptions could not be read: {said}", "See the vendor above.")
    else:
        yield from _judged(patient.deployment.outputs["WebhookUrl"], known, there)


def _judged(
    webhook: str, known: WebhookSecret, there: tuple[Subscription, ...]
) -> Iterator[Finding]:
    """Addresses are compared and never shown: whoever knows one can call it."""
    ours = [one for one in there if (one.url or "").startswith(webhook.rstrip("/") + "/")]
    if not ours:
        told = f"{len(there)} subscriptions lead elsewhere" if there else "there is none at all"
        yield doubtful(CHECK, f"No subscription leads to this stack: {told}.",
                       f"If events are wanted here: {PLAN}")  # fmt: skip
    for one in ours:
        yield _one(one, known, (one.url or "").rstrip("/").rpartition("/")[2])


def _one(one: Subscription, known: WebhookSecret, key: str) -> Finding:
    name = f"Subscription {one.id} ({one.name})"
    if not any(hmac.compare_digest(key.encode(), valid.encode()) for valid in known.keys):
        return bad(CHECK, f"{name} has a key that this stack does not take: it is answered 401.",
                   f"The key was replaced. {PLAN} {MISSED}")  # fmt: skip
    if (one.state or "").lower() != ACTIVE.lower():
        return bad(CHECK, f"{name} is {one.state}: nothing is delivered.",
                   f"{PLAN} {MISSED}")  # fmt: skip
    if not hmac.compare_digest(key.encode(), known.key.encode()):
        return doubtful(CHECK, f"{name} still uses the key before the present one.",
                        f"{PLAN} Then take previous_key out of the secret.")  # fmt: skip
    return good(CHECK, f"{name} is active and leads here, with a key that is valid.")


def missed(patient: Patient) -> Iterator[Finding]:
    """Events of late that no webhook brought in time."""
    first, last = (iso(int(at.timestamp() * 1000)) for at in
                   (patient.now - LATELY, patient.now + timedelta(days=1)))  # fmt: skip
    newest = islice(patient.deployment.audit.between(first, last), LOOKED_AT)
    events = [(one.missed, one.source) for one in newest]
    count = sum(was for was, _ in events)
    if count:
        yield doubtful(
            "events missed",
            f"{count} of the last {len(events)} events were brought by no webhook in time. They "
            "were read back and are kept.",
            "Is the subscription active, and did WebhookFailingAlarm fire? `prefdrop events list` "
            "marks them.",
        )
    else:
        of = "newest " if len(events) == LOOKED_AT else ""
        yield good("events missed", f"None of the {of}{len(events)} events of two days.")


def misunderstood(patient: Patient) -> Iterator[Finding]:
    """What came to the webhook lately and was no event, or another one under a known id."""
    counts: dict[str, int] = {}
    for day in (patient.now, patient.now - timedelta(days=1)):
        of_day = patient.deployment.event_exceptions.counts_of_day(day.date().isoformat())
        counts = {code: counts.get(code, 0) + of_day.get(code, 0) for code in {*counts, *of_day}}
    for code, count in sorted(counts.items()):
        yield doubtful(
            "events not kept as events",
            f"{count} of two days: {code}.",
            "They lie whole in the exceptions table under EVENT#<day>; docs/operations.md, Alarms, "
            "says what to do about each.",
        )
    if not counts:
        yield good("events not kept as events", "None of two days.")
